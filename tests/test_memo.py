"""What was worked out before stays within bounds, and audits don't hang on what is kept."""

from __future__ import annotations

import pytest

from analyzer import Audit, audit, read
from analyzer.memo import Memo
from analyzer.report.document import audit_document, convert
from analyzer.rules.judging import judge
from tests.building import model, operator, tensor

SHAPES = [[1, size, size, 4] for size in range(2, 12)]


def test_a_full_memo_begins_anew() -> None:
    memo: Memo[int, str] = Memo(3)
    assert [memo.keep(key, f"of {key}") for key in range(5)] == [f"of {key}" for key in range(5)]
    assert memo == {3: "of 3", 4: "of 4"}


def many_kinds() -> bytes:
    tensors = [tensor(f"x{at}", shape) for at, shape in enumerate(SHAPES)]
    tensors += [tensor(f"y{at}", shape) for at, shape in enumerate(SHAPES)]
    kinds = [operator(("RELU", "ABS", "RANK")[at % 3], [f"x{at}"], [f"y{at}"]) for at in range(len(SHAPES))]
    return model(tensors, kinds, inputs=[f"x{at}" for at in range(len(SHAPES))])


def told(audited: Audit) -> object:
    return convert.whole([convert.model(audited)], audit_document.Policy())


def test_what_is_kept_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(many_kinds(), "many.tflite")
    expected = told(audit(source, "gpu,nnapi,hexagon,coreml"))
    monkeypatch.setattr(judge, "_MOST_KINDS", 2)
    assert told(audit(source, "gpu,nnapi,hexagon,coreml")) == expected

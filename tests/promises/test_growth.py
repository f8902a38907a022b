"""Hostile graphs cost no more than their size: what is found out about a tensor is found out once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import UndecidedError
from analyzer.expressions import steps
from analyzer.expressions.context import Context
from analyzer.model import read_bytes
from analyzer.report.ci.alerts import alerts
from analyzer.report.document import audit_document, convert
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.registry import Packs
from tests.benchmarks.growth import every_tensor_an_input
from tests.building import chain, model, operator, tensor
from tests.fuzz.growth import operands, operator_codes
from tests.packs import saved, tiny


def one_tensor(count: int, dtype: str) -> bytes:
    """Operators of which each reads and writes the one tensor that there is."""
    operators = [operator("DEQUANTIZE", ["x"], ["x"]) for _ in range(count)]
    return model([tensor("x", [1, 8], dtype)], operators, inputs=["x"], outputs=["x"])


@pytest.mark.parametrize("dtype", ["FLOAT16", "INT8"])
def test_operators_around_one_tensor(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    """Operators are looked at in proportion to how many there are."""
    made = 0
    create = Context.__init__

    def counted(self: Context, *arguments: object) -> None:
        nonlocal made
        made += 1
        create(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Context, "__init__", counted)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["all"]))
    counts = []
    for count in (50, 100, 200):
        made = 0
        auditor.audit(read_bytes(one_tensor(count, dtype), "m"))
        counts.append(made)
    assert counts[2] - counts[1] < 3 * (counts[1] - counts[0])


def test_inputs_of_a_graph() -> None:
    """Rules don't look at all of the model's inputs for each operator."""
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["litert-gpu"]))
    counts = [
        _calls(partial(auditor.audit, read_bytes(every_tensor_an_input(count), "m")))
        for count in (50, 50, 100, 200)
    ]
    assert counts[3] - counts[2] < 3 * (counts[2] - counts[1])


def test_operands_of_one_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules don't look at each operand beside each other."""
    monkeypatch.setattr(steps, "MAX_STEPS", 100_000)
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["litert-gpu"]))
    auditor.audit(read_bytes(operands(1000), "m"))


def test_what_a_model_may_take_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", 10_000)
    # By its place, so that operators that are alike are asked one by one.
    loops = "all(all(a + b + operator_index > 0 for a in range(1, 50)) for b in range(1, 50))"
    file = saved(tmp_path, tiny() + f'\n[op.NEG.check.slow]\nrequire = "{loops}"\nfix = "None."\n')
    packs = Packs([file])
    auditor = Auditor(packs, configure(packs, ["tiny"]))
    for count in (2, 2):  # what one model takes is not taken from the next
        auditor.audit(read_bytes(chain(*["NEG"] * count), "m"))
    with pytest.raises(UndecidedError, match="takes too many steps"):
        auditor.audit(read_bytes(chain(*["NEG"] * 9), "m"))


def test_what_cant_be_looked_for_in_time_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "MAX_STEPS", 10_000)
    loops = "all(all(a + b > 0 for a in range(1, 200)) for b in range(1, 200))"
    build = 'severity = "fails"\nstage = "build"\n'
    file = saved(tmp_path, tiny() + f'\n[op.NEG.check.slow]\nrequire = "{loops}"\n{build}fix = "None."\n')
    packs = Packs([file])
    [audit] = Auditor(packs, configure(packs, ["tiny"])).audit(read_bytes(chain("NEG"), "m")).delegates
    [said] = [finding for operator in audit.operators for finding in operator.findings]
    assert said.severity == "note" and said.message.endswith("which was left out")


def test_operators_of_many_names() -> None:
    """What concerns a rule is looked up once, not once for each rule of a cause."""
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["gpu"]))
    counts = []
    for count in (50, 100, 200):
        audited = auditor.audit(read_bytes(operator_codes(count), "m"))
        document = convert.whole([convert.model(audited)], audit_document.Policy())
        counts.append(_calls(partial(alerts, document)))
    assert counts[2] - counts[1] < 3 * (counts[1] - counts[0])


def test_long_names_are_looked_at_as_a_whole() -> None:
    """Those that are cut hold a mark, which is no ASCII."""
    assert _calls(partial(plain, "n" * 900 + "…")) < 10


def _calls(act: Callable[[], object]) -> int:
    """How many functions are called in all."""
    called = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal called
        called += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return called

"""Mutants: whatever is made is a file that can be read, and audited."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from analyzer.conformance.verdicts import Data
from analyzer.model import read_bytes, schema
from analyzer.model.extract import contents
from analyzer.model.write import build
from tests.sweeps.mutants import __main__ as mutants
from tests.sweeps.mutants import writing
from tests.sweeps.mutants.__main__ import sweep
from tests.sweeps.mutants.asking import available
from tests.sweeps.mutants.changes import CHANGES, Change
from tests.sweeps.mutants.corpus import CASES, Case, Corpus

EVERY = tuple(dict.fromkeys(CHANGES))


@pytest.fixture(scope="module")
def some() -> list[Case]:
    return [case for case, _ in Corpus(CASES, (), seed=3).mutants(40)]


@pytest.mark.parametrize("change", EVERY, ids=lambda change: change.__name__)
def test_whatever_a_change_makes_can_be_read(change: Change, some: list[Case]) -> None:
    random, applied = Random(1), 0
    for case in some * 6:
        tables = contents(case.data)
        applied += change(random, tables, 0) is not None
        made = build(tables)
        read_bytes(made, case.path)
        assert contents(made) == contents(build(contents(made)))
    assert applied


def test_the_same_seed_makes_the_same_mutants() -> None:
    first, second = (
        [(case.path, case.changes) for case, _ in Corpus(CASES, (), seed=5).mutants(10)] for _ in range(2)
    )
    assert first == second
    assert len({path for path, _ in first}) == 10


def test_a_few_are_asked_of_the_runtimes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert")
    names = available(("xnnpack", "litert-gpu"))
    # As if no case had an operator taken by XNNPACK.
    operators = (name.lower().replace("_", "-") for name in schema.members("BuiltinOperator").values())
    lacking = {
        f"no case accepts xnnpack/{name}/{check}" for name in operators for check in ("inputs", "outputs")
    }
    monkeypatch.setattr(mutants, "unexercised", lambda _: lacking)
    tally, kept, _ = sweep(names, CASES, 24, seed=4)
    assert tally.mutants == tally.cpu.all == 24
    assert not tally.groups, "\n".join(map(writing.described, writing.groups(tally)))
    assert all(count.all for count in tally.operators.values())
    assert kept
    writing.write(tmp_path, kept, {})
    data = Data(tmp_path)
    for target in data.targets:
        assert set(data.truth(target)) <= {subject.case.path for subject in kept}
    for subject in kept:
        assert (tmp_path / subject.case.path).read_bytes() == subject.case.data

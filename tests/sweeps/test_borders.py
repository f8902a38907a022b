"""Borders: what is looked for is found, on both sides, and put to the runtimes here."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.conformance.verdicts import Data
from analyzer.model import read_bytes
from tests.conformance.add import zipped
from tests.sweeps.borders import writing
from tests.sweeps.borders.patterns import patterns
from tests.sweeps.borders.rare import rare
from tests.sweeps.borders.searching import Searcher, Wanted, search, stepped
from tests.sweeps.borders.seeds import seeds
from tests.sweeps.borders.singles import singles
from tests.sweeps.mutants.asking import available
from tests.sweeps.mutants.corpus import Case, plain

LINES = ("no case refuses xnnpack/abs/outputs", "no case comes to litert-gpu/abs/one-runtime-input")


@pytest.fixture(scope="module")
def wanted() -> list[Wanted]:
    return [one for line in LINES for one in Wanted.of(line)]


def test_a_line_asks_for_what_no_case_shows(wanted: list[Wanted]) -> None:
    assert [(one.check, one.holds) for one in wanted] == [
        ("xnnpack/abs/outputs", False),
        ("litert-gpu/abs/one-runtime-input", False),
        ("litert-gpu/abs/one-runtime-input", True),
    ]


def test_what_is_made_for_patterns_can_be_read() -> None:
    made = [*patterns(), *seeds(), *singles(), *rare()]
    assert len({case.base for case in made if case.base.startswith("seed")}) > 50
    for case in made:
        assert read_bytes(case.data, case.base).subgraphs


def test_the_same_steps_make_the_same_model() -> None:
    first, second = (stepped(plain("ABS"), "shape 3") for _ in range(2))
    assert first == second
    assert first is not None
    assert first.changes == ("shape 3",)


def test_borders_are_found_and_judged(wanted: list[Wanted], tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    names = available(("xnnpack", "litert-gpu"))
    if len(names) < 2:
        pytest.skip("a runtime is missing")
    searcher = Searcher(names)
    found = search(searcher, [plain("ABS")], wanted)
    assert set(found) == set(wanted)
    refused = found[wanted[0]]
    assert refused.against["xnnpack"] == {"xnnpack/abs/outputs"}
    assert refused.before is not None
    assert True in refused.before.answers["xnnpack/abs/outputs"]
    held = writing.hold(found, searcher.later, names, tmp_path)
    assert not any(one.differs for one in held)
    assert {line for one in held for line in one.proves} == set(wanted)
    (tmp_path / "targets.json").write_text('{"xnnpack": "xnnpack", "litert-webgpu": "litert-gpu"}')
    paths = {one.case.path: one.case.data for one in held}
    zipped(tmp_path / "cases.zip", paths)
    data = Data(tmp_path)
    told = data.truth("xnnpack")[refused.case.path]
    assert told.supported == {"0": "0"}
    assert told.delegated is None


def test_a_delegate_has_nothing_else_against_what_it_refuses() -> None:
    searcher = Searcher(["xnnpack"])
    two = Case("plain", "ABS", plain("ABS").data)
    seen = searcher.see(two)
    assert seen is not None
    assert seen.loads
    assert not seen.objections

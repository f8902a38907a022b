"""Chains: whatever is drawn, or made smaller, is a file that can be read; a few are run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from zipfile import ZipFile

import pytest

from analyzer.conformance import runtime_query
from analyzer.errors import RuntimeUnavailable
from analyzer.model import read_bytes
from tests.cli.models import save
from tests.sweeps.chains import running, writing
from tests.sweeps.chains.drawing import plans
from tests.sweeps.chains.graphs import FLOAT, INT8
from tests.sweeps.chains.neighbours import NEIGHBOURS, neighbours
from tests.sweeps.chains.plans import KINDS, Built, Plan, Step, build, smaller
from tests.sweeps.chains.running import CRASH, WORKS, WRONG, Outcome, run
from tests.sweeps.chains.shrinking import Verdict, judged, shrunk


@pytest.fixture(scope="module")
def drawn() -> list[Built]:
    return list(islice(plans(4), 40))


def test_whatever_is_drawn_or_made_smaller_can_be_read(drawn: list[Built]) -> None:
    for built in drawn:
        model = read_bytes(built.data, built.name)
        assert [operator.name for operator in model.subgraphs[0].operators] == list(built.operators)
        for plan in smaller(built):
            if less := build(plan):
                read_bytes(less.data, less.name)
                assert len(less.plan.steps) <= len(built.plan.steps)


def test_the_same_seed_draws_the_same(drawn: list[Built]) -> None:
    assert [built.data for built in islice(plans(4), 10)] == [built.data for built in drawn[:10]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_applies_somewhere(kind: str) -> None:
    plans = (
        Plan(shape, style, (Step(kind, 0, 0, variant),))
        for style in (FLOAT, INT8)
        for shape in ((1, 4, 6, 8), (4, 8))
        for variant in range(24)
    )
    assert any(build(plan) for plan in plans)


def test_neighbours_are_counted(tmp_path: Path, drawn: list[Built]) -> None:
    plan = Plan((1, 4, 4, 4), FLOAT, (Step("RELU", 0, 0), Step("ABS", 1, 1), Step("ABS", 2, 2)))
    built = build(plan)
    assert built
    save(tmp_path / "a.tflite", built.data)
    assert neighbours(tmp_path) == {"RELU": {"ABS": 1}, "ABS": {"ABS": 1}}
    assert all(sum(row.values()) <= 103 for row in NEIGHBOURS.values())


def test_what_differs_is_made_as_small_as_it_can_be() -> None:
    def runs(files: Sequence[str]) -> Iterator[Outcome]:
        """Whatever holds an ABS comes out wrong."""
        for file in files:
            names = [
                operator.name for operator in read_bytes(Path(file).read_bytes(), file).subgraphs[0].operators
            ]
            yield Outcome(file, WRONG if "ABS" in names else WORKS)

    kinds = ("RELU", "NEG", "ABS", "SQUARE", "ADD:two")
    built = build(
        Plan((1, 4, 6, 8), FLOAT, tuple(Step(k, n, max(n - 1, 0)) for n, k in enumerate(kinds)), (2,))
    )
    assert built
    verdict = Verdict()
    [smallest] = shrunk(judged([built], verdict, runs), verdict, runs)
    assert smallest.built.operators == ("ABS",)
    assert smallest.built.plan.shown == ()


def test_a_dozen_run_and_are_written(tmp_path: Path, drawn: list[Built]) -> None:
    try:
        runtime_query.check("litert-gpu")
    except RuntimeUnavailable as missing:
        pytest.skip(str(missing))
    # Two outputs of a SPLIT swapped and added: a merge that comes out wrong as of ai-edge-litert 2.3.0.
    known = build(Plan((1, 4, 4, 8), FLOAT, (Step("RELU", 0, 0), Step("SPLIT", 1, 1), Step("ADD:two", 2, 3))))
    assert known
    chains = judged([known, *drawn[:11]], Verdict())
    assert len(chains) == 12
    assert all(chain.seen.outcome in {WORKS, WRONG, "fails", CRASH, "unjudged"} for chain in chains)
    assert any(chain.seen.outcome == WORKS for chain in chains)
    assert [line.partition(":")[0] for line in writing.figures(chains)][:2] == ["works", "wrong"]
    writing.write(tmp_path, chains)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    with ZipFile(tmp_path / "models.zip") as archive:
        assert sorted(archive.namelist()) == [row["path"] for row in rows]


def test_a_process_that_does_not_start_says_nothing_of_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHILD", "tests.sweeps.chains.no_such_module")
    with pytest.raises(RuntimeUnavailable, match="doesn't start"):
        list(run(["a.tflite"]))


def test_a_model_that_cannot_be_read_is_judged_by_nobody(tmp_path: Path) -> None:
    try:
        runtime_query.check("litert-gpu")
    except RuntimeUnavailable as missing:
        pytest.skip(str(missing))
    (tmp_path / "a.tflite").write_bytes(b"nothing")
    assert [outcome.outcome for outcome in run([str(tmp_path / "a.tflite")])] == ["unjudged"]

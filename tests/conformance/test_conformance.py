"""Our verdicts against those of the delegates' own code, for every model and configuration we have.

`cases.zip` holds generated models, `truth.zip` a line a model and target: the delegate's word on each
operator ("-": undecided, its own check crashed), and where they were judged what it delegated and in
which partitions. Real models take part where DELEGATE_ANALYZER_MODELS names the folder that holds them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analyzer.conformance import record, verdicts
from analyzer.conformance.record import figures
from analyzer.conformance.verdicts import GENERATED, REAL, Data, Figures, Tallies
from analyzer.rules.registry import Packs

MODELS = os.environ.get("DELEGATE_ANALYZER_MODELS")
DATA = Data(Path(__file__).parent, Path(MODELS) if MODELS else None)


@pytest.fixture(scope="session")
def tallies() -> dict[str, Tallies]:
    """Every model audited once, for all targets."""
    return verdicts.verify(Packs(), DATA, list(DATA.targets))


@pytest.mark.parametrize("target", DATA.targets)
def test_agrees_with_the_delegate(target: str, tallies: dict[str, Tallies]) -> None:
    tally = tallies[target]
    assert tally[GENERATED].operators.all > 0
    assert tally[GENERATED].delegated.all > 0
    assert tally[GENERATED].wrong + tally[REAL].wrong == []


@pytest.mark.parametrize("target", DATA.targets)
def test_recorded_figures_are_those_that_are_found(target: str, tallies: dict[str, Tallies]) -> None:
    recorded = record.recorded().targets[target]
    tally = tallies[target]
    again = "record them anew: delegate-analyzer rules verify --models FOLDER --record"
    assert recorded.generated == figures(tally[GENERATED]), again
    assert figures(tally[REAL]) == (recorded.real if MODELS else Figures()), again

"""Our verdicts against those of the delegates' own code, for every model and configuration we have.

`cases.zip` holds generated models, `truth.zip` a line a model and target: the delegate's word on each
operator ("-": undecided, its own check crashed), and where they were judged what it delegated and in
which partitions. Real models take part where DELEGATE_ANALYZER_MODELS names the folder that holds them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.conformance import record, verdicts
from analyzer.conformance.record import figures
from analyzer.conformance.verdicts import GENERATED, REAL, Data, Figures, Tally
from analyzer.rules.registry import Packs
from tests.conformance import cases
from tests.conformance.unexercised import Judged

MODELS = os.environ.get("DELEGATE_ANALYZER_MODELS")
TARGETS = cases.DATA.targets


@pytest.fixture(scope="session")
def generated(every_case: Judged) -> Mapping[str, Tally]:
    return {target: tallies[GENERATED] for target, tallies in every_case.tallies.items()}


@pytest.fixture(scope="session")
def real() -> Mapping[str, Tally]:
    """Real models alone; none where there are none."""
    if not MODELS:
        return dict.fromkeys(TARGETS, Tally())
    data = Data(cases.FOLDER, Path(MODELS))
    data.archives = []
    return {
        target: tallies[REAL] for target, tallies in verdicts.verify(Packs(), data, list(TARGETS)).items()
    }


@pytest.mark.parametrize("target", TARGETS)
def test_agrees_with_the_delegate(
    target: str, generated: Mapping[str, Tally], real: Mapping[str, Tally]
) -> None:
    assert generated[target].operators.all > 0
    assert generated[target].delegated.all > 0
    assert generated[target].wrong + real[target].wrong == []


@pytest.mark.parametrize("target", TARGETS)
def test_recorded_figures_are_those_that_are_found(
    target: str, generated: Mapping[str, Tally], real: Mapping[str, Tally]
) -> None:
    recorded = record.recorded().targets[target]
    again = "record them anew: delegate-analyzer rules verify --models FOLDER --record"
    assert recorded.generated == figures(generated[target]), again
    assert figures(real[target]) == (recorded.real if MODELS else Figures()), again

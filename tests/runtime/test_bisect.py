"""The operator that computes something else is found, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from analyzer.model import read
from analyzer.runtime import engines
from analyzer.runtime.bisect import Bisection
from analyzer.runtime.comparison import Thresholds
from analyzer.runtime.interface import FAILED, Limits, RunRequest, RunResult, Sample
from tests.runtime import models
from tests.runtime.running import Given


class Wrong:
    """The CPU, but for operators of one kind, whose results it gets wrong, or not at all."""

    name = "wrong"
    rounds_alike = False

    def __init__(self, kind: str, fails: bool = False) -> None:
        self.kind, self.fails = kind, fails

    def check(self, request: RunRequest) -> None: ...

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        operators = read(request.model).subgraphs[0].operators
        if any(operator.name == self.kind for operator in operators):
            if self.fails:
                return RunResult(status=FAILED, message="no such kernel")
            samples = [{name: values + 1 for name, values in sample.items()} for sample in samples]
        return engines.local("cpu").run(request, samples, limits)


CHAIN = ("ABS", "NEG", "SQUARE", "NEG", "EXP", "NEG", "SQRT", "ABS")


def search(tmp_path: Path, runner: Wrong, taken: Sequence[int]) -> tuple[int | None, str]:
    given = Given(tmp_path, models.chain(*CHAIN), samples=1)
    found = Bisection(given.model, runner, given.request(), Limits(60), Thresholds()).find(
        taken, given.samples
    )
    return found.operator, found.message


@pytest.mark.parametrize(("kind", "operator"), [("SQUARE", 2), ("EXP", 4)])
def test_the_wrong_operator_is_found(tmp_path: Path, kind: str, operator: int) -> None:
    found, message = search(tmp_path, Wrong(kind), range(6))
    assert found == operator
    assert f"#{operator} {kind}" in message and "so it does by itself" in message


def test_only_what_was_delegated_is_suspected(tmp_path: Path) -> None:
    found, message = search(tmp_path, Wrong("SQUARE"), [0, 1, 4])
    assert found is None
    assert "agree with the CPU when they are run by themselves" in message


def test_an_operator_that_can_not_be_run_is_found_too(tmp_path: Path) -> None:
    found, message = search(tmp_path, Wrong("EXP", fails=True), range(6))
    assert found == 4 and "no such kernel" in message

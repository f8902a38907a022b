"""Runs beside what was predicted, and differences that rounding may excuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.types import Audit
from analyzer.errors import UsageError
from analyzer.execution.delegate_run import Run, Settings
from analyzer.execution.delegation_check import differences
from analyzer.execution.engines import lookup
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import Limits, RunRequest, RunResult, Sample
from analyzer.execution.run_delegates import DelegateRuns, run_delegates
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor
from tests.execution import models

CHAIN = models.chain("ABS", "SIGN", "NEG")
QUICK = Settings(runs=0, wanted=Wanted(samples=1))


def audit(data: bytes, *delegates: str) -> Audit:
    packs = Packs()
    return Auditor(packs, configure(packs, delegates)).audit(read_bytes(data, "m"))


def saved(folder: Path, data: bytes) -> str:
    file = folder / "model.tflite"
    file.write_bytes(data)
    return str(file)


class Off:
    """The CPU with something added to every value."""

    name = "off"

    def __init__(self, by: float, rounds_alike: bool, engine: str = "cpu") -> None:
        self.by, self.rounds_alike, self.engine = by, rounds_alike, engine

    def check(self, request: RunRequest) -> None: ...

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        result = lookup.local(self.engine).run(request, samples, limits)
        outputs = [{name: (v + self.by).astype(v.dtype) for name, v in one.items()} for one in result.outputs]
        return RunResult(status=result.status, outputs=outputs)


@pytest.mark.parametrize(
    ("predicted", "actual", "expected"),
    [
        ({0: (0, 2)}, {0: (0, 2)}, []),
        ({0: (0, 2)}, {}, ["#0 ABS, #2 NEG: predicted to be delegated, ran on the CPU"]),
        ({0: (0,)}, {0: (0, 1)}, ["#1 SIGN: predicted for the CPU, was delegated"]),
        (None, {0: (0, 1)}, []),
        ({0: (0,)}, None, []),
    ],
)
def test_what_was_taken_otherwise_is_named(
    predicted: Mapping[int, tuple[int, ...]] | None,
    actual: Mapping[int, tuple[int, ...]] | None,
    expected: list[str],
) -> None:
    differing = differences(read_bytes(CHAIN, "m"), predicted, actual)
    assert [one.message for one in differing] == expected


def test_a_prediction_that_comes_true(tmp_path: Path) -> None:
    (run,) = run_delegates(audit(CHAIN, "xnnpack"), saved(tmp_path, CHAIN), QUICK)
    assert run.agrees and run.predicted_equal is True
    assert run.delegated == run.predicted == {0: (0, 2)}
    assert run.result.outputs[0]["t3"].shape == (1, 8)


def test_without_rules_nothing_is_verified_and_nothing_claimed(tmp_path: Path) -> None:
    proving = DelegateRuns(read_bytes(CHAIN, "m"), saved(tmp_path, CHAIN), QUICK)
    (run,) = proving.runs(lookup.local("xnnpack"))
    assert run.predicted_equal is None and run.agrees


def test_a_failure_that_was_foreseen_is_as_predicted_and_still_a_failure(tmp_path: Path) -> None:
    data = models.chain("ABS", "Unheard")
    (run,) = run_delegates(audit(data, "xnnpack"), saved(tmp_path, data), QUICK)
    assert run.predicted_equal is True and not run.agrees
    assert "predicted: " in run.reasons[0]


def test_where_the_reference_can_not_run_a_model_the_cpu_s_other_kernels_are_compared_with(
    tmp_path: Path,
) -> None:
    data = models.transposed()
    model = read_bytes(data, "m")
    (run,) = DelegateRuns(model, saved(tmp_path, data), QUICK).runs(Off(0, False, "xnnpack"))
    assert (run.compared_with, run.agrees) == ("xnnpack", True)
    assert "Convolution2DTransposeBias" in run.substituted
    (itself,) = DelegateRuns(model, saved(tmp_path, data), QUICK).runs(lookup.local("xnnpack"))
    assert (itself.compared_with, itself.agrees, itself.outputs) == ("cpu", False, ())


def test_a_delegate_that_takes_nothing_proves_nothing(tmp_path: Path) -> None:
    (run,) = DelegateRuns(read_bytes(CHAIN, "m"), saved(tmp_path, CHAIN), QUICK).runs(lookup.local("cpu"))
    assert not run.agrees and run.reasons == ("the delegate took no operator",)


@pytest.mark.parametrize("name", ["value", "x"])
def test_an_input_may_be_called_as_the_signature_or_the_file_does(tmp_path: Path, name: str) -> None:
    data = models.signatures()
    wanted = Wanted(samples=1, shapes={name: (3, 4)}, given={name: np.ones((3, 4))})
    settings = Settings(runs=0, wanted=wanted, signature="double")
    (run,) = DelegateRuns(read_bytes(data, "m"), saved(tmp_path, data), settings).runs(
        lookup.local("xnnpack")
    )
    np.testing.assert_array_equal(run.result.outputs[0]["result"], np.full((3, 4), 2))


def test_a_failure_that_nobody_foresaw_is_told_with_what_was_predicted(tmp_path: Path) -> None:
    class Failing(Off):
        def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
            return RunResult(status="failed", message="no memory")

    proving = DelegateRuns(read_bytes(CHAIN, "m"), saved(tmp_path, CHAIN), QUICK)
    (run,) = proving.runs(Failing(0, True), audit(CHAIN, "xnnpack").delegates[0])
    assert run.reasons == ("failed: no memory; predicted: 2 operators delegated",)
    assert run.predicted_equal is None


def test_what_was_delegated_is_told_of_a_run_that_fails_later_too(tmp_path: Path) -> None:
    tensors = [tensor("x", [4]), tensor("zero", [4], "INT32"), tensor("n", [4], "INT32"), tensor("y", [4])]
    operators = [operator("ABS", ["x"], ["y"]), operator("DIV", ["zero", "zero"], ["n"])]
    data = model(tensors, operators, inputs=["x", "zero"], outputs=["y", "n"])
    settings = Settings(runs=0, wanted=Wanted(given={"x": np.ones(4), "zero": np.zeros(4, np.int32)}))
    path = saved(tmp_path, data)
    proving = DelegateRuns(read_bytes(data, "m"), path, settings)
    (run,) = proving.runs(lookup.local("xnnpack"), audit(data, "xnnpack").delegates[0])
    assert run.result.status == "failed" and not run.agrees
    assert (run.delegated, run.predicted_equal) == ({0: (0,)}, True)


def test_a_crash_that_is_not_the_delegate_s_doing_is_told_as_such(tmp_path: Path) -> None:
    data = models.crashing()
    (run,) = DelegateRuns(read_bytes(data, "m"), saved(tmp_path, data), QUICK).runs(lookup.local("xnnpack"))
    assert run.reasons[0].endswith("; the CPU's own run crashed too")


def test_what_is_not_here_is_a_run_of_its_own(tmp_path: Path) -> None:
    here, missing = run_delegates(audit(CHAIN, "xnnpack", "gpu"), saved(tmp_path, CHAIN), QUICK)
    assert here.agrees
    assert (missing.result.status, missing.predicted_equal) == ("unavailable", None)


def test_one_library_is_one_delegate(tmp_path: Path) -> None:
    settings = Settings(library="lib.so")
    with pytest.raises(UsageError, match="one library for several delegates"):
        run_delegates(audit(CHAIN, "xnnpack", "gpu"), saved(tmp_path, CHAIN), settings)


def run_off(tmp_path: Path, data: bytes, by: float, rounds_alike: bool) -> Run:
    proving = DelegateRuns(read_bytes(data, "m"), saved(tmp_path, data), QUICK)
    (run,) = proving.runs(Off(by, rounds_alike))
    return run


def test_rounding_is_excused_where_integers_are_computed_in_integers(tmp_path: Path) -> None:
    data = models.quantized(operators=6)
    assert run_off(tmp_path, data, 3, rounds_alike=True).agrees
    far = run_off(tmp_path, data, 90, rounds_alike=True)
    assert not far.agrees and "quanta" in far.reasons[0]


def test_nothing_excuses_a_float_model(tmp_path: Path) -> None:
    for rounds_alike in (True, False):
        run = run_off(tmp_path, CHAIN, 0.5, rounds_alike)
        assert not run.agrees and run.outputs[0].max_abs == np.float32(0.5)

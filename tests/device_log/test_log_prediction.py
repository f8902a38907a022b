"""Logs beside what is predicted: the sample's figures, another model's, another release's, a real run's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.device_log.line_catalogue import line_catalogue
from analyzer.device_log.log_document import Comparison, LogDocument
from analyzer.device_log.log_prediction import held_against
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from analyzer.sources import SAMPLE, find_one, load
from tests.building import model, operator, tensor
from tests.device_log import logs
from tests.device_log.logs import read
from tests.execution.phones import needs_litert
from tests.execution.running import needs_gpu

PACKS = Packs()
MODEL = load(find_one(SAMPLE))


def compared(log: LogDocument, *specs: str) -> tuple[Comparison, ...]:
    return held_against(log, MODEL, PACKS, specs, line_catalogue()).comparisons


def figures(comparison: Comparison) -> dict[str, tuple[str, str]]:
    return {figure.name: (figure.log, figure.predicted) for figure in comparison.figures}


def test_figures_stand_beside_those_predicted() -> None:
    (comparison,) = compared(read(logs.CLASSIC))
    assert comparison.delegate == "gpu"
    assert figures(comparison) == {
        "operators delegated": ("28", "28"),
        "partitions": ("1", "1"),
        "partitions with those on the CPU": ("2", "2"),
    }


def test_refused_operators_stand_beside_what_the_rules_say() -> None:
    (comparison,) = compared(read(logs.CLASSIC))
    assert comparison.agrees is True
    by = {entry.operator: entry for entry in comparison.refused}
    assert by["CAST"].operators == (49,)
    assert by["CAST"].reason.startswith("OP is supported")
    assert by["CAST"].messages == ("casts numbers only between FLOAT32 and INT32",)
    assert all(entry.rules for entry in comparison.refused)


def test_refused_operators_are_told_apart_by_who_refuses_them() -> None:
    other = logs.CLASSIC.replace("CAST: OP", "CONV_2D: OP")
    (comparison,) = compared(read(other), "gpu:runtime=2.3")
    by = {entry.operator: (entry.in_log, entry.predicted) for entry in comparison.refused}
    assert by["CONV_2D"] == (True, False)
    assert by["SPACE_TO_BATCH_ND"] == (True, True)
    assert by["CAST"] == (False, True)
    assert comparison.agrees is False


def test_another_number_is_told() -> None:
    (comparison,) = compared(
        read("INFO: CoreML delegate: 6 nodes delegated out of 50 nodes, with 1 partitions.\n")
    )
    assert comparison.agrees is False
    assert figures(comparison)["operators delegated"] == ("6", "5")


def test_another_models_log_is_not_compared() -> None:
    (comparison,) = compared(read(logs.XCODE))
    assert comparison.agrees is None
    assert "75 operators, the model has 50" in comparison.remark


def test_what_comes_after_another_delegate_is_not_compared() -> None:
    rest = (
        "Replacing 20 out of 23 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 4 partitions.\n"
    )
    comparisons = {each.delegate: each for each in compared(read(logs.CLASSIC + rest))}
    assert comparisons["xnnpack"].agrees is None
    assert "after another delegate" in comparisons["xnnpack"].remark


def test_parameters_of_the_log_are_those_of_the_prediction() -> None:
    text = (
        "coreml_version must be 2 or 3. Setting to 3.\n"
        "CoreML delegate: 5 nodes delegated out of 50 nodes, with 1 partitions."
    )
    (comparison,) = compared(read(text))
    assert comparison.parameters["version"] == 3
    (comparison,) = compared(read(text), "coreml:version=2")
    assert comparison.parameters["version"] == 2


def test_a_delegate_that_fails_is_held_against_the_verdict() -> None:
    failed = "TfLiteGpuDelegate Prepare: delegate is not initialized\n"
    (comparison,) = compared(read(failed), "gpu:runtime=2.3")
    assert figures(comparison) == {"verdict": ("fails", "partial")}
    assert comparison.agrees is False


#: A delegate whose first releases took no ADD.
_PACK = """\
delegate = "coreml"
title = "A delegate"
version = "1"
source = "x"
upstream = {repository = "a/b", revision = "c"}
[parameters.runtime]
type = "version"
values = ["2.0", "2.1", "2.2", "2.3"]
default = "2.3"
meaning = "release"
[op.ADD.check.none]
until = "2.1"
require = "false"
message = "no"
fix = "Wait."
[unlisted]
message = "no"
fix = "None."
source = "x"
"""


def test_a_model_that_ran_contradicts_a_failure() -> None:
    """Where it is predicted to fail and the log has the time of an inference, the two differ."""
    x, y = tensor("x", [1, 4, 4]), tensor("y", [1, 4, 4])
    failing = read_bytes(model([x, y], [operator("BATCH_MATMUL", ["x", "x"], ["y"])]), "failing")
    applied = (
        "Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate."
    )
    ran = "Inference timings in us: Init: 1, First inference: 2, Warmup (avg): 3, Inference (avg): 4"

    def held(*lines: str) -> Comparison:
        (comparison,) = held_against(read("\n".join(lines)), failing, PACKS, (), line_catalogue()).comparisons
        return comparison

    assert held(applied, ran).verdict == "fails"
    assert figures(held(applied, ran))["verdict"] == ("works", "fails")
    assert held(applied, ran).agrees is False
    # That it was applied is said before its kernels are prepared.
    assert "verdict" not in figures(held(applied))
    assert held(applied, "TfLiteGpuDelegate Prepare: no", ran).agrees is True


def test_releases_that_fit_are_named(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(_PACK, encoding="utf-8")
    data = model([tensor("x", [1, 4]), tensor("y", [1, 4])], [operator("ADD", ["x", "x"], ["y"])])
    given, packs = read_bytes(data, "m.tflite"), Packs([file])

    def fits(log: str) -> Comparison:
        held = held_against(read(log), given, packs, (), line_catalogue())
        return held.comparisons[0]

    line = "CoreML delegate: {} nodes delegated out of 1 nodes, with {} partitions.\n"
    assert fits(line.format(1, 1)).agrees is True
    older = fits(line.format(0, 0))
    assert (older.agrees, older.fits) == (False, ("2.0", "2.1"))
    # The log is of 2.1.3 or later, for which only newer releases come into question.
    dated = "[gpu_registry.cc:1] Attempting to load GPU accelerator(lib.so)\n"
    assert fits(dated + line.format(0, 0)).fits == ()


def test_a_log_without_delegates_is_compared_with_nothing() -> None:
    assert compared(read("nothing\n")) == ()


# Logs of runs on this machine

_CPU = """\
import sys
from ai_edge_litert.interpreter import Interpreter
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
"""
_GPU = """\
import sys
import ai_edge_litert.compiled_model as litert
both = litert.HardwareAccelerator.GPU | litert.HardwareAccelerator.CPU
litert.CompiledModel.from_file(sys.argv[1], options=litert.Options(both, litert.CpuOptions(num_threads=1)))
"""


def log_of(script: str, model: str) -> bytes:
    done = subprocess.run([sys.executable, "-c", script, model], capture_output=True, timeout=120)
    return done.stderr


@pytest.mark.slow
@needs_litert
def test_the_log_of_a_real_run_on_the_cpu() -> None:
    log = read(log_of(_CPU, MODEL.path if Path(MODEL.path).exists() else str(find_one(SAMPLE).file)))
    assert "cpu" in [line.kind for line in log.known]


@pytest.mark.slow
@needs_gpu
def test_the_log_of_a_real_run_on_the_gpu() -> None:
    script = "from analyzer.execution.engines import vulkan\nvulkan.use(vulkan.find(None, 'test'))\n" + _GPU
    log = read(log_of(script, str(find_one(SAMPLE).file)))
    (comparison,) = (each for each in compared(log) if each.delegate == "litert-gpu")
    assert comparison.agrees is True, comparison
    assert comparison.parameters["backend"] == "webgpu"
    assert {entry.operator for entry in comparison.refused} == {
        "SPACE_TO_BATCH_ND",
        "BATCH_TO_SPACE_ND",
        "TFLite_Detection_PostProcess",
    }

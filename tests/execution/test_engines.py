"""Real engines on small models: results, what was delegated, times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines import gpu, lookup
from tests.building import model, operator, tensor
from tests.execution import models
from tests.execution.phones import needs_litert
from tests.execution.running import Given, needs_gpu

pytestmark = pytest.mark.tensorflow


def test_the_cpu_computes_and_delegates_nothing(tmp_path: Path) -> None:
    given = Given(tmp_path, models.chain("NEG", "ABS"))
    result = given.run()
    assert result.status == "ok" and result.message == ""
    for sample, outputs in zip(given.samples, result.outputs, strict=True):
        np.testing.assert_array_equal(outputs["t2"], np.abs(sample["t0"]))
    assert result.measured is not None and result.measured.delegated == {0: ()}


def test_xnnpack_says_exactly_what_it_took(tmp_path: Path) -> None:
    tensors = [tensor("x", [1, 4]), tensor("a", [1, 4]), tensor("b", [1, 4]), tensor("y", [1, 4])]
    operators = [
        operator("ABS", ["x"], ["a"]),
        operator("SIGN", ["a"], ["b"], None),
        operator("NEG", ["b"], ["y"]),
    ]
    result = Given(tmp_path, model(tensors, operators)).run("xnnpack")
    assert result.measured is not None
    assert result.measured.delegated == {0: (0, 2)}


def test_what_is_delegated_is_told_of_every_subgraph(tmp_path: Path) -> None:
    given = Given(tmp_path, models.counting())
    result = given.run("xnnpack")
    assert result.measured is not None
    assert result.measured.delegated == {0: (1,), 1: (), 2: (0,)}
    expected = given.run().outputs
    assert [sample["y"] for sample in result.outputs] == [sample["y"] for sample in expected]


@pytest.mark.parametrize(("signature", "expected"), [("double", 6.0), ("square", 9.0)])
@pytest.mark.parametrize("engine", ["cpu", "xnnpack"])
def test_each_signature_is_entered_by_its_own_names(
    tmp_path: Path, engine: str, signature: str, expected: float
) -> None:
    threes = {"value": np.full((1, 4), 3, np.float32)}
    result = Given(tmp_path, models.signatures(), signature, given=threes).run(engine)
    np.testing.assert_array_equal(result.outputs[0]["result"], np.full((1, 4), expected))


@pytest.mark.parametrize("engine", ["cpu", "xnnpack", pytest.param("litert-gpu", marks=needs_gpu)])
def test_inputs_are_resized_before_anything_is_prepared(tmp_path: Path, engine: str) -> None:
    given = Given(tmp_path, models.chain("ABS"), shapes={"t0": (3, 8)})
    assert given.run(engine, shapes={"t0": (3, 8)}).outputs[0]["t1"].shape == (3, 8)


def test_an_output_of_no_elements_is_an_output(tmp_path: Path) -> None:
    result = Given(tmp_path, models.chain("ABS", shape=(0, 4))).run()
    assert result.status == "ok", result.message
    assert result.outputs[0]["t1"].shape == (0, 4)


def test_times_are_those_of_as_many_runs_as_asked(tmp_path: Path) -> None:
    measured = Given(tmp_path, models.chain("ABS")).run(runs=5, warmup=2, threads=2).measured
    assert measured is not None
    latency = measured.latency
    assert (latency.runs, latency.warmup, latency.threads) == (5, 2, 2)
    assert latency.median is not None and latency.p90 is not None and latency.p90 >= latency.median >= 0
    assert measured.memory is not None and measured.memory.peak >= measured.memory.before > 0


def test_without_runs_nothing_is_timed_but_loading_and_the_first(tmp_path: Path) -> None:
    measured = Given(tmp_path, models.chain("ABS")).run(runs=0).measured
    assert measured is not None
    assert measured.latency.median is None and measured.latency.runs == 0 and measured.latency.init > 0


def test_parameters_that_an_engine_can_not_follow_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="leave qs8 at its default"):
        Given(tmp_path, models.chain("ABS")).run("xnnpack", parameters={"qs8": False})


def test_a_delegate_that_nothing_here_runs_says_so(tmp_path: Path) -> None:
    """And names those that `-d` takes: the CPU and libraries aren't asked for by it."""
    advice = "nobody: there is no way to run it on this machine; .*, or run xnnpack or litert-gpu$"
    with pytest.raises(RuntimeUnavailable, match=advice):
        Given(tmp_path, models.chain("ABS")).run("nobody")


@needs_gpu
def test_the_gpu_says_what_it_took_and_what_it_is(tmp_path: Path) -> None:
    tensors = [
        tensor("x", [1, 4, 4, 4]),
        tensor("a", [1, 4, 4, 4]),
        tensor("b", [1, 4, 4, 4]),
        tensor("y", [1, 4, 4, 4]),
    ]
    operators = [
        operator("ABS", ["x"], ["a"]),
        operator("NEG", ["a"], ["b"]),
        operator("RELU_0_TO_1", ["b"], ["y"], None),
    ]
    given = Given(tmp_path, model(tensors, operators))
    result = given.run("litert-gpu")
    assert result.status == "ok", result.message
    assert result.measured is not None and result.measured.delegated == {0: (0, 1)}
    assert result.measured.device != "unknown"
    if "CPU" in result.measured.device:
        assert "say nothing of a phone" in " ".join(result.measured.remarks)
    for mine, theirs in zip(result.outputs, given.run().outputs, strict=True):
        np.testing.assert_allclose(mine["y"], theirs["y"], atol=1e-6)


def test_the_gpu_s_own_counts_are_found_in_its_log() -> None:
    some = "3 operations will run on the GPU, and the remaining 2 operations will run on the CPU."
    none = "No operations will run on the GPU, and all 4 operations will run on the CPU."
    log = f"INFO: ADD: Tensor type(INT64) is not supported\n{some}\nWARNING: else\nINFO: {none}\n"
    assert gpu.counts(log) == [some, none]


@needs_gpu
def test_the_gpu_says_why_it_takes_no_model_whose_sizes_are_computed(tmp_path: Path) -> None:
    tensors = [tensor("x", [1, 4]), tensor("shape", [2], "INT32"), tensor("y", [1, 4])]
    result = Given(tmp_path, model(tensors, [operator("RESHAPE", ["x", "shape"], ["y"])])).run("litert-gpu")
    assert result.status == "failed"
    assert "dynamic-sized tensors" in result.message


@needs_gpu
def test_the_gpu_takes_sizes_that_only_a_converter_left_open(tmp_path: Path) -> None:
    tensors = [tensor("x", [1, 4], shape_signature=[-1, 4]), tensor("y", [1, 4])]
    result = Given(tmp_path, model(tensors, [operator("ABS", ["x"], ["y"])])).run("litert-gpu")
    assert result.measured is not None and result.measured.delegated == {0: (0,)}


@needs_litert
def test_a_driver_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"--vulkan-driver nowhere.json: there is no such file"):
        Given(tmp_path, models.chain("ABS")).run("litert-gpu", vulkan_driver="nowhere.json")


def test_other_backends_of_the_gpu_are_not_here(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match="backend opencl doesn't run on this machine"):
        Given(tmp_path, models.chain("ABS")).run("litert-gpu", parameters={"backend": "opencl"})


def test_only_kernels_that_compute_in_integers_are_excused_for_rounding() -> None:
    assert lookup.local("xnnpack").rounds_alike
    assert not lookup.local("litert-gpu").rounds_alike

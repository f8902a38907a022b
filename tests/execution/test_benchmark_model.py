"""The flags of `benchmark_model`, and what is read out of its log and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.android import benchmark_model
from analyzer.execution.android.runtime_info import RuntimeSubgraph
from analyzer.execution.inputs.signatures import main
from analyzer.execution.request import Entry, Latency, RunRequest
from analyzer.model import Model, read
from tests import building

numpy = pytest.importorskip("numpy")

GPU = "TfLiteGpuDelegateV2"
TIMES = (
    "INFO: Inference timings in us: Init: 11500, First inference: 2500.5, Warmup (avg): 2100, "
    "Inference (avg): 1234.5\n"
)
WARMUP = "INFO: count=2 first=3000 curr=2000 min=2000 max=3000 avg=2500 std=5 p5=2000 median=2500 p95=3000\n"
SPREAD = "INFO: count=20 first=1 curr=2 min=1 max=9 avg=1234.5 std=5 p5=1 median=1200 p95=1900\n"
COMPLETELY = (
    "INFO: Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate."
)
PARTIALLY = (
    "INFO: Explicitly applied GPU delegate, and the model graph will be partially executed by the delegate "
    "w/ 2 delegate kernels."
)
NOTHING = (
    "INFO: Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate."
)


def model(folder: Path, data: bytes | None = None) -> Model:
    file = folder / "model.tflite"
    file.write_bytes(data or two_inputs())
    return read(file)


def two_inputs(**fields: Any) -> bytes:
    return building.model(
        [building.tensor(name, [1, 4]) for name in ("b", "a", "sum", "square")],
        [
            building.operator("ADD", ["b", "a"], ["sum"]),
            building.operator("MUL", ["a", "a"], ["square"]),
        ],
        outputs=["sum", "square"],
        **fields,
    )


def request(of: Model, **fields: Any) -> RunRequest:
    return RunRequest(model=of.path, entry=main(of.subgraphs[0]), **{"runs": 20, "warmup": 3, **fields})


def test_it_is_told_inputs_in_the_order_of_the_subgraph(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    entry = Entry("serve", 0, (("first", 1), ("second", 0)), (("y", 3), ("x", 2)))
    ordered = benchmark_model.in_order(entry, loaded.subgraphs[0])
    assert (ordered.inputs, ordered.outputs) == ((("second", 0), ("first", 1)), (("x", 2), ("y", 3)))
    sample = {"first": numpy.zeros((1, 4)), "second": numpy.zeros((2, 4))}
    asked = replace(request(loaded, threads=4), entry=ordered)
    assert benchmark_model.arguments(asked, sample, ["/p/0", "/p/1"], timed=True) == [
        "--input_layer=input0,input1",
        "--input_layer_shape=2,4:1,4",
        "--input_layer_value_files=input0:/p/0,input1:/p/1",
        "--num_threads=4",
        "--warmup_runs=3",
        "--num_runs=20",
        "--warmup_min_secs=0",
        "--min_secs=0",
        "--enable_op_profiling=false",
    ]


SERVE, TRAIN = (Entry(key, 0, (("a", 1),), (("x", 2),)) for key in ("serve", "train"))


@pytest.mark.parametrize(
    ("keys", "entry", "told", "expected"),
    [
        ([], Entry(None, 0, (), ()), ["--use_gpu=true"], []),
        (["serve"], SERVE, ["--use_gpu=true"], []),
        (
            ["serve", "train"],
            TRAIN,
            ["--use_gpu=true"],
            ["--signature_to_run_for=train", "--use_xnnpack=false"],
        ),
        (["serve", "train"], SERVE, ["--use_xnnpack=true"], ["--signature_to_run_for=serve"]),
    ],
)
def test_a_signature_is_named_where_there_is_a_choice(
    tmp_path: Path, keys: list[str], entry: Entry, told: list[str], expected: list[str]
) -> None:
    signatures = [{"signature_key": key, "subgraph_index": 0, "inputs": [], "outputs": []} for key in keys]
    loaded = model(tmp_path, two_inputs(signature_defs=signatures))
    assert benchmark_model.signature(loaded, entry, told) == expected


@pytest.mark.parametrize(
    ("log", "told", "expected"),
    [
        ("INFO: Using signature: serving_default", ["--use_gpu=true"], True),
        ("INFO: Using signature: serving_default", ["--use_xnnpack=true"], False),
        ("INFO: Loaded model", ["--use_gpu=true"], False),
    ],
)
def test_builds_that_enter_by_a_signature_unasked(
    tmp_path: Path, log: str, told: list[str], expected: bool
) -> None:
    assert benchmark_model.by_signature(log, told) is expected
    loaded = model(tmp_path, two_inputs(signature_defs=[{"signature_key": "serve", "subgraph_index": 0}]))
    assert benchmark_model.signature(loaded, SERVE, told, first=True) == (
        [] if "xnnpack" in told[0] else ["--use_xnnpack=false"]
    )


def test_builds_that_are_too_old() -> None:
    old = "WARN: Unconsumed cmdline flags: --output_filepath=/a --max_delegated_partitions=1"
    assert benchmark_model.too_old(old) == "--output_filepath"
    assert benchmark_model.too_old("INFO: nothing") == ""


def test_what_is_not_timed_runs_once(tmp_path: Path) -> None:
    loaded = model(tmp_path)
    asked = replace(request(loaded), entry=Entry(None, 0, (), main(loaded.subgraphs[0]).outputs))
    told = benchmark_model.arguments(asked, {}, [], timed=False)[:3]
    assert told == ["--num_threads=1", "--warmup_runs=1", "--num_runs=0"]


@pytest.mark.parametrize(
    ("log", "runs", "expected"),
    [
        (WARMUP + SPREAD + TIMES, 20, Latency(11.5, 2.5005, 1.2, None, 20, 3, 1, p95=1.9)),
        (WARMUP + "INFO: count=5 curr=700(all same)\n" + TIMES, 5, Latency(11.5, 2.5005, 0.7, None, 5, 3, 1)),
        ("INFO: count=5 first=1 curr=2 avg=3 std=0\n" + TIMES, 5, Latency(11.5, 2.5005, None, None, 5, 3, 1)),
        (WARMUP + "INFO: count=0\n" + TIMES, 0, Latency(11.5, 2.5005, None, None, 0, 3, 1)),
    ],
)
def test_times(tmp_path: Path, log: str, runs: int, expected: Latency) -> None:
    assert benchmark_model.latency(log, request(model(tmp_path), runs=runs)) == expected


def test_no_times(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="benchmark_model told no times"):
        benchmark_model.latency("INFO: nothing", request(model(tmp_path)))


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (SPREAD, ()),
        ("INFO: Initialized OpenCL-based API.", ("Computed by OpenCL.",)),
        (
            "INFO: Initialized OpenGL-based API.",
            ("Computed by OpenGL, predicted for OpenCL: ask for opencl=false.",),
        ),
        (
            "WARN: Unconsumed cmdline flags: --gpu_backend=gl --enable_op_profiling=false",
            ("This build of benchmark_model takes no notice of --gpu_backend.",),
        ),
        (
            "INFO: count=5 first=1 curr=2 avg=3000 std=0",
            ("An inference took 3 ms on average; this build tells no median.",),
        ),
        ("NNAPI accelerators available: [a,b]", ("NNAPI accelerators of this phone: a, b.",)),
        ("", ()),
    ],
)
def test_remarks(tmp_path: Path, log: str, expected: tuple[str, ...]) -> None:
    asked = request(model(tmp_path), parameters={"opencl": True})
    assert benchmark_model.remarks(log, asked) == expected


def test_memory() -> None:
    log = "INFO: Memory footprint delta from the start of the tool (MB): init=2.5 overall=7.25\n"
    assert benchmark_model.growth(log) == 7.25 * (1 << 20)
    assert benchmark_model.growth("") is None


def seen(*replaced: tuple[str, tuple[int, ...]]) -> list[RuntimeSubgraph]:
    return [RuntimeSubgraph(0, {}, replaced)]


@pytest.mark.parametrize(
    ("log", "info", "kernel", "expected"),
    [
        (COMPLETELY, seen((GPU, (0, 1))), GPU, {0: (0, 1)}),
        (PARTIALLY, seen((GPU, (1,)), ("TfLiteXNNPackDelegate", (0,))), GPU, {0: (1,)}),
        (PARTIALLY, seen(("Mine", (1,)), ("TfLiteXNNPackDelegate", (0,))), None, {0: (1,)}),
        (NOTHING, seen(("TfLiteXNNPackDelegate", (0, 1))), GPU, {0: ()}),
        # Nodes that the runtime put in itself are nobody's operators.
        (COMPLETELY, seen((GPU, (0, 1, 2))), GPU, {0: (0, 1)}),
        # Older builds say no more than their log does.
        (COMPLETELY, [], GPU, {0: (0, 1)}),
        (NOTHING, [], GPU, {0: ()}),
        (PARTIALLY, [], GPU, None),
    ],
)
def test_what_was_delegated(
    tmp_path: Path,
    log: str,
    info: list[RuntimeSubgraph],
    kernel: str | None,
    expected: Mapping[int, tuple[int, ...]] | None,
) -> None:
    loaded = model(tmp_path)
    assert benchmark_model.delegated(loaded, main(loaded.subgraphs[0]), log, info, kernel) == expected


@pytest.mark.parametrize(
    ("log", "expected"), [(COMPLETELY, True), (PARTIALLY, True), (NOTHING, True), (TIMES, False)]
)
def test_whether_a_delegate_came_about(log: str, expected: bool) -> None:
    assert benchmark_model.applied(log) is expected


def outputs(loaded: Model, raw: bytes, shapes: Mapping[int, tuple[int, ...]] = {}) -> dict[str, list[Any]]:
    arrays = benchmark_model.outputs(loaded.subgraphs[0], main(loaded.subgraphs[0]), raw, shapes)
    return {name: values.tolist() for name, values in arrays.items()}


def test_outputs_lie_one_after_the_other(tmp_path: Path) -> None:
    raw = numpy.arange(8, dtype="float32").tobytes()
    assert outputs(model(tmp_path), raw) == {"sum": [[0, 1, 2, 3]], "square": [[4, 5, 6, 7]]}


def test_outputs_have_the_shapes_that_the_runtime_tells(tmp_path: Path) -> None:
    raw = numpy.arange(6, dtype="float32").tobytes()
    values = outputs(model(tmp_path), raw, {2: (2, 1), 3: (1, 4)})
    assert values == {"sum": [[0], [1]], "square": [[2, 3, 4, 5]]}


def test_an_output_of_unknown_size_gets_what_is_left(tmp_path: Path) -> None:
    raw = numpy.arange(7, dtype="float32").tobytes()
    assert outputs(model(tmp_path), raw, {2: (0,), 3: (1, 4)}) == {"sum": [0, 1, 2], "square": [[3, 4, 5, 6]]}


def test_outputs_of_several_types(tmp_path: Path) -> None:
    dtypes = {"FLOAT16": "float16", "INT8": "int8", "INT64": "int64", "BOOL": "bool", "UINT16": "uint16"}
    tensors = [building.tensor("x", [3]), *(building.tensor(name, [3], name) for name in dtypes)]
    operators = [building.operator("CAST", ["x"], [name]) for name in dtypes]
    values = {name: numpy.array([1, 0, 1], dtype) for name, dtype in dtypes.items()}
    raw = b"".join(array.tobytes() for array in values.values())
    arrays = outputs(model(tmp_path, building.model(tensors, operators)), raw)
    assert arrays == {name: array.tolist() for name, array in values.items()}


@pytest.mark.parametrize("size", [0, 28, 33, 40])
def test_outputs_of_another_size(tmp_path: Path, size: int) -> None:
    with pytest.raises(ValueError, match=f"wrote {size} bytes of outputs, expected 32"):
        outputs(model(tmp_path), bytes(size))


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ([("x", [4], "STRING"), ("y", [4], "FLOAT32")], "input x: STRING can't be handed to a phone"),
        ([("x", [4], "FLOAT32"), ("y", [4], "STRING")], "output y: STRING can't be handed to a phone"),
        ([("x", [4], "FLOAT32"), ("y", [4], "INT4")], "output y: INT4 can't be handed to a phone"),
        ([("x", [], "FLOAT32"), ("y", [4], "FLOAT32")], "input x: benchmark_model takes no value"),
    ],
)
def test_what_it_cannot_be_given(
    tmp_path: Path, tensors: list[tuple[str, list[int], str]], problem: str
) -> None:
    made = [building.tensor(*tensor) for tensor in tensors]
    loaded = model(tmp_path, building.model(made, [building.operator("ABS", ["x"], ["y"])]))
    with pytest.raises(RuntimeUnavailable) as error:
        benchmark_model.check(request(loaded), loaded.subgraphs[0])
    assert str(error.value).startswith(problem)

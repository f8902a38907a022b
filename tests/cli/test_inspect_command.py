"""`inspect`: what a model is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.building import Description, model, operator, subgraph, tensor
from tests.cli.models import save
from tests.cli.running import run


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def inspect(folder: Path, data: bytes, *more: str) -> dict[str, Any]:
    done = run("inspect", save(folder / "m.tflite", data), "--format", "json", *more)
    assert (done.code, done.err) == (0, "")
    return done.json


def dense(activation: str, weights: str, **quantized: Any) -> bytes:
    """A FULLY_CONNECTED of 4 inputs and 2 outputs."""
    scaled: dict[str, Any] = {"scale": [0.5], "zero_point": [3]} if activation != "FLOAT32" else {}
    size = {"FLOAT32": 4, "FLOAT16": 2}.get(weights, 1)
    return model(
        [
            tensor("x", [1, 4], activation, shape_signature=[-1, 4], **scaled),
            tensor("w", [2, 4], weights, data=bytes(8 * size), **quantized),
            tensor("y", [1, 2], activation, shape_signature=[-1, 2], **scaled),
        ],
        [operator("FULLY_CONNECTED", ["x", "w", -1], ["y"], {"keep_num_dims": True}, version=3)],
        description="A layer",
        metadata={"min_runtime_version": b"1.14.0\0\0"},
    )


def test_the_whole_of_a_small_model(tmp_path: Path) -> None:
    data = dense("INT8", "INT8", scale=[1.0, 2.0])
    done = run("inspect", save(tmp_path / "m.tflite", data))
    assert (done.code, done.err) == (0, "")
    lines = done.text.splitlines()
    for line in (
        f"1 operator, 8 MACs, {len(data)} B",
        "numbers      full integer: 1 operator on scaled integers, none on floats",
        "quantized    2 tensors per tensor, 1 tensor per channel",
        "constants    8 B, 8 parameters: INT8 8 B",
        "activations  2 INT8",
        "largest      x  [?, 4]  INT8  4 B  scale 0.5, zero point 3",
        "file         schema version 3, for runtime 1.14.0 or newer",
        "description  A layer",
        "metadata     min_runtime_version 8 B",
        "Inputs and outputs",
        "  in   x  [?, 4]  INT8  scale 0.5, zero point 3",
        "  out  y  [?, 2]  INT8  scale 0.5, zero point 3",
        "operator         count  versions  MACs         constants",
        "FULLY_CONNECTED      1  3            8  100 %        8 B",
    ):
        assert line in lines, done.text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (dense("FLOAT32", "FLOAT32"), "float32"),
        (dense("FLOAT32", "FLOAT16"), "float16-weights"),
        (dense("FLOAT32", "INT8", scale=[1.0]), "dynamic-range"),
        (dense("INT8", "INT8", scale=[1.0]), "full-integer"),
        (
            model([tensor("x", [1], "INT32"), tensor("y", [1], "INT32")], [operator("ABS", ["x"], ["y"])]),
            "none",
        ),
        (model(), "none"),
    ],
)
def test_how_a_model_computes(tmp_path: Path, data: bytes, kind: str) -> None:
    assert inspect(tmp_path, data)["numbers"]["kind"] == kind


def test_the_sample_computes_both_ways() -> None:
    found = run("inspect", "sample:", "--format", "json").json
    assert found["numbers"]["kind"] == "mixed"
    assert (found["path"], found["operators"], found["signatures"][0]["key"]) == (
        "sample:",
        50,
        "serving_default",
    )


def test_macs_weights_and_sizes(tmp_path: Path) -> None:
    found = inspect(tmp_path, dense("FLOAT32", "FLOAT32"))
    (kind,) = found["kinds"]
    assert (kind["count"], kind["versions"], kind["macs"], kind["weights"]) == (1, [3], 8, 32)
    assert (found["macs"], found["sizes"]["constants"], found["sizes"]["parameters"]) == (8, 32, 8)
    assert found["sizes"]["largest_activation"]["name"] == "x"


def test_weights_that_several_operators_share_count_once(tmp_path: Path) -> None:
    tensors = [
        tensor("x", [1, 2]),
        tensor("w", [2, 2], data=bytes(16)),
        tensor("h", [1, 2]),
        tensor("y", [1, 2]),
    ]
    layers = [operator("FULLY_CONNECTED", [a, "w", -1], [b]) for a, b in (("x", "h"), ("h", "y"))]
    found = inspect(tmp_path, model(tensors, layers))
    assert (found["kinds"][0]["count"], found["kinds"][0]["weights"], found["sizes"]["constants"]) == (
        2,
        16,
        16,
    )


def test_signatures_name_inputs_and_outputs(tmp_path: Path) -> None:
    tensors = [tensor("a", [1, 4]), tensor("b", [1, 4])]
    signature = {
        "signature_key": "run",
        "subgraph_index": 0,
        "inputs": [{"name": "image", "tensor_index": 0}],
        "outputs": [{"name": "scores", "tensor_index": 1}],
    }
    data = model(tensors, [operator("ABS", ["a"], ["b"])], signature_defs=[signature])
    (found,) = inspect(tmp_path, data)["signatures"]
    assert found["key"] == "run"
    assert [(port["name"], port["tensor"]["name"]) for port in (*found["inputs"], *found["outputs"])] == [
        ("image", "a"),
        ("scores", "b"),
    ]


def test_subgraphs_and_sizes_only_known_at_run_time(tmp_path: Path) -> None:
    tensors = [tensor("x", [4]), tensor("shape", [2], "INT32"), tensor("y", [2, 2])]
    one = subgraph(tensors, [operator("RESHAPE", ["x", "shape"], ["y"])], name="first")
    data = model(subgraphs=[one, one | {"name": "second"}])
    found = inspect(tmp_path, data)
    assert [one["name"] for one in found["subgraphs"]] == ["first", "second"]
    assert "only known at run time" in found["subgraphs"][0]["stops"]
    text = run("inspect", tmp_path / "m.tflite").text
    assert "  1  second  1 operator, 3 tensors" in text


def _graph(*tensors: Description, **more: Any) -> bytes:
    return model(list(tensors), [operator("RELU", ["a"], ["b"])], **more)


def test_variables_and_sparse_tensors_are_counted(tmp_path: Path) -> None:
    found = inspect(tmp_path, _graph(tensor("a", [1], is_variable=True), tensor("b", [1], sparsity={})))
    assert (found["variables"], found["sparse"]) == (1, 1)
    assert "also         1 variable, 1 sparse tensor" in run("inspect", tmp_path / "m.tflite").text


# Everything


def test_verbose_lists_operators_and_tensors(tmp_path: Path) -> None:
    data = dense("INT8", "INT8", scale=[1.0])
    assert inspect(tmp_path, data)["graphs"] == []
    (graph,) = inspect(tmp_path, data, "-v")["graphs"]
    (layer,) = graph["operators"]
    assert [operand["name"] for operand in layer["inputs"]] == ["input", "weights", "bias"]
    assert layer["inputs"][2]["tensor"] is None
    assert layer["options"]["keep_num_dims"] is True
    assert [one["name"] for one in graph["tensors"]] == ["x", "w", "y"]
    lines = run("inspect", "-v", tmp_path / "m.tflite").text.splitlines()
    start = lines.index("Operators of subgraph 0")
    assert lines[start + 1 : start + 6] == [
        "#0  FULLY_CONNECTED version 3  8 MACs",
        "    < input  0: x  [?, 4]  INT8",
        "    < weights  1: w  [2, 4]  INT8  constant",
        "    < bias  left out",
        "    > output  2: y  [?, 2]  INT8",
    ]


@pytest.mark.parametrize(
    ("stored", "options"),
    [
        (None, {}),
        (b"\1\2\3", {"bytes": "010203"}),
        (bytes(1000), {"bytes": "00" * 128 + "..."}),
    ],
)
def test_a_custom_operators_own_options(
    tmp_path: Path, stored: bytes | None, options: dict[str, Any]
) -> None:
    more: dict[str, Any] = {} if stored is None else {"custom_options": stored}
    data = model([tensor("a", [1]), tensor("b", [1])], [operator("Mine", ["a"], ["b"], None, **more)])
    assert inspect(tmp_path, data, "-v")["graphs"][0]["operators"][0]["options"] == options


def test_a_detectors_options_are_decoded() -> None:
    graph = run("inspect", "sample:", "-v", "--format", "json").json["graphs"][0]
    detector = next(one for one in graph["operators"] if one["custom"])
    assert detector["options"]["max_detections"] == 10


# Inputs


def test_a_model_on_standard_input() -> None:
    data = dense("FLOAT32", "FLOAT32")
    done = run("inspect", "-", stdin=data)
    assert done.code == 0
    assert done.text.startswith("-   1 operator")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"", "empty"), (b"PK\3\4" + bytes(40), "zip"), (b"TFL3" * 9, "")],
)
def test_what_is_no_model(tmp_path: Path, content: bytes, complaint: str) -> None:
    done = run("inspect", save(tmp_path / "m.tflite", content))
    assert (done.code, done.text) == (2, "")
    assert complaint in done.complaint


def test_a_folder_of_several_models(tmp_path: Path) -> None:
    for name in ("a.tflite", "b.tflite"):
        save(tmp_path / name, dense("FLOAT32", "FLOAT32"))
    done = run("inspect", tmp_path)
    assert done.code == 2
    assert "a folder of 2 models; name one of them" in done.complaint


@pytest.mark.parametrize("arguments", [(), ("-v",)])
def test_names_that_could_fool_a_terminal(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    data = _graph(tensor("a", [1]), tensor("b", [1]), description="\x1b[31mred\n\u202e")
    text = run("inspect", save(tmp_path / "m.tflite", data), *arguments).text
    assert "\x1b" not in text and "\u202e" not in text
    assert "\\x1b[31mred\\x0a\\u202e" in text


@pytest.mark.parametrize("arguments", [(), ("-v",)])
def test_it_fits_eighty_columns(arguments: tuple[str, ...]) -> None:
    text = run("inspect", "sample:", *arguments).text
    assert all(len(line) <= 80 for line in text.splitlines())

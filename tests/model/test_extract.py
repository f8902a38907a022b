"""A cut is a model of its own that computes the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.model import extract, read, read_bytes
from analyzer.model.extract import Cut, resize
from analyzer.model.graph import Subgraph
from analyzer.model.write import build
from tests.building import model, operator, tensor
from tests.execution import models

SAMPLE = Path(extract.__file__).parent / "sample.tflite"


def test_what_is_read_is_written_again() -> None:
    before = read(SAMPLE)
    after = read_bytes(build(extract.contents(SAMPLE.read_bytes())), "again")
    assert after.subgraphs == before.subgraphs
    assert after.operator_codes == before.operator_codes


def branching() -> Subgraph:
    """x -> a -> b -> y, and c from a and from a constant that an operator unpacks."""
    tensors = [
        *(tensor(name, [2]) for name in "xab"),
        tensor("half", [2], "FLOAT16", data=bytes(4)),
        *(tensor(name, [2]) for name in ("w", "c", "y")),
    ]
    operators = [
        operator("ABS", ["x"], ["a"]),
        operator("NEG", ["a"], ["b"]),
        operator("DEQUANTIZE", ["half"], ["w"]),
        operator("ADD", ["a", "w"], ["c"]),
        operator("MUL", ["b", "c"], ["y"]),
    ]
    return read_bytes(model(tensors, operators), "m").subgraphs[0]


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ([0], Cut(0, (0,), (0,), (1,))),
        ([0, 1], Cut(0, (0, 1), (0,), (1, 2))),
        ([3], Cut(0, (2, 3), (1,), (5,))),
        ([1, 4], Cut(0, (1, 4), (1, 5), (6,))),
        ([0, 1, 2, 3, 4], Cut(0, (0, 1, 2, 3, 4), (0,), (6,))),
    ],
)
def test_what_crosses_the_border_goes_in_and_out(operators: list[int], expected: Cut) -> None:
    assert extract.around(branching(), operators) == expected


def test_a_cut_takes_only_the_weights_it_reads() -> None:
    data = SAMPLE.read_bytes()
    whole = read(SAMPLE).subgraphs[0]
    small = extract.write(data, extract.around(whole, [0]), {})
    assert len(small) < len(data) / 2
    (operator_alone,) = read_bytes(small, "cut").subgraphs[0].operators
    assert operator_alone.name == whole.operators[0].name


def test_inputs_have_the_shapes_that_they_are_given() -> None:
    made = model(
        [tensor("x", [1, 2], shape_signature=[-1, 2]), tensor("y", [1, 2])], [operator("ABS", ["x"], ["y"])]
    )
    part = extract.around(read_bytes(made, "m").subgraphs[0], [0])
    resized = read_bytes(extract.write(made, part, {0: (5, 2)}), "cut").subgraphs[0].tensors[0]
    assert (resized.shape, resized.shape_signature) == ((5, 2), None)


def test_a_cut_of_another_subgraph_is_a_model_without_the_rest() -> None:
    data = models.counting()
    body = read_bytes(data, "m").subgraphs[2]
    (subgraph,) = read_bytes(extract.write(data, extract.around(body, [0]), {}), "cut").subgraphs
    assert (subgraph.name, [one.name for one in subgraph.operators], subgraph.inputs) == (
        "body",
        ["ADD"],
        (0,),
    )


def test_a_cut_that_calls_subgraphs_brings_them() -> None:
    data = models.counting()
    part = extract.around(read_bytes(data, "m").subgraphs[0], [0])
    assert part.calls
    loaded = read_bytes(extract.write(data, part, {}), "cut")
    assert [len(one.operators) for one in loaded.subgraphs] == [1, 1, 1]


def test_what_calls_what_is_read_from_options() -> None:
    subgraphs = read_bytes(models.counting(), "m").subgraphs
    assert [subgraph.callees for subgraph in subgraphs] == [[1, 2], [], []]


def test_a_resized_model_leaves_no_size_open_and_keeps_its_names() -> None:
    tensors = [tensor("x", [1, 2], shape_signature=[-1, 2]), tensor("y", [1, 2], shape_signature=[-1, 2])]
    entry = {
        "signature_key": "go",
        "inputs": [{"name": "in", "tensor_index": 0}],
        "outputs": [{"name": "out", "tensor_index": 1}],
    }
    data = model(tensors, [operator("ABS", ["x"], ["y"])], signature_defs=[entry])
    loaded = read_bytes(resize(data, 0, {0: (5, 2)}), "resized")
    assert [(t.shape, t.shape_signature) for t in loaded.subgraphs[0].tensors] == [
        ((5, 2), None),
        ((1, 2), None),
    ]
    assert loaded.signatures == read_bytes(data, "m").signatures


def test_what_stands_behind_the_flatbuffer_comes_in() -> None:
    large = {"large_custom_options_offset": 400, "large_custom_options_size": 4}
    data = model([tensor("x", [4]), tensor("y", [4])], [operator("Mine", ["x"], ["y"], None, **large)])
    tables = extract.contents(data.ljust(400, b"\0") + b"mine")
    tables["buffers"].append({"offset": 400})
    data = build(tables)
    tables = extract.contents(data.ljust(400, b"\0"))
    made = read_bytes(build(tables), "m").subgraphs[0].operators[0]
    assert bytes(made.custom_options or b"") == b"mine"
    assert bytes(tables["buffers"][-1]["data"]) == b""

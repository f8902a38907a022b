"""Shapes and types after preparing, operator by operator."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.model import read_bytes
from tests.building import Description, model, operator, tensor
from tests.execution import models
from tests.interpreter.preparing import named, numbers, prepared, runtime, shape_of, single_operator

Operands = list[Description]


def x(*shape: int, type: str = "FLOAT32") -> Description:
    return tensor("x", shape, type)


def other(*shape: int, name: str = "w", type: str = "FLOAT32") -> Description:
    return tensor(name, shape, type)


VALID = {"padding": "VALID"}
STEP = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
CASES: list[tuple[str, Operands, dict[str, Any], list[int]]] = [
    ("RELU", [x(2, 3)], {}, [2, 3]),
    ("ADD", [tensor("a", [2, 1, 3]), tensor("b", [4, 1])], {}, [2, 4, 3]),
    ("MUL", [tensor("a", [0, 3]), tensor("b", [1, 1])], {}, [0, 3]),
    (
        "CONV_2D",
        [x(1, 5, 5, 3), other(8, 3, 3, 3), other(8, name="b")],
        STEP | {"padding": "SAME"},
        [1, 5, 5, 8],
    ),
    (
        "CONV_2D",
        [x(1, 5, 5, 3), other(8, 3, 3, 3), other(8, name="b")],
        STEP | {"padding": "VALID"},
        [1, 3, 3, 8],
    ),
    (
        "CONV_2D",
        [x(2, 7, 7, 3), other(8, 3, 3, 3), other(8, name="b")],
        STEP | VALID | {"stride_h": 2, "dilation_w_factor": 2},
        [2, 3, 3, 8],
    ),
    ("DEPTHWISE_CONV_2D", [x(1, 5, 5, 3), other(1, 3, 3, 6)], STEP | {"padding": "SAME"}, [1, 5, 5, 6]),
    (
        "MAX_POOL_2D",
        [x(1, 5, 5, 3)],
        {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2, "padding": "SAME"},
        [1, 3, 3, 3],
    ),
    ("FULLY_CONNECTED", [x(2, 3, 4), other(5, 4)], {}, [6, 5]),
    ("FULLY_CONNECTED", [x(2, 3, 4), other(5, 4)], {"keep_num_dims": True}, [2, 3, 5]),
    ("BATCH_MATMUL", [x(1, 2, 3), other(4, 3, 5)], {}, [4, 2, 5]),
    ("BATCH_MATMUL", [x(3, 2), other(5, 3)], {"adj_x": True, "adj_y": True}, [2, 5]),
    ("RESHAPE", [x(2, 6), numbers("s", 3, -1)], {}, [3, 4]),
    ("RESHAPE", [x(2, 6)], {"new_shape": [4, 3]}, [4, 3]),
    ("RESHAPE", [x(1)], {"new_shape": [0]}, []),
    ("SQUEEZE", [x(1, 2, 1)], {}, [2]),
    ("SQUEEZE", [x(1, 2, 1)], {"squeeze_dims": [-1]}, [1, 2]),
    ("EXPAND_DIMS", [x(2, 3), numbers("a", -1, shape=[])], {}, [2, 3, 1]),
    ("TRANSPOSE", [x(1, 2, 3), numbers("p", 2, 0, 1)], {}, [3, 1, 2]),
    ("TILE", [x(1, 2), numbers("m", 3, 2)], {}, [3, 4]),
    ("CONCATENATION", [tensor("a", [2, 3]), tensor("b", [2, 4])], {"axis": -1}, [2, 7]),
    ("PACK", [tensor("a", [2]), tensor("b", [2])], {"axis": 1, "values_count": 2}, [2, 2]),
    ("PAD", [x(2, 3), numbers("p", 1, 0, 0, 2, shape=[2, 2])], {}, [3, 5]),
    ("GATHER", [x(4, 5), tensor("i", [2, 3], "INT32")], {"axis": 1}, [4, 2, 3]),
    ("GATHER_ND", [x(4, 5), tensor("i", [3, 1], "INT32")], {}, [3, 5]),
    ("MEAN", [x(2, 3, 4), numbers("a", 0, -1)], {}, [3]),
    ("MEAN", [x(2, 3, 4), numbers("a", 1)], {"keep_dims": True}, [2, 1, 4]),
    ("SPACE_TO_DEPTH", [x(1, 4, 4, 1)], {"block_size": 2}, [1, 2, 2, 4]),
    ("DEPTH_TO_SPACE", [x(1, 2, 2, 4)], {"block_size": 2}, [1, 4, 4, 1]),
    (
        "SPACE_TO_BATCH_ND",
        [x(1, 4, 6, 2), numbers("b", 2, 2), numbers("p", 0, 0, 2, 0, shape=[2, 2])],
        {},
        [4, 2, 4, 2],
    ),
    (
        "BATCH_TO_SPACE_ND",
        [x(4, 2, 4, 2), numbers("b", 2, 2), numbers("c", 0, 0, 2, 0, shape=[2, 2])],
        {},
        [1, 4, 6, 2],
    ),
    (
        "ONE_HOT",
        [x(3, type="INT32"), numbers("d", 5, shape=[]), other(), other(name="off")],
        {"axis": -1},
        [3, 5],
    ),
    (
        "SVDF",
        [x(2, 3), other(8, 3), other(8, 4, name="t"), other(4, name="b"), other(2, 32, name="s")],
        {"rank": 2},
        [2, 4],
    ),
]


@pytest.mark.parametrize(("name", "tensors", "options", "expected"), CASES)
def test_output_shape(name: str, tensors: Operands, options: dict[str, Any], expected: list[int]) -> None:
    result = single_operator(name, tensors, [tensor("y", [9, 9])], options)
    assert (result.refused, result.stops) == (None, {})
    assert shape_of(result, "y") == expected


#: Masks and begin, end, strides of a STRIDED_SLICE of [4, 5, 6] -> its shape.
STRIDED: list[tuple[dict[str, int], list[list[int]], list[int]]] = [
    ({}, [[0, 0, 0], [4, 5, 6], [1, 1, 1]], [4, 5, 6]),
    ({}, [[1, -2, 0], [3, 5, 6], [1, 1, 2]], [2, 2, 3]),
    ({}, [[3, 0, 0], [0, 5, 6], [-1, 1, 1]], [3, 5, 6]),
    ({}, [[2], [3], [1]], [1, 5, 6]),
    ({"begin_mask": 1, "end_mask": 2}, [[2, 1, 0], [3, 2, 6], [1, 1, 1]], [3, 4, 6]),
    ({"shrink_axis_mask": 5}, [[1, 0, 2], [2, 5, 3], [1, 1, 1]], [5]),
    ({"new_axis_mask": 1}, [[0, 1], [0, 3], [1, 1]], [1, 2, 5, 6]),
    ({"ellipsis_mask": 1}, [[0, 1], [0, 3], [1, 1]], [4, 5, 2]),
    ({}, [[3, 0, 0], [1, 5, 6], [1, 1, 1]], [0, 5, 6]),
]


@pytest.mark.parametrize(("masks", "indices", "expected"), STRIDED)
def test_strided_slice(masks: dict[str, int], indices: list[list[int]], expected: list[int]) -> None:
    names = ("begin", "end", "strides")
    operands = [x(4, 5, 6), *(numbers(name, *values) for name, values in zip(names, indices, strict=True))]
    result = single_operator("STRIDED_SLICE", operands, [tensor("y", [9])], masks)
    assert shape_of(result, "y") == expected


@pytest.mark.parametrize(
    ("name", "tensors", "outputs", "expected"),
    [
        ("SPLIT", [numbers("a", 1, shape=[]), x(2, 6)], 3, [[2, 2]] * 3),
        ("SPLIT_V", [x(2, 6), numbers("s", 1, -1), numbers("a", 1, shape=[])], 2, [[2, 1], [2, 5]]),
        ("UNPACK", [x(2, 6)], 2, [[6], [6]]),
        ("TOPK_V2", [x(2, 6), numbers("k", 3, shape=[])], 2, [[2, 3], [2, 3]]),
    ],
)
def test_several_outputs(name: str, tensors: Operands, outputs: int, expected: list[list[int]]) -> None:
    options = {"SPLIT": {"num_splits": 3}, "SPLIT_V": {"num_splits": 2}, "UNPACK": {"num": 2}}.get(name, {})
    result = single_operator(name, tensors, [tensor(f"y{i}", [9]) for i in range(outputs)], options)
    assert [shape_of(result, f"y{i}") for i in range(outputs)] == expected


@pytest.mark.parametrize(
    ("name", "tensors", "options", "written", "expected"),
    [
        ("ADD", [tensor("a", [2], "INT32"), tensor("b", [2], "INT32")], {}, "FLOAT32", "INT32"),
        ("LESS", [tensor("a", [2]), tensor("b", [2])], {}, "FLOAT32", "BOOL"),
        ("SHAPE", [x(2, 3)], {"out_type": "INT64"}, "INT32", "INT64"),
        ("DEQUANTIZE", [x(2, type="FLOAT16")], {}, "FLOAT16", "FLOAT32"),
        ("GATHER", [x(4, type="INT64"), tensor("i", [2], "INT32")], {}, "FLOAT32", "INT64"),
        ("CAST", [x(2, type="INT64")], {}, "FLOAT32", "FLOAT32"),
    ],
)
def test_output_type(
    name: str, tensors: Operands, options: dict[str, Any], written: str, expected: str
) -> None:
    assert named(single_operator(name, tensors, [tensor("y", [], written)], options), "y").dtype == expected


def test_an_unchanged_subgraph_is_the_files_own() -> None:
    model_read = read_bytes(model([x(2), tensor("y", [2])], [operator("RELU", ["x"], ["y"])]), "m")
    assert runtime().prepare(model_read).subgraphs[0] is model_read.subgraphs[0]


def test_resized_inputs_change_what_follows() -> None:
    data = model(
        [x(1, 4), tensor("y", [1, 4]), tensor("z", [1, 4])],
        [
            operator("RELU", ["x"], ["y"]),
            operator("RELU", ["y"], ["z"]),
        ],
    )
    assert shape_of(prepared(data, {"x": [3, 4]}), "z") == [3, 4]


def test_inputs_are_resized_by_the_names_of_signatures_too() -> None:
    result = prepared(models.signatures(), {"value": [3, 4]})
    assert [graph.tensors[1].shape for graph in result.subgraphs] == [(3, 4), (3, 4)]


def test_a_dequantized_constant_is_persistent() -> None:
    result = single_operator("DEQUANTIZE", [tensor("x", [2], "FLOAT16", data=bytes(4))], [tensor("y", [2])])
    assert named(result, "y").persistent
    assert named(result, "y").computed_values is None

"""Paddings, matrices, many dimensions, wide numbers: computed the same before and after."""

from __future__ import annotations

import struct
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import read_bytes
from tests.building import model, operator, tensor
from tests.rewriting.holding import assert_same, operators, rewritten

pytest.importorskip("ai_edge_litert.interpreter")

Description = dict[str, object]
_POOL = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "filter_width": 2, "filter_height": 2}
sizes = st.integers(1, 4)


def whole(name: str, values: list[int], shape: list[int] | None = None) -> Description:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


@given(
    st.tuples(sizes, sizes, sizes, sizes), st.lists(st.integers(0, 2), min_size=4, max_size=4), st.booleans()
)
def test_padding_before_pools(shape: tuple[int, ...], pads: list[int], largest: bool) -> None:
    batch, height, width, channels = shape
    height, width = height + 1, width + 1
    padded = [batch, height + pads[0] + pads[1], width + pads[2] + pads[3], channels]
    before = model(
        [
            tensor("x", [batch, height, width, channels]),
            whole("p", [0, 0, *pads, 0, 0], [4, 2]),
            tensor("a", padded),
            tensor("y", [batch, padded[1] - 1, padded[2] - 1, channels]),
        ],
        [
            operator("PAD", ["x", "p"], ["a"]),
            operator("MAX_POOL_2D" if largest else "AVERAGE_POOL_2D", ["a"], ["y"], _POOL),
        ],
    )
    made = rewritten(before, "pad-by-convolution", rounds=1)
    assert operators(made)[:2] == ["PAD", "DEPTHWISE_CONV_2D"]
    assert_same(before, made)


@given(st.tuples(sizes, sizes, sizes, sizes), st.integers(1, 5))
def test_channels_that_are_added(shape: tuple[int, ...], more: int) -> None:
    before = model(
        [
            tensor("x", shape),
            whole("p", [0, 0, 0, 0, 0, 0, 0, more], [4, 2]),
            tensor("y", [*shape[:3], shape[3] + more]),
        ],
        [operator("PAD", ["x", "p"], ["y"])],
    )
    made = rewritten(before, "channels-by-concatenation")
    assert operators(made) == ["CONCATENATION"]
    assert_same(before, made)


@given(st.lists(sizes, min_size=1, max_size=4), sizes, st.integers(0, 99))
def test_depth_of_weights(shape: list[int], units: int, seed: int) -> None:
    depth = next(
        size
        for size in range(prod(shape), 0, -1)
        if (prod(shape) % size == 0 and size != shape[-1]) or size == 1
    )
    rows = prod(shape) // depth
    weights = np.random.default_rng(seed).uniform(-1, 1, (units, depth)).astype(np.float32)
    before = model(
        [
            tensor("x", shape),
            tensor("w", [units, depth], data=weights.tobytes()),
            tensor("y", [rows, units]),
        ],
        [operator("FULLY_CONNECTED", ["x", "w", -1], ["y"])],
    )
    made = rewritten(before, "depth-by-reshape")
    assert operators(made)[-1] == "FULLY_CONNECTED"
    assert_same(before, made)


@given(
    st.lists(sizes, max_size=2),
    st.tuples(sizes, sizes, sizes),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_matrices_read_transposed(
    batch: list[int], shape: tuple[int, int, int], left: bool, right: bool, constant: bool
) -> None:
    rows, inner, columns = shape
    second = [*batch, columns, inner] if right else [*batch, inner, columns]
    numbers = np.arange(prod(second), dtype=np.float32).tobytes() if constant else None
    before = model(
        [
            tensor("x", [*batch, inner, rows] if left else [*batch, rows, inner]),
            tensor("w", second, data=numbers),
            tensor("y", [*batch, rows, columns]),
        ],
        [operator("BATCH_MATMUL", ["x", "w"], ["y"], {"adj_x": left, "adj_y": right})],
    )
    made = rewritten(before, "adjoint-by-transpose", "constant-matrix")
    expected = ["TRANSPOSE"] * (left + (right and not constant))
    assert operators(made) == [*expected, "BATCH_MATMUL"]
    assert_same(before, made, rtol=1e-6)


@given(
    st.sampled_from(["INT8", "UINT8", "INT4"]),
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(0, 3)),
    st.integers(0, 99),
)
def test_constants_of_few_bits(dtype: str, shape: list[int], axis: int | None, seed: int) -> None:
    random = np.random.default_rng(seed)
    count = prod(shape)
    data = random.integers(0, 256, count if dtype != "INT4" else -(-count // 2), dtype=np.uint8).tobytes()
    axis = None if axis is None or dtype == "UINT8" else axis % len(shape)
    channels = 1 if axis is None else shape[axis]
    scales = random.uniform(0.01, 2, channels).astype(np.float32).tolist()
    points = [0] * channels if dtype != "UINT8" else [int(random.integers(0, 255))]
    before = model(
        [
            tensor("x", shape),
            tensor("q", shape, dtype, data=data, scale=scales, zero_point=points, axis=axis or 0),
            tensor("w", shape),
            tensor("y", shape),
        ],
        [operator("DEQUANTIZE", ["q"], ["w"], version=6), operator("ADD", ["x", "w"], ["y"])],
    )
    made = rewritten(before, "quantized-constants-widened")
    assert operators(made) == ["ADD"]
    assert_same(before, made, rtol=1e-6)


@given(
    st.lists(sizes, min_size=2, max_size=4),
    st.sampled_from(["FLOAT32", "INT32", "INT64", None]),
    st.booleans(),
)
def test_indices_of_64_bits(shape: list[int], read_as: str | None, smallest: bool) -> None:
    kept = shape[:-1]
    last = (
        []
        if read_as is None
        else [operator("CAST", ["i"], ["y"], {"in_data_type": "INT64", "out_data_type": read_as})]
    )
    before = model(
        [
            tensor("x", shape),
            whole("axis", [-1]),
            tensor("i", kept, "INT64"),
            *([] if read_as is None else [tensor("y", kept, read_as)]),
        ],
        [
            operator("ARG_MIN" if smallest else "ARG_MAX", ["x", "axis"], ["i"], {"output_type": "INT64"}),
            *last,
        ],
    )
    made = rewritten(before, "indices-narrowed")
    graph = read_bytes(made, "m").subgraphs[0]
    assert [each.name for each in graph.operators[1:]] == ["CAST"]
    assert graph.tensors[graph.operators[0].outputs[0]].dtype == "INT32"
    assert_same(before, made)


@pytest.mark.parametrize(
    ("name", "dtype", "rank", "stated", "needed"),
    [
        ("SUB", "FLOAT32", 4, 3, 1),
        ("SUB", "INT8", 4, 3, 2),
        ("SUB", "FLOAT32", 5, 3, 3),
        ("SUB", "INT32", 4, 3, 1),
        # What is behind these versions isn't known.
        ("SUB", "FLOAT32", 4, 9, 9),
        ("SUB", "INT64", 4, 4, 4),
    ],
)
def test_versions(name: str, dtype: str, rank: int, stated: int, needed: int) -> None:
    scale = [0.5] if dtype == "INT8" else []
    tensors = [tensor(each, [2] * rank, dtype, scale=scale) for each in "abc"]
    before = model(tensors, [operator(name, ["a", "b"], ["c"], version=stated)])
    made = read_bytes(rewritten(before, "version-lowered"), "m")
    assert made.subgraphs[0].operators[0].version == needed


@st.composite
def stretches(draw: st.DrawFn) -> tuple[list[Description], list[Description], int]:
    """RESHAPE to five or six dimensions, elementwise and reducing operators there, and RESHAPE back."""
    shape = [1, *draw(st.lists(st.integers(1, 3), min_size=4, max_size=5))]
    axes = draw(st.lists(st.integers(1, len(shape) - 1), min_size=1, max_size=3, unique=True))
    small = [1 if axis in axes else size for axis, size in enumerate(shape)]
    count, rank = prod(shape), len(shape)
    constant = np.arange(1, shape[-1] + 1, dtype=np.float32).tobytes()
    steps = draw(st.lists(st.sampled_from(["ABS", "SQUARE", "constant"]), max_size=3))
    tensors: list[Description] = [
        tensor("x", [count]),
        whole("to", shape),
        tensor("a", shape),
        whole("axes", axes),
        tensor("m", small),
        whole("back", [count]),
        tensor("k", [shape[-1]], data=constant),
        tensor("d", shape),
        tensor("y", [count]),
    ]
    made = [
        operator("RESHAPE", ["x", "to"], ["a"]),
        operator("MEAN", ["a", "axes"], ["m"], {"keep_dims": True}),
        operator("SUB", ["a", "m"], ["d"], version=3),
    ]
    last = "d"
    for number, step in enumerate(steps):
        tensors.append(tensor(f"s{number}", shape))
        inputs = [last, "k"] if step == "constant" else [last]
        made.append(operator("MUL" if step == "constant" else step, inputs, [f"s{number}"]))
        last = f"s{number}"
    made.append(operator("RESHAPE", [last, "back"], ["y"]))
    return tensors, made, rank


@given(stretches())
def test_stretches_of_many_dimensions(drawn: tuple[list[Description], list[Description], int]) -> None:
    tensors, steps, _ = drawn
    before = model(tensors, steps)
    made = rewritten(before, "stretch-of-rank-four")
    if made != before:
        graph = read_bytes(made, "m").subgraphs[0]
        read = {index for each in graph.operators for index in (*each.inputs, *each.outputs)}
        assert max(len(graph.tensors[index].shape) for index in read) <= 4
        assert [each.name for each in graph.operators] == [step["name"] for step in steps]
    assert_same(before, made, rtol=1e-5)


def test_a_stretch_with_an_open_batch() -> None:
    before = model(
        [
            tensor("x", [1, 24], shape_signature=[-1, 24]),
            whole("to", [-1, 2, 3, 2, 2]),
            tensor("a", [1, 2, 3, 2, 2], shape_signature=[-1, 2, 3, 2, 2]),
            tensor("b", [1, 2, 3, 2, 2], shape_signature=[-1, 2, 3, 2, 2]),
            whole("back", [-1, 24]),
            tensor("y", [1, 24], shape_signature=[-1, 24]),
        ],
        [
            operator("RESHAPE", ["x", "to"], ["a"]),
            operator("EXP", ["a"], ["b"]),
            operator("RESHAPE", ["b", "back"], ["y"]),
        ],
    )
    made = rewritten(before, "stretch-of-rank-four")
    tensors = read_bytes(made, "m").subgraphs[0].tensors
    assert (tensors[2].shape, tensors[2].shape_signature) == ((1, 6, 2, 2), (-1, 6, 2, 2))
    assert_same(before, made)
    assert_same(before, made, {0: [3, 24]})

"""Sparse weights, composites, operands read twice: computed the same before and after."""

from __future__ import annotations

import struct
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import read_bytes
from tests.building import model, operator, subgraph, tensor
from tests.rewriting.holding import assert_same, operators, rewritten

pytest.importorskip("ai_edge_litert.interpreter")


#: A FlexBuffer of a map without entries.
_EMPTY_MAP = bytes([0, 1, 0, 0, 36, 1])


@st.composite
def sparse(draw: st.DrawFn) -> tuple[list[int], bytes, dict[str, object]]:
    """A matrix of which some elements are kept, row by row or in blocks of columns."""
    rows, columns, block = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.sampled_from([1, 2]))
    kept = [[draw(st.booleans()) for _ in range(columns)] for _ in range(rows)]
    segments, indices = [0], []
    for row in kept:
        indices += [column for column, there in enumerate(row) if there]
        segments.append(len(indices))
    if not indices:
        kept[0][0], indices = True, [0]
        segments = [0] + [1] * rows
    values = np.arange(1, len(indices) * block + 1, dtype=np.float32)
    levels = [
        {"format": "DENSE", "dense_size": rows},
        {
            "format": "SPARSE_CSR",
            "array_segments_type": "Int32Vector",
            "array_segments": {"values": segments},
            "array_indices_type": "Int32Vector",
            "array_indices": {"values": indices},
        },
    ]
    table: dict[str, object] = {"traversal_order": [0, 1], "block_map": [], "dim_metadata": levels}
    if block > 1:
        levels.append({"format": "DENSE", "dense_size": block})
        table |= {"traversal_order": [0, 1, 2], "block_map": [1]}
    return [rows, columns * block], values.tobytes(), table


@given(sparse())
def test_sparse_weights(drawn: tuple[list[int], bytes, dict[str, object]]) -> None:
    shape, data, table = drawn
    before = model(
        [
            tensor("x", shape),
            tensor("w", shape, data=data, sparsity=table),
            tensor("d", shape),
            tensor("y", shape),
        ],
        [operator("DENSIFY", ["w"], ["d"]), operator("ADD", ["x", "d"], ["y"])],
    )
    made = rewritten(before, "sparse-weights-dense")
    assert operators(made) == ["ADD"]
    assert_same(before, made)


def composite(shape: list[int], times: int, **constant: Any) -> bytes:
    """NEG, and a composite of additions of a constant."""
    names = ["p", *(f"t{number}" for number in range(times))]
    steps = [operator("ADD", [a, "c"], [b]) for a, b in pairwise(names)]
    tensors = [*(tensor(name, shape) for name in names), tensor("c", shape, **constant)]
    inner = subgraph(tensors, steps, inputs=["p"], name="inner")
    outer = subgraph(
        [tensor("x", shape), tensor("a", shape), tensor("y", shape)],
        [
            operator("NEG", ["x"], ["a"]),
            operator(
                "STABLEHLO_COMPOSITE",
                ["a"],
                ["y"],
                {
                    "name": "mine",
                    "decomposition_subgraph_index": 1,
                    "version": 1,
                    "composite_attributes": _EMPTY_MAP,
                },
            ),
        ],
    )
    return model(subgraphs=[outer, inner])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_composites(shape: list[int], times: int) -> None:
    before = composite(shape, times, data=np.arange(prod(shape), dtype=np.float32).tobytes())
    made = rewritten(before, "composite-written-out")
    assert operators(made) == ["NEG", *["ADD"] * times]
    assert_same(before, made)


def test_a_composite_of_numbers_on_another_scale_stays() -> None:
    """Its parts read the same bytes, and take them for other numbers."""
    inner = subgraph(
        [tensor("p", [2], "INT8", scale=[0.5]), tensor("q", [2])],
        [operator("DEQUANTIZE", ["p"], ["q"], version=2)],
        name="inner",
    )
    options = {"name": "mine", "decomposition_subgraph_index": 1, "composite_attributes": _EMPTY_MAP}
    outer = subgraph(
        [tensor("x", [2], "INT8", scale=[0.25]), tensor("y", [2])],
        [operator("STABLEHLO_COMPOSITE", ["x"], ["y"], options)],
    )
    before = model(subgraphs=[outer, inner])
    assert rewritten(before, "composite-written-out") == before


def test_a_composite_of_weights_of_another_file_stays() -> None:
    before = composite([2], 1, external_buffer=1)
    assert rewritten(before, "composite-written-out") == before


def test_what_a_composite_is_made_of_keeps_its_ranges() -> None:
    ranges = {"min": [-1.0], "max": [2.0], "scale": [0.5], "zero_point": [3]}
    before = composite([2], 1, data=bytes(8), quantization=ranges)
    tensors = read_bytes(rewritten(before, "composite-written-out"), "m").subgraphs[0].tensors
    [kept] = [each.quantization for each in tensors if each.quantization is not None]
    assert (kept.scales, kept.zero_points) == ((0.5,), (3,))
    assert (tuple(kept.minimum), tuple(kept.maximum)) == ((-1.0,), (2.0,))


@given(st.integers(1, 5), st.sampled_from(["FLOAT32", "INT32"]))
def test_operands_read_twice(size: int, dtype: str) -> None:
    before = model(
        [tensor("x", [1, size], dtype), tensor("y", [2, 1, size], dtype)],
        [operator("PACK", ["x", "x"], ["y"], {"values_count": 2, "axis": 0})],
    )
    made = rewritten(before, "same-operand-parted")
    assert operators(made) == ["RESHAPE", "PACK"]
    assert_same(before, made)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_relu_0_to_1(shape: list[int]) -> None:
    before = model([tensor("x", shape), tensor("y", shape)], [operator("RELU_0_TO_1", ["x"], ["y"])])
    made = rewritten(before, "relu-0-to-1-apart")
    assert operators(made) == ["RELU", "MINIMUM"]
    assert_same(before, made)


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 3))
def test_slices_of_rank_four(rank: int, size: int, first: int) -> None:
    first = min(first, size - 1)
    masks = {"shrink_axis_mask": 1, "end_mask": 2**rank - 2}
    before = model(
        [
            tensor("x", [size] * rank),
            tensor("b", [rank], "INT32", data=struct.pack(f"<{rank}i", first, *[0] * (rank - 1))),
            tensor("e", [rank], "INT32", data=struct.pack(f"<{rank}i", first + 1, *[1] * (rank - 1))),
            tensor("s", [rank], "INT32", data=struct.pack(f"<{rank}i", *[1] * rank)),
            tensor("y", [size] * (rank - 1)),
        ],
        [operator("STRIDED_SLICE", ["x", "b", "e", "s"], ["y"], masks)],
    )
    made = rewritten(before, "slice-of-rank-four")
    assert operators(made) == ["RESHAPE", "STRIDED_SLICE", "RESHAPE"]
    assert_same(before, made)


@given(st.lists(st.integers(1, 3), min_size=5, max_size=5), st.permutations(range(5)), st.booleans())
def test_transposed_without_ones(shape: list[int], order: list[int], viewed: bool) -> None:
    shape[order[0]] = 1
    into = [shape[axis] for axis in order]
    count = prod(shape)
    last = [operator("RESHAPE", ["t", "flat"], ["y"])] if viewed else [operator("ABS", ["t"], ["y"])]
    before = model(
        [
            tensor("x", [count]),
            tensor("five", [5], "INT32", data=struct.pack("<5i", *shape)),
            tensor("v", shape),
            tensor("order", [5], "INT32", data=struct.pack("<5i", *order)),
            tensor("t", into),
            tensor("flat", [1], "INT32", data=struct.pack("<i", count)),
            tensor("y", [count] if viewed else into),
        ],
        [
            operator("RESHAPE", ["x", "five"], ["v"]),
            operator("TRANSPOSE", ["v", "order"], ["t"], version=5),
            *last,
        ],
    )
    made = rewritten(before, "rearranged-without-ones")
    assert operators(made) == ["RESHAPE", "TRANSPOSE", "RESHAPE", *([] if viewed else ["ABS"])]
    assert_same(before, made)


@given(st.lists(st.integers(1, 4), min_size=5, max_size=5), st.integers(0, 4), st.integers(0, 99))
def test_sliced_without_ones(shape: list[int], one: int, seed: int) -> None:
    shape[one] = 1
    random = np.random.default_rng(seed)
    begins = [int(random.integers(0, size)) for size in shape]
    sizes = [int(random.integers(1, size - begin + 1)) for size, begin in zip(shape, begins, strict=True)]
    before = model(
        [
            tensor("x", shape),
            tensor("begin", [5], "INT32", data=struct.pack("<5i", *begins)),
            tensor("size", [5], "INT32", data=struct.pack("<5i", *sizes)),
            tensor("y", sizes),
        ],
        [operator("SLICE", ["x", "begin", "size"], ["y"], version=5)],
    )
    made = rewritten(before, "rearranged-without-ones")
    assert operators(made) == ["RESHAPE", "SLICE", "RESHAPE"]
    assert_same(before, made)


@given(
    st.lists(st.integers(1, 3), min_size=5, max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.sampled_from(["FLOAT32", "INT32"]),
)
def test_broadcasts_of_many_dimensions(shape: list[int], repeated: list[bool], dtype: str) -> None:
    small = [1 if again else size for size, again in zip(shape, repeated, strict=False)]
    rank = len(shape)
    before = model(
        [
            tensor("x", small, dtype),
            tensor("shape", [rank], "INT32", data=struct.pack(f"<{rank}i", *shape)),
            tensor("y", shape, dtype),
        ],
        [operator("BROADCAST_TO", ["x", "shape"], ["y"], version=2)],
    )
    made = rewritten(before, "broadcast-of-fewer-dimensions")
    if made != before:
        assert operators(made) == ["RESHAPE", "TILE", "RESHAPE"]
    assert_same(before, made)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_views_of_views(shape: list[int]) -> None:
    count = prod(shape)
    before = model(
        [
            tensor("x", shape),
            tensor("flat", [1], "INT32", data=struct.pack("<i", count)),
            tensor("a", [count]),
            tensor("open", [2], "INT32", data=struct.pack("<2i", -1, 1)),
            tensor("y", [count, 1]),
        ],
        [operator("RESHAPE", ["x", "flat"], ["a"]), operator("RESHAPE", ["a", "open"], ["y"])],
    )
    made = rewritten(before, "views-of-views", "dead-operators")
    assert operators(made) == ["RESHAPE"]
    assert_same(before, made)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 99))
def test_constants_of_half_precision(shape: list[int], seed: int) -> None:
    half = np.random.default_rng(seed).uniform(-9, 9, prod(shape)).astype(np.float16)
    before = model(
        [
            tensor("x", shape),
            tensor("h", shape, "FLOAT16", data=half.tobytes()),
            tensor("w", shape),
            tensor("y", shape),
        ],
        [operator("DEQUANTIZE", ["h"], ["w"], version=3), operator("MUL", ["x", "w"], ["y"])],
    )
    made = rewritten(before, "half-constants-widened")
    assert operators(made) == ["MUL"]
    assert_same(before, made)

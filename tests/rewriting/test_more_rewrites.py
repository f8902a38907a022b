"""Ranks, look-ups, slices, broadcasts, normalizations, convolutions: computed the same before and after."""

from __future__ import annotations

import struct
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.building import model, operator, tensor
from tests.rewriting.holding import assert_same, operators, outputs, rewritten

pytest.importorskip("ai_edge_litert.interpreter")

BINARY = st.sampled_from(["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "LESS"])


def ints(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}i", *numbers)


def floats(count: int) -> bytes:
    return np.random.default_rng(count).uniform(-2, 2, count).astype(np.float32).tobytes()


@st.composite
def broadcasts(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Two shapes of different ranks, and what they broadcast to."""
    output = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    rank = draw(st.integers(0, len(output) - 1))
    small = [draw(st.sampled_from([1, size])) for size in output[len(output) - rank :]]
    return output, small, output


@given(broadcasts(), BINARY, st.booleans(), st.booleans(), st.sampled_from(["one-rank", "rank-four"]))
def test_operands_of_one_rank(
    shapes: tuple[list[int], list[int], list[int]], name: str, constant: bool, first: bool, to: str
) -> None:
    large, small, output = shapes
    data = floats(prod(small)) if constant else None
    operands = ["a", "b"] if first else ["b", "a"]
    before = model(
        [
            tensor("a", large),
            tensor("b", small, data=data),
            tensor("y", output, "BOOL" if name == "LESS" else "FLOAT32"),
        ],
        [operator(name, operands, ["y"], version=2 if name == "SQUARED_DIFFERENCE" else 1)],
    )
    made = rewritten(before, f"operands-of-{to}")
    if to == "one-rank" or len(output) < 4:
        assert made != before
    assert_same(before, made)


def test_a_broadcast_to_another_scale_stays() -> None:
    """It hands on bytes, which its readers take for other numbers."""
    before = model(
        [
            tensor("x", [1, 3], "INT8", scale=[0.5]),
            tensor("to", [2], "INT32", data=struct.pack("<2i", 2, 3)),
            tensor("b", [2, 3], "INT8", scale=[0.25]),
            tensor("z", [2, 3], "INT8", scale=[0.5]),
            tensor("y", [2, 3], "INT8", scale=[0.5]),
        ],
        [
            operator("BROADCAST_TO", ["x", "to"], ["b"], version=2),
            operator("ADD", ["b", "z"], ["y"], version=2),
        ],
    )
    made = rewritten(before, "broadcast-by-readers")
    assert operators(made) == ["BROADCAST_TO", "ADD"]


def test_scales_along_a_dimension_keep_its_place() -> None:
    tensors = [tensor(name, [2, 4], "INT8", scale=[0.1, 0.2, 0.3, 0.4], axis=1) for name in "xzy"]
    before = model(tensors, [operator("MAXIMUM", ["x", "z"], ["y"], version=2)])
    assert rewritten(before, "operands-of-rank-four") == before


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.integers(1, 3), max_size=3).filter(lambda shape: len(shape) != 1),
    st.integers(0, 2),
    st.booleans(),
)
def test_gather(table: list[int], indices: list[int], place: int, constant: bool) -> None:
    # More rows than inputs made up at random ask for.
    axis, table = place % len(table), [size + 4 for size in table]
    output = [*table[:axis], *indices, *table[axis + 1 :]]
    chosen = np.random.default_rng(1).integers(0, table[axis], prod(indices)).astype(np.int32)
    before = model(
        [
            tensor("w", table, data=floats(prod(table))),
            tensor("i", indices, "INT32", data=chosen.tobytes() if constant else None),
            tensor("y", output),
        ],
        [operator("GATHER", ["w", "i"], ["y"], {"axis": axis})],
    )
    made = rewritten(before, "gather-flattened")
    assert made != before
    assert_same(before, made)


@given(st.integers(1, 6))
def test_gather_on_an_open_batch(batch: int) -> None:
    before = model(
        [
            tensor("w", [5, 3], data=floats(15)),
            tensor("i", [1, 2], "INT32", shape_signature=[-1, 2]),
            tensor("y", [1, 2, 3], shape_signature=[-1, 2, 3]),
        ],
        [operator("GATHER", ["w", "i"], ["y"])],
    )
    made = rewritten(before, "gather-flattened")
    assert operators(made) == ["RESHAPE", "GATHER", "RESHAPE"]
    assert_same(before, made, {0: [batch, 2]})


@st.composite
def slices(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], list[int], dict[str, int], list[int]]:
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    count = draw(st.integers(1, len(shape)))
    masks = {"shrink_axis_mask": draw(st.integers(1, 2**count - 1))}
    masks["begin_mask"], masks["end_mask"] = (draw(st.integers(0, 2**count - 1)) for _ in "be")
    begins, ends, steps, output = [], [], [], []
    for axis, size in enumerate(shape):
        if axis >= count:
            output.append(size)
            continue
        if masks["shrink_axis_mask"] >> axis & 1:
            begins.append(draw(st.integers(-size, size - 1)))
            ends.append(begins[-1] + 1)
            steps.append(1)
            continue
        begins.append(draw(st.integers(0, size - 1)))
        ends.append(draw(st.integers(begins[-1] + 1, size)))
        steps.append(draw(st.integers(1, 2)))
        first = 0 if masks["begin_mask"] >> axis & 1 else begins[-1]
        last = size if masks["end_mask"] >> axis & 1 else ends[-1]
        output.append(len(range(first, last, steps[-1])))
    return shape, begins, ends, steps, masks, output


@given(slices())
def test_shrinking_slices(
    drawn: tuple[list[int], list[int], list[int], list[int], dict[str, int], list[int]],
) -> None:
    shape, begins, ends, steps, masks, output = drawn
    count = [len(begins)]
    before = model(
        [
            tensor("x", shape),
            tensor("begin", count, "INT32", data=ints(*begins)),
            tensor("end", count, "INT32", data=ints(*ends)),
            tensor("steps", count, "INT32", data=ints(*steps)),
            tensor("y", output),
        ],
        [operator("STRIDED_SLICE", ["x", "begin", "end", "steps"], ["y"], masks)],
    )
    made = rewritten(before, "shrink-axis-as-reshape")
    assert operators(made) == ["STRIDED_SLICE", "RESHAPE"]
    assert_same(before, made)


@given(broadcasts(), st.sampled_from(["FLOAT32", "INT32", "BOOL"]))
def test_broadcasts_as_tile(shapes: tuple[list[int], list[int], list[int]], dtype: str) -> None:
    _, small, output = shapes
    small = small or [1]
    before = model(
        [
            tensor("x", small, dtype),
            tensor("shape", [len(output)], "INT32", data=ints(*output)),
            tensor("y", output, dtype),
        ],
        [operator("BROADCAST_TO", ["x", "shape"], ["y"], version=2)],
    )
    made = rewritten(before, "broadcast-as-tile")
    assert operators(made)[-1] == "TILE"
    assert_same(before, made)


@given(broadcasts(), broadcasts(), st.sampled_from(["ADD", "MUL"]))
def test_broadcasts_left_to_readers(
    shapes: tuple[list[int], list[int], list[int]], other: tuple[list[int], list[int], list[int]], name: str
) -> None:
    _, small, output = shapes
    small, second = small or [1], [size if at % 2 else 1 for at, size in enumerate(output)]
    before = model(
        [
            tensor("x", small),
            tensor("z", second),
            tensor("shape", [len(output)], "INT32", data=ints(*output)),
            tensor("b", output),
            tensor("y", output),
        ],
        [
            operator("BROADCAST_TO", ["x", "shape"], ["b"], version=2),
            operator(name, ["b", "z"], ["y"]),
        ],
    )
    assert_same(before, rewritten(before, "broadcast-by-readers"))


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4), st.sampled_from(["LOG_SOFTMAX", "L2_NORMALIZATION"])
)
def test_normalizations(shape: list[int], name: str) -> None:
    before = model([tensor("x", shape), tensor("y", shape)], [operator(name, ["x"], ["y"])])
    made = rewritten(before, f"{name.lower().replace('_', '-')}-apart")
    assert name not in operators(made)
    assert_same(before, made, rtol=1e-5)


@st.composite
def dilations(draw: st.DrawFn) -> tuple[int, int, int, int, str, bool]:
    """Height and width, kernel, block, padding, and whether it goes by depth."""
    sizes = draw(st.integers(4, 9)), draw(st.integers(4, 9))
    return (
        *sizes,
        draw(st.integers(1, 3)),
        draw(st.integers(2, 3)),
        draw(st.sampled_from(["SAME", "VALID"])),
        draw(st.booleans()),
    )


@given(dilations())
def test_dilated_convolutions(drawn: tuple[int, int, int, int, str, bool]) -> None:
    height, width, kernel, block, padding, depthwise = drawn
    reach = (kernel - 1) * block
    if padding == "VALID" and reach >= min(height, width):
        return
    pads, crops, spread, output = [], [], [], []
    for size in (height, width):
        before = reach // 2 if padding == "SAME" else 0
        base = size + (reach if padding == "SAME" else 0)
        extra = -base % block
        pads += [before, base - size - before + extra]
        crops += [0, extra]
        spread.append((base + extra) // block)
        output.append(base - reach)
    inner = [size - kernel + 1 for size in spread]
    channels = 2
    weights = [1, kernel, kernel, channels] if depthwise else [channels, kernel, kernel, channels]
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1}
    options |= {"depth_multiplier": 1} if depthwise else {}
    data = model(
        [
            tensor("x", [1, height, width, channels]),
            tensor("block", [2], "INT32", data=ints(block, block)),
            tensor("pads", [2, 2], "INT32", data=ints(*pads)),
            tensor("s", [block * block, *spread, channels]),
            tensor("w", weights, data=floats(prod(weights))),
            tensor("bias", [channels], data=floats(channels)),
            tensor("c", [block * block, *inner, channels]),
            tensor("crops", [2, 2], "INT32", data=ints(*crops)),
            tensor("y", [1, *output, channels]),
        ],
        [
            operator("SPACE_TO_BATCH_ND", ["x", "block", "pads"], ["s"]),
            operator(name, ["s", "w", "bias"], ["c"], options),
            operator("BATCH_TO_SPACE_ND", ["c", "block", "crops"], ["y"]),
        ],
    )
    made = rewritten(data, "dilated-convolution")
    assert operators(made) == [name]
    assert_same(data, made, rtol=1e-6)


@pytest.mark.parametrize("padding", [1, 2])
def test_transposed_convolution_with_bias(padding: int) -> None:
    output = [1, 8, 6, 3] if padding == 1 else [1, 9, 7, 3]
    data = model(
        [
            tensor("x", [1, 4, 3, 2]),
            tensor("w", [3, 3, 3, 2], data=floats(54)),
            tensor("b", [3], data=floats(3)),
            tensor("y", output),
        ],
        [
            operator(
                "Convolution2DTransposeBias",
                ["x", "w", "b"],
                ["y"],
                None,
                custom_options=struct.pack("<iii", padding, 2, 2),
            )
        ],
    )
    made = rewritten(data, "transposed-convolution-with-bias")
    assert operators(made) == ["TRANSPOSE_CONV", "ADD"]
    [computed] = outputs(made)
    assert computed.shape == tuple(output)


@given(st.integers(-(2**63), 2**63 - 1))
@example(2**60 + 2**36 + 1)  # which float64 rounds to the middle between two of float32
@example(2**53)
def test_whole_numbers_cast_ahead(number: int) -> None:
    before = model(
        [
            tensor("x", [1]),
            tensor("c", [1], "INT64", data=struct.pack("<q", number)),
            tensor("f", [1]),
            tensor("y", [1]),
        ],
        [
            operator("CAST", ["c"], ["f"], {"in_data_type": "INT64", "out_data_type": "FLOAT32"}),
            operator("MUL", ["f", "x"], ["y"]),
        ],
        inputs=["x"],
    )
    made = rewritten(before, "constants-folded")
    assert operators(made) == (["MUL"] if abs(number) <= 2**53 else ["CAST", "MUL"])
    assert_same(before, made)

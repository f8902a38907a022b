"""Views, constants, what isn't needed: patterns in many shapes, computed the same before and after."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.building import model, operator, tensor
from tests.rewriting.holding import assert_same, operators, rewritten

pytest.importorskip("ai_edge_litert.interpreter")

SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=5)
TYPES = st.sampled_from(["FLOAT32", "INT32", "INT8", "INT64", "BOOL"])


def ints(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}i", *numbers)


@given(SHAPES, TYPES, st.integers(0, 5))
def test_expand_dims(shape: list[int], dtype: str, place: int) -> None:
    axis = min(place, len(shape))
    after = [*shape[:axis], 1, *shape[axis:]]
    data = model(
        [tensor("x", shape, dtype), tensor("axis", [], "INT32", data=ints(axis)), tensor("y", after, dtype)],
        [operator("EXPAND_DIMS", ["x", "axis"], ["y"])],
    )
    made = rewritten(data, "views-as-reshape")
    assert operators(made) == ["RESHAPE"]
    assert_same(data, made)


@given(SHAPES, TYPES)
def test_squeeze(shape: list[int], dtype: str) -> None:
    after = [size for size in shape if size != 1]
    data = model([tensor("x", shape, dtype), tensor("y", after, dtype)], [operator("SQUEEZE", ["x"], ["y"])])
    made = rewritten(data, "views-as-reshape")
    assert operators(made) == ["RESHAPE"]
    assert_same(data, made)


@given(st.integers(1, 4), st.integers(1, 4))
def test_an_open_batch_stays_open(batch: int, channels: int) -> None:
    data = model(
        [
            tensor("x", [1, 1, channels], shape_signature=[-1, 1, channels]),
            tensor("y", [1, channels], shape_signature=[-1, channels]),
        ],
        [operator("SQUEEZE", ["x"], ["y"], {"squeeze_dims": [1]})],
    )
    made = rewritten(data, "views-as-reshape")
    assert operators(made) == ["RESHAPE"]
    assert_same(data, made, {0: [batch, 1, channels]})


def shaped(open_batch: bool, sizes: Sequence[int]) -> bytes:
    """RESHAPE to a shape that is put together of the input's own batch and constants, as Keras does."""
    batch, rows, columns = sizes
    signature = [-1, rows, columns] if open_batch else None
    flat = [-1, rows * columns] if open_batch else None
    return model(
        [
            tensor("x", [batch, rows, columns], shape_signature=signature),
            tensor("begin", [1], "INT32", data=ints(0)),
            tensor("end", [1], "INT32", data=ints(1)),
            tensor("one", [1], "INT32", data=ints(1)),
            tensor("rest", [], "INT32", data=ints(rows * columns)),
            tensor("shape", [3], "INT32"),
            tensor("batch", [], "INT32"),
            tensor("packed", [2], "INT32"),
            tensor("y", [batch, rows * columns], shape_signature=flat),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("STRIDED_SLICE", ["shape", "begin", "end", "one"], ["batch"], {"shrink_axis_mask": 1}),
            operator("PACK", ["batch", "rest"], ["packed"], {"values_count": 2, "axis": 0}),
            operator("RESHAPE", ["x", "packed"], ["y"], {}),
        ],
    )


ALL = ("constants-folded", "reshape-by-constant", "dead-operators")


@given(st.booleans(), st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)), st.integers(1, 7))
def test_shape_arithmetic(open_batch: bool, sizes: tuple[int, int, int], batch: int) -> None:
    data = shaped(open_batch, sizes)
    made = rewritten(data, *ALL)
    assert operators(made) == ["RESHAPE"]
    assert_same(data, made)
    if open_batch:
        assert_same(data, made, {0: [batch, *sizes[1:]]})


def test_what_hangs_on_an_open_size_is_no_constant() -> None:
    data = model(
        [
            tensor("x", [1, 4], shape_signature=[-1, 4]),
            tensor("shape", [2], "INT32"),
            tensor("y", [2], "INT32"),
        ],
        [operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}), operator("NEG", ["shape"], ["y"])],
    )
    assert rewritten(data, *ALL) == data


@given(st.integers(-5, 5), st.integers(1, 5), st.sampled_from(["ADD", "SUB", "MUL", "MAXIMUM", "FLOOR_DIV"]))
def test_arithmetic_on_constants(a: int, b: int, name: str) -> None:
    data = model(
        [
            tensor("x", [2], "INT32"),
            tensor("a", [2], "INT32", data=ints(a, b)),
            tensor("b", [1], "INT32", data=ints(b)),
            tensor("c", [2], "INT32"),
            tensor("y", [2], "INT32"),
        ],
        [operator(name, ["a", "b"], ["c"]), operator("ADD", ["x", "c"], ["y"])],
    )
    made = rewritten(data, *ALL)
    assert operators(made) == ["ADD"]
    assert_same(data, made)


@given(st.permutations([0, 1, 2]), st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)))
def test_a_transposed_constant(order: list[int], shape: tuple[int, int, int]) -> None:
    count = shape[0] * shape[1] * shape[2]
    into = [shape[axis] for axis in order]
    data = model(
        [
            tensor("x", into),
            tensor("w", shape, data=struct.pack(f"<{count}f", *range(count))),
            tensor("order", [3], "INT32", data=ints(*order)),
            tensor("t", into),
            tensor("y", into),
        ],
        [operator("TRANSPOSE", ["w", "order"], ["t"]), operator("MUL", ["x", "t"], ["y"])],
    )
    made = rewritten(data, *ALL)
    assert operators(made) == ["MUL"]
    assert_same(data, made)


def quantized(name: str, scale: float = 0.5, point: int = 3) -> dict[str, object]:
    return tensor(name, [1, 4], "INT8", scale=[scale], zero_point=[point])


@pytest.mark.parametrize(
    ("scale", "left"), [(0.5, ["ADD", "ADD"]), (0.25, ["ADD", "DEQUANTIZE", "QUANTIZE", "ADD"])]
)
def test_pairs_that_change_nothing(scale: float, left: list[str]) -> None:
    data = model(
        [quantized("x"), quantized("a"), tensor("f", [1, 4]), quantized("q", scale), quantized("y")],
        [
            operator("ADD", ["x", "x"], ["a"], version=2),
            operator("DEQUANTIZE", ["a"], ["f"], version=2),
            operator("QUANTIZE", ["f"], ["q"]),
            operator("ADD", ["q", "q"], ["y"], version=2),
        ],
    )
    made = rewritten(data, "quantize-pairs", "dead-operators")
    assert operators(made) == left
    assert_same(data, made)


@pytest.mark.parametrize("read", [False, True])
def test_an_idle_operator_before_an_output(read: bool) -> None:
    after = [operator("ABS", ["y"], ["z"])] if read else []
    data = model(
        [
            tensor("x", [1, 4]),
            tensor("a", [1, 4]),
            tensor("shape", [2], "INT32", data=ints(1, 4)),
            tensor("y", [1, 4]),
            tensor("z", [1, 4]),
        ],
        [operator("NEG", ["x"], ["a"]), operator("RESHAPE", ["a", "shape"], ["y"]), *after],
        outputs=["y", "z"] if read else ["y"],
    )
    made = rewritten(data, "idle-operators")
    assert operators(made) == ["NEG", *(["ABS"] if read else [])]
    assert_same(data, made)


def test_an_output_that_would_be_an_input_stays() -> None:
    data = model(
        [tensor("x", [4]), tensor("shape", [1], "INT32", data=ints(4)), tensor("y", [4])],
        [operator("RESHAPE", ["x", "shape"], ["y"])],
    )
    assert rewritten(data, "idle-operators") == data

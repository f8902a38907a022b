"""What an app may resize, and what changes from run to run, is told from what stays."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.building import model, operator, subgraph, tensor
from tests.rewriting.holding import assert_same, operators, rewritten

pytest.importorskip("ai_edge_litert.interpreter")

Description = dict[str, object]


def whole(name: str, *values: int, shape: Sequence[int] | None = None) -> Description:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


@given(st.integers(1, 4), st.integers(1, 4))
def test_two_open_sizes_are_two(rows: int, columns: int) -> None:
    before = model(
        [
            tensor("x", [1, 1], shape_signature=[-1, -1]),
            tensor("shape", [2], "INT32"),
            whole("order", 1, 0),
            tensor("turned", [2], "INT32"),
            tensor("y", [1, 1], shape_signature=[-1, -1]),
            tensor("z", [1, 1], shape_signature=[-1, -1]),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("GATHER", ["shape", "order"], ["turned"]),
            operator("RESHAPE", ["x", "turned"], ["y"]),
            operator("ABS", ["y"], ["z"]),
        ],
    )
    made = rewritten(before, "idle-operators", "reshape-by-constant", "constants-folded")
    assert_same(before, made, {0: [rows, columns]})


@pytest.mark.parametrize("name", ["FLOOR_DIV", "MAXIMUM"])
def test_what_hangs_on_an_open_size_now_and_then(name: str) -> None:
    """A quotient and a largest that are the same for many sizes, not for all."""
    before = model(
        [
            tensor("x", [1, 2], shape_signature=[-1, 2]),
            tensor("shape", [2], "INT32"),
            *(whole(each, *at) for each, at in (("begin", [0]), ("end", [1]), ("one", [1]))),
            tensor("batch", [], "INT32"),
            whole("eight", 8, shape=[]),
            tensor("a", [], "INT32"),
            tensor("f", []),
            tensor("y", [1, 2], shape_signature=[-1, 2]),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("STRIDED_SLICE", ["shape", "begin", "end", "one"], ["batch"], {"shrink_axis_mask": 1}),
            operator(name, ["batch", "eight"], ["a"]),
            operator("CAST", ["a"], ["f"], {"in_data_type": "INT32", "out_data_type": "FLOAT32"}),
            operator("ADD", ["x", "f"], ["y"]),
        ],
    )
    for batch in (1, 9, 17):
        assert_same(before, rewritten(before, "constants-folded"), {0: [batch, 2]})


def test_what_is_left_over_hangs_on_an_open_size() -> None:
    """The padding of a dilated convolution, up to a multiple, as TensorFlow writes it."""
    before = model(
        [
            tensor("x", [1, 1, 1], shape_signature=[-1, -1, -1]),
            tensor("shape", [3], "INT32"),
            *(whole(each, *at) for each, at in (("begin", [1]), ("end", [2]), ("one", [1]))),
            tensor("sizes", [1], "INT32"),
            whole("pads", 12),
            tensor("sum", [1], "INT32"),
            whole("six", 6),
            tensor("rest", [1], "INT32"),
            tensor("y", [1], "INT32"),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("STRIDED_SLICE", ["shape", "begin", "end", "one"], ["sizes"]),
            operator("ADD", ["sizes", "pads"], ["sum"]),
            operator("FLOOR_MOD", ["sum", "six"], ["rest"]),
            operator("SUB", ["six", "rest"], ["y"]),
        ],
    )
    assert rewritten(before, "constants-folded") == before


@pytest.mark.parametrize("size", [256, 257, 300])
def test_a_size_that_few_others_tell_apart(size: int) -> None:
    """Pools give as many rows for sizes that are near each other."""
    rows = (size - 32) // 32 + 1
    pool = {"padding": "VALID", "stride_w": 1, "stride_h": 32, "filter_width": 1, "filter_height": 32}
    before = model(
        [
            tensor("x", [1, size, 1, 1], shape_signature=[1, -1, 1, 1]),
            tensor("a", [1, rows, 1, 1], shape_signature=[1, -1, 1, 1]),
            tensor("y", [1, rows, 1], shape_signature=[1, -1, 1]),
        ],
        [
            operator("MAX_POOL_2D", ["x"], ["a"], pool),
            operator("SQUEEZE", ["a"], ["y"], {"squeeze_dims": [3]}),
        ],
    )
    made = rewritten(before, "views-as-reshape")
    assert operators(made) == ["MAX_POOL_2D", "RESHAPE"]
    assert_same(before, made, {0: [1, 64, 1, 1]})


def test_an_input_is_open_whatever_else_has_its_name() -> None:
    """A signature of another subgraph calls an input of fixed sizes the same."""
    fixed = subgraph([tensor("x", [2, 3]), tensor("y", [2, 3])], [operator("ABS", ["x"], ["y"])])
    free = subgraph(
        [
            tensor("x", [1, 4], shape_signature=[-1, 4]),
            tensor("sizes", [2], "INT32"),
            whole("one", 1, 1),
            tensor("y", [2], "INT32"),
        ],
        [
            operator("SHAPE", ["x"], ["sizes"], {"out_type": "INT32"}),
            operator("MUL", ["sizes", "one"], ["y"]),
        ],
        name="free",
    )
    signatures = [
        {
            "signature_key": key,
            "subgraph_index": graph,
            "inputs": [{"name": "x", "tensor_index": 0}],
            "outputs": [{"name": "y", "tensor_index": at}],
        }
        for key, graph, at in (("free", 1, 3), ("fixed", 0, 1))
    ]
    before = model(subgraphs=[fixed, free], signature_defs=signatures)
    assert rewritten(before, "constants-folded") == before


def test_equal_sizes_of_two_inputs_stay_so() -> None:
    """Sizes that have to be equal are tried as equal ones."""
    before = model(
        [
            tensor("x", [1, 1, 2], shape_signature=[-1, 1, 2]),
            tensor("z", [2, 1], shape_signature=[2, -1]),
            tensor("turned", [1, 2], shape_signature=[-1, 2]),
            whole("order", 1, 0),
            tensor("a", [1, 2], shape_signature=[-1, 2]),
            tensor("y", [1, 2], shape_signature=[-1, 2]),
        ],
        [
            operator("SQUEEZE", ["x"], ["a"], {"squeeze_dims": [1]}),
            operator("TRANSPOSE", ["z", "order"], ["turned"]),
            operator("ADD", ["a", "turned"], ["y"]),
        ],
        inputs=["x", "z"],
    )
    made = rewritten(before, "views-as-reshape")
    assert operators(made) == ["RESHAPE", "TRANSPOSE", "ADD"]
    assert_same(before, made, {0: [3, 1, 2], 1: [2, 3]})


def test_a_broadcast_to_an_open_size_stays_where_nothing_else_has_it() -> None:
    before = model(
        [
            tensor("x", [1, 3], shape_signature=[-1, 3]),
            tensor("row", [1, 3]),
            tensor("other", [1, 3]),
            tensor("shape", [2], "INT32"),
            tensor("b", [1, 3], shape_signature=[-1, 3]),
            tensor("y", [1, 3], shape_signature=[-1, 3]),
        ],
        [
            operator("SHAPE", ["x"], ["shape"], {"out_type": "INT32"}),
            operator("BROADCAST_TO", ["row", "shape"], ["b"], version=2),
            operator("ADD", ["b", "other"], ["y"]),
        ],
        inputs=["x", "row", "other"],
    )
    made = rewritten(before, "broadcast-by-readers")
    assert_same(before, made, {0: [4, 3]})


def test_a_broadcast_that_gives_the_rank_stays() -> None:
    before = model(
        [
            tensor("row", [3]),
            tensor("other", [3]),
            whole("shape", 1, 3),
            tensor("b", [1, 3]),
            tensor("y", [1, 3]),
        ],
        [
            operator("BROADCAST_TO", ["row", "shape"], ["b"], version=2),
            operator("ADD", ["b", "other"], ["y"]),
        ],
    )
    assert_same(before, rewritten(before, "broadcast-by-readers"))


def test_a_view_that_another_view_reads_stays() -> None:
    """What is read through on the way up is dropped only where nothing else hangs on it."""
    before = model(
        [
            tensor("x", [12]),
            whole("s", 1, 2, 2, 3),
            tensor("a", [1, 2, 2, 3]),
            whole("t", 1, 1, 2, 2, 3),
            tensor("b", [1, 1, 2, 2, 3]),
            whole("order", 0, 1, 3, 2, 4),
            tensor("y", [1, 1, 2, 2, 3]),
            tensor("z", [1, 1, 2, 2, 3]),
        ],
        [
            operator("RESHAPE", ["x", "s"], ["a"]),
            operator("RESHAPE", ["a", "t"], ["b"]),
            operator("TRANSPOSE", ["b", "order"], ["y"]),
            operator("ABS", ["b"], ["z"]),
        ],
    )
    made = rewritten(before, "rearranged-without-ones", rounds=1)
    assert made != before
    assert_same(before, made)


def filtering(between: Sequence[Description], *read: str) -> bytes:
    """A filter that keeps what it saw, and views of that from before it saw the newest."""
    return model(
        [
            tensor("x", [1, 2]),
            tensor("w", [3, 2], data=struct.pack("<6f", 1, 2, 3, 4, 5, 6)),
            tensor("t", [3, 2], data=struct.pack("<6f", 1, -2, 3, 4, -5, 6)),
            tensor("state", [1, 6], is_variable=True),
            whole("s", 1, 6),
            whole("s3", 6, 1),
            tensor("before", [1, 6]),
            tensor("again", [6, 1]),
            tensor("a", [1, 3]),
            tensor("y", [1, 6] if read == ("before",) else [6, 1]),
        ],
        [
            *between,
            operator("SVDF", ["x", "w", "t", -1, "state"], ["a"], {"rank": 1}),
            operator("ABS", read, ["y"]),
        ],
        inputs=["x"],
        outputs=["a", "y"],
    )


@pytest.mark.parametrize("name", ["idle-operators", "views-of-views"])
def test_a_view_of_a_state_is_from_before_it_changes(name: str) -> None:
    view = operator("RESHAPE", ["state", "s"], ["before"])
    more = operator("RESHAPE", ["before", "s3"], ["again"])
    data = filtering([view], "before") if name == "idle-operators" else filtering([view, more], "again")
    made = rewritten(data, name)
    assert made == data

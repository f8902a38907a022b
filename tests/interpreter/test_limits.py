"""Sizes beyond what the runtime counts with: one verdict each, and neither time nor memory for any.

What is expected is what the interpreter of ai-edge-litert 2.3.0 did, memory that it lacks left aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from analyzer.model.graph import Prepared
from tests.building import Description, model, operator, tensor
from tests.interpreter.preparing import numbers, prepared, shape_of, single_operator, stop

MOST = 2**31 - 1
PLAIN = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}


def x(*shape: int, type: str = "FLOAT32", **fields: Any) -> Description:
    return tensor("x", shape, type, **fields)


def y(*shape: int, type: str = "FLOAT32") -> Description:
    return tensor("y", shape or [1], type)


def single(name: str, value: int) -> Description:
    return numbers(name, value, shape=[])


def convolution(name: str, shape: Sequence[int], weights: str = "FLOAT32", **options: int) -> Prepared:
    ones = [1] * len(shape)
    filters = tensor("w", ones, weights, data=bytes(4), scale=[0.5] if weights == "INT8" else [])
    tensors = [x(*shape), filters, tensor("b", [1], data=bytes(4))]
    return single_operator(name, tensors, [y()], PLAIN | options)


def transposed(height: int, width: int) -> Prepared:
    tensors = [numbers("s", 1, 1, 1, 1), tensor("w", [1, 1, 1, 1], data=bytes(4)), x(1, height, width, 1)]
    return single_operator("TRANSPOSE_CONV", tensors, [y()], {"stride_w": 1, "stride_h": 1})


def product() -> Prepared:
    return single_operator("REDUCE_PROD", [x(2**16, 2**15), numbers("a", 1)], [y()])


def top() -> Prepared:
    return single_operator("TOPK_V2", [x(2**16, 2**15), single("k", 1)], [y(), tensor("i", [1], "INT32")])


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(x(MOST, MOST, MOST), id="elements"),
        pytest.param(x(MOST, MOST, 4, type="INT64"), id="bytes"),
        pytest.param(x(MOST, MOST, 8, type="INT4"), id="half bytes count as bytes"),
        pytest.param(x(MOST, MOST, MOST, 0), id="a zero comes too late"),
        pytest.param(x(*[MOST] * 100_000), id="dimensions"),
    ],
)
def test_a_tensor_has_no_more_bytes_than_64_bits_count(broken: Description) -> None:
    result = prepared(model([broken, y()], [operator("SHAPE", ["x"], ["y"], {"out_type": "INT32"})]))
    assert result.refused is not None
    assert result.refused.rule == "runtime/build/vast-size"


@pytest.mark.parametrize(
    "fine", [x(MOST, MOST), x(0, MOST, MOST, MOST), x(MOST, MOST, MOST, type="STRING"), x(*[1] * 100_000)]
)
def test_what_can_be_counted_is_no_concern_of_the_cpu(fine: Description) -> None:
    data = model([fine, y(type="INT32")], [operator("SHAPE", ["x"], ["y"], {"out_type": "INT32"})])
    assert prepared(data).refused is None


@pytest.mark.parametrize(
    ("name", "tensors", "options"),
    [
        ("ADD", [x(MOST, 1, MOST), tensor("z", [1, MOST, 1])], {}),
        ("CONCATENATION", [x(MOST), tensor("z", [1])], {"axis": 0}),
        ("PAD", [x(MOST), numbers("p", 1, 0, shape=[1, 2])], {}),
        ("PAD", [x(2**16, 2**15), numbers("p", 0, 0, 0, 0, shape=[2, 2])], {}),
        ("MIRROR_PAD", [x(MOST), numbers("p", 1, 0, shape=[1, 2])], {"mode": "REFLECT"}),
        ("TILE", [x(2**16), numbers("m", 2**16)], {}),
        ("RESHAPE", [x(2**16, 2**16), numbers("s", -1)], {}),
        ("RESHAPE", [x(2**16, 2**16, 0), numbers("s", -1, 0)], {}),
        ("FILL", [numbers("d", 2**31, type="INT64"), single("v", 1)], {}),
        ("RANGE", [numbers(n, v, type="INT64", shape=[]) for n, v in (("a", 0), ("b", 2**31), ("c", 1))], {}),
        ("DEPTH_TO_SPACE", [x(1, 2**16, 1, 2**30, type="INT8")], {"block_size": 2**15}),
        (
            "ONE_HOT",
            [x(2**16, 2**16, type="INT32"), single("d", MOST), single("e", 1), single("f", 0)],
            {"axis": -1},
        ),
        ("SUM", [x(2**16, 2**15, 2), numbers("a", 2)], {}),
        ("MEAN", [x(2**16, 2**15, 2), numbers("a", 2)], {}),
        ("ARG_MAX", [x(2**16, 2**15, 2), numbers("a", 2)], {"output_type": "INT32"}),
        ("UNSORTED_SEGMENT_SUM", [x(2, 2**16, 2**14), numbers("i", 0, 0), single("n", 2)], {}),
    ],
)  # fmt: skip
def test_an_output_that_cannot_be_counted(
    name: str, tensors: list[Description], options: dict[str, Any]
) -> None:
    versions = {"MIRROR_PAD": 3} if name == "MIRROR_PAD" else {}
    type = tensors[0]["type"] if name not in ("FILL", "ONE_HOT", "ARG_MAX") else "INT32"
    issue = stop(single_operator(name, tensors, [y(type=type)], options, version=versions.get(name, 1)))
    assert (issue.kind, issue.rule) == ("failure", "runtime/graph/vast-size")


@pytest.mark.parametrize(
    ("result", "rule"),
    [
        (convolution("CONV_2D", [1, 2**16, 2**15, 1]), "runtime/graph/vast-size"),
        (convolution("CONV_2D", [4, 2**16, 2**14, 1], "INT8"), "runtime/conv-2d/countable"),
        (
            convolution("DEPTHWISE_CONV_2D", [1, 2**16, 2**15, 1], "INT8", depth_multiplier=1),
            "runtime/depthwise-conv-2d/countable",
        ),
        (transposed(2**16, 2**15), "runtime/transpose-conv/countable"),
        (product(), "runtime/reduce-prod/countable"),
        (top(), "runtime/topk-v2/countable"),
    ],
)
def test_what_kernels_cannot_count(result: Prepared, rule: str) -> None:
    assert (stop(result).kind, stop(result).rule) == ("failure", rule)


@pytest.mark.parametrize("name", ["REDUCE_MAX", "REDUCE_MIN"])
def test_kernels_that_do_not_count(name: str) -> None:
    assert single_operator(name, [x(2**16, 2**16, 2), numbers("a", 2)], [y()]).stops == {}


@pytest.mark.parametrize(
    ("name", "tensors", "options", "shape"),
    [
        ("FILL", [numbers("d", 2**32 + 3, 2, type="INT64"), single("v", 1)], {}, [3, 2]),
        ("DEPTH_TO_SPACE", [x(1, 2**17, 1, 2**30, type="INT8")], {"block_size": 2**15}, [1, 0, 2**15, 1]),
        ("SPACE_TO_DEPTH", [x(1, 4, 4, 2**30, type="INT8")], {"block_size": 4}, [1, 1, 1, 0]),
        ("RANGE", [single("a", -(2**31)), single("b", MOST), single("c", 1)], {}, [1]),
    ],
)
def test_some_kernels_only_keep_32_bits(
    name: str, tensors: list[Description], options: dict[str, Any], shape: list[int]
) -> None:
    type = "INT32" if name in ("FILL", "RANGE") else "INT8"
    assert shape_of(single_operator(name, tensors, [y(type=type)], options), "y") == shape


@pytest.mark.parametrize(
    ("name", "tensors", "options", "shape"),
    [
        ("MUL", [x(0, MOST, type="INT32"), tensor("z", [0, 1], "INT32")], {}, [0, MOST]),
        ("REDUCE_PROD", [x(0, MOST, type="INT32"), numbers("a", 0, 1)], {}, []),
        ("GATHER", [x(MOST, 1, 0, type="INT32"), numbers("i", 0)], {"axis": 1}, [MOST, 1, 0]),
        (
            "CONCATENATION",
            [x(MOST, 1, 0, type="INT32"), tensor("z", [MOST, 1, 0], "INT32")],
            {"axis": 1},
            [MOST, 2, 0],
        ),
        ("TILE", [x(0, 1, type="INT32"), numbers("m", 1, MOST)], {}, [0, MOST]),
        (
            "STRIDED_SLICE",
            [x(0, MOST, type="INT32"), numbers("b", 0, 0), numbers("e", 0, 0), numbers("s", 1, 1)],
            {"begin_mask": 3, "end_mask": 3},
            [0, MOST],
        ),
    ],
)  # fmt: skip
def test_nothing_is_computed_of_vast_constants_without_elements(
    name: str, tensors: list[Description], options: dict[str, Any], shape: list[int]
) -> None:
    constants = [{"data": b""} | constant for constant in tensors]
    result = single_operator(name, constants, [y(type="INT32")], options)
    assert (result.refused, result.stops) == (None, {})
    assert shape_of(result, "y") == shape


@pytest.mark.parametrize(("length", "accepted"), [(2048, True), (2047, False), (MOST, False), (2**30, True)])
def test_lengths_of_a_spectrum_are_powers_of_two(length: int, accepted: bool) -> None:
    result = single_operator("RFFT2D", [x(1, 4, 4), numbers("n", 1, length)], [y(type="COMPLEX64")])
    assert (result.stops == {}) is accepted


def test_a_stride_must_not_be_the_smallest_number() -> None:
    tensors = [x(4), numbers("b", 0), numbers("e", 4), numbers("s", -(2**31))]
    assert stop(single_operator("STRIDED_SLICE", tensors, [y()])).rule == "runtime/strided-slice/strides"

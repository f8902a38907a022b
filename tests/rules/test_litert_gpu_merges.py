"""LiteRT's GPU accelerator: operators that are merged, by kind, with the neighbours that are right.

Each case is a small graph of a kind whose outcome was measured, and the rule that tells of it, or none.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.building import Description, operator
from tests.rules.litert_gpu import MAP, constant, real, told, whole

CONVOLUTION = {
    "padding": "SAME",
    "stride_h": 1,
    "stride_w": 1,
    "dilation_h_factor": 1,
    "dilation_w_factor": 1,
}
WINDOW = {"padding": "VALID", "stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
HALVES = [(1, 6, 6, 4)] * 2
FILTER = constant("w", [8, 3, 3, 8])
POINT = constant("w", [8, 1, 1, 8])
VECTOR = constant("v", [8])
BIAS = constant("bias", [8])


def convolved(filters: Description, options: Description, *behind: Description) -> list[Description]:
    return [operator("CONV_2D", ["x", "w", "bias"], ["y"], CONVOLUTION | options), *behind]


ADDED = operator("ADD", ["y", "v"], ["z"])


@pytest.mark.parametrize(
    ("behind", "constants", "options", "outputs", "rule"),
    [
        (ADDED, [VECTOR], {}, ["y", "z"], "conv-2d/output-before-bias"),
        (operator("MUL", ["v", "y"], ["z"]), [VECTOR], {}, ["y", "z"], "conv-2d/output-before-bias"),
        (ADDED, [constant("v", [])], {}, ["y", "z"], "conv-2d/output-before-bias"),
        # Not given out, of full shape, SUB, or an activation in between.
        (ADDED, [VECTOR], {}, ["z"], None),
        (ADDED, [constant("v", MAP)], {}, ["y", "z"], None),
        (operator("SUB", ["y", "v"], ["z"]), [VECTOR], {}, ["y", "z"], None),
        (ADDED, [VECTOR], {"fused_activation_function": "RELU"}, ["y", "z"], None),
    ],
)
def test_an_output_before_its_bias(
    behind: Description,
    constants: list[Description],
    options: Description,
    outputs: list[str],
    rule: str | None,
) -> None:
    tensors = [*real(x=MAP, y=MAP, z=MAP), FILTER, BIAS, *constants]
    assert told(tensors, convolved(FILTER, options, behind), outputs=outputs) == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("name", "filters", "options", "rule"),
    [
        ("MUL", FILTER, {}, "mul/output-before-weights"),
        ("ADD", FILTER, {"padding": "VALID"}, "add/output-before-weights"),
        ("ADD", POINT, {}, "add/output-before-weights"),
        ("ADD", FILTER, {}, None),
        ("DIV", FILTER, {}, None),
    ],
)
def test_an_output_before_weights(
    name: str, filters: Description, options: Description, rule: str | None
) -> None:
    shape = (1, 4, 4, 8) if options else MAP
    tensors = [*real(x=MAP, y=MAP, z=shape), filters, BIAS, VECTOR]
    chain = [
        operator(name, ["x", "v"], ["y"]),
        operator("CONV_2D", ["y", "w", "bias"], ["z"], CONVOLUTION | options),
    ]
    assert told(tensors, chain, outputs=["y", "z"]) == ({rule} if rule else set())


def test_merged_forward_an_output_stays() -> None:
    tensors = [*real(x=MAP, a=MAP, y=MAP, z=MAP), FILTER, BIAS, VECTOR]
    chain = [
        operator("CONV_2D", ["x", "w", "bias"], ["a"], CONVOLUTION),
        operator("MUL", ["a", "v"], ["y"]),
        operator("CONV_2D", ["y", "w", "bias"], ["z"], CONVOLUTION),
    ]
    assert not told(tensors, chain, outputs=["y", "z"])


def padded(pads: Sequence[int], fill: float | None = None) -> tuple[list[Description], Description]:
    constants = [whole("p", pads, (4, 2))]
    if fill is None:
        return constants, operator("PAD", ["x", "p"], ["y"])
    return [*constants, constant("f", [], fill)], operator("PADV2", ["x", "p", "f"], ["y"])


AROUND = (0, 0, 1, 1, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("fill", "name", "rule"),
    [
        (None, "AVERAGE_POOL_2D", "pad/pad-average-pool"),
        (-2.0, "AVERAGE_POOL_2D", "padv2/pad-average-pool"),
        (None, "MAX_POOL_2D", "pad/pad-max-pool"),
        (-1e30, "MAX_POOL_2D", None),
        (0.5, "CONV_2D", "padv2/pad-fill"),
        (0.0, "CONV_2D", None),
        (None, "CONV_2D", None),
    ],
)
def test_padding_that_is_merged(fill: float | None, name: str, rule: str | None) -> None:
    constants, pad = padded(AROUND, fill)
    pool = name != "CONV_2D"
    shape = (1, 4, 4, 8) if pool else (1, 6, 6, 8)
    inputs, options = (["y"], WINDOW) if pool else (["y", "w", "bias"], CONVOLUTION | {"padding": "VALID"})
    tensors = [*real(x=MAP, y=(1, 8, 8, 8), z=shape), FILTER, BIAS, *constants]
    assert told(tensors, [pad, operator(name, inputs, ["z"], options)]) == ({rule} if rule else set())


def test_padding_that_no_window_reaches() -> None:
    constants, pad = padded((0, 0, 0, 1, 0, 1, 0, 0))
    tensors = [*real(x=MAP, y=(1, 7, 7, 8), z=(1, 3, 3, 8)), *constants]
    assert not told(tensors, [pad, operator("AVERAGE_POOL_2D", ["y"], ["z"], WINDOW)])


@pytest.mark.parametrize("front", ["RELU", "NEG"])
def test_zeros_beside_a_maximum_show_where_values_may_be_less(front: str) -> None:
    constants, pad = padded(AROUND)
    tensors = [*real(i=MAP, x=MAP, y=(1, 8, 8, 8), z=(1, 4, 4, 8)), *constants]
    chain = [operator(front, ["i"], ["x"]), pad, operator("MAX_POOL_2D", ["y"], ["z"], WINDOW)]
    assert told(tensors, chain) == (set() if front == "RELU" else {"pad/pad-max-pool"})


@pytest.mark.parametrize(
    ("axis", "value", "outputs", "rules"),
    [
        (1, 0.0, ["z"], {"concatenation/pad-average-pool"}),
        (1, 0.5, ["z"], set()),
        (3, 0.0, ["z"], set()),
        (1, 0.0, ["y", "z"], {"concatenation/pad-average-pool", "concatenation/output-before-padded"}),
    ],
)
def test_zeros_that_are_put_beside_a_map(
    axis: int, value: float, outputs: list[str], rules: set[str]
) -> None:
    shape = [1, 6, 6, 8]
    shape[axis] = 2
    whole_map = [1, 6, 6, 8]
    whole_map[axis] += 2
    reduced = [1, whole_map[1] // 2, whole_map[2] // 2, whole_map[3]]
    tensors = [*real(x=MAP, y=whole_map, z=reduced), constant("c", shape, value)]
    join = operator("CONCATENATION", ["c", "x"], ["y"], {"axis": axis})
    assert told(tensors, [join, operator("AVERAGE_POOL_2D", ["y"], ["z"], WINDOW)], outputs=outputs) == rules


@pytest.mark.parametrize(
    ("channels", "other", "fill", "rule"),
    [
        (8, (1, 1, 1, 12), None, "pad/pad-channels"),
        (8, (1, 6, 6, 12), None, None),
        (8, (1, 6, 6, 12), 2.0, "padv2/pad-channels"),
        (6, (1, 1, 1, 10), None, None),
    ],
)
def test_channels_that_are_padded(
    channels: int, other: Sequence[int], fill: float | None, rule: str | None
) -> None:
    constants, pad = padded((0, 0, 0, 0, 0, 0, 0, 4), fill)
    wide = (1, 6, 6, channels + 4)
    tensors = [*real(x=(1, 6, 6, channels), b=other, y=wide, z=wide), *constants]
    assert told(tensors, [pad, operator("ADD", ["y", "b"], ["z"])]) == ({rule} if rule else set())


SPLIT = operator("SPLIT", ["axis", "x"], ["a", "b"], {"num_splits": 2})
ALONG = whole("axis", [3], ())


@pytest.mark.parametrize(
    ("name", "inputs", "options", "relu", "rule"),
    [
        ("ADD", ["a", "b"], {}, True, "add/parts-together"),
        ("ADD", ["a", "a"], {}, True, None),
        ("SUB", ["a", "b"], {}, True, "sub/first-part-first"),
        ("SUB", ["b", "a"], {}, True, None),
        ("MUL", ["b", "a"], {}, True, "mul/first-part-second"),
        ("MUL", ["a", "b"], {}, True, None),
        ("CONCATENATION", ["a", "b"], {"axis": 3}, True, None),
        ("CONCATENATION", ["b", "a"], {"axis": -1}, True, "concatenation/parts-together"),
        ("CONCATENATION", ["a", "b"], {"axis": 1}, True, "concatenation/parts-together"),
        ("CONCATENATION", ["a", "b"], {"axis": 3}, False, "concatenation/parts-of-input"),
    ],
)
def test_parts_of_one_tensor(
    name: str, inputs: list[str], options: Description, relu: bool, rule: str | None
) -> None:
    shape = [1, 6, 6, 4]
    if name == "CONCATENATION":
        shape[options["axis"]] *= 2
    tensors = [*real(a=HALVES[0], b=HALVES[1], z=shape, x=MAP), ALONG]
    front = [operator("RELU", ["i"], ["x"])] if relu else []
    chain = [*front, SPLIT, operator(name, inputs, ["z"], options)]
    assert told([*tensors, *real(i=MAP)] if relu else tensors, chain, outputs=["z"]) == (
        {rule} if rule else set()
    )


@pytest.mark.parametrize(
    ("idle", "beside", "outputs", "wrong"),
    [
        # A slice is dropped where it is an output itself; its part stands behind the others then.
        ("SLICE", [], ["u"], True),
        ("SLICE", ["NEG"], ["u", "v"], True),
        ("SLICE", ["SLICE"], ["u", "v"], False),
        ("SLICE", ["SLICE"], ["v", "u"], False),
        ("SLICE", [], ["r"], False),
        # What else does nothing is dropped where no part has another reader.
        ("RESIZE_BILINEAR", [], ["r"], True),
        ("RESIZE_BILINEAR", ["NEG"], ["u", "v"], False),
        ("RESIZE_BILINEAR", [], ["u", "b"], True),
    ],
)
def test_parts_before_what_does_nothing(
    idle: str, beside: list[str], outputs: list[str], wrong: bool
) -> None:
    half = HALVES[0]
    constants = [ALONG, whole("o", [0] * 4), whole("s", half), whole("hw", half[1:3])]
    inputs = {"SLICE": ["o", "s"], "RESIZE_BILINEAR": ["hw"], "NEG": []}
    chain = [SPLIT, operator(idle, ["a", *inputs[idle]], ["u"])]
    chain += [operator(name, ["b", *inputs[name]], ["v"]) for name in beside]
    chain += [operator("RELU", ["u"], ["r"])] if "r" in outputs else []
    tensors = [*real(x=MAP, a=half, b=half, u=half, v=half, r=half), *constants]
    assert told(tensors, chain, outputs=outputs) == ({"split/part-before-no-op"} if wrong else set())


def test_slices_of_parts_in_another_order() -> None:
    half = HALVES[0]
    tensors = [*real(x=MAP, a=half, b=half, u=half, v=half), ALONG, whole("o", [0] * 4), whole("s", half)]
    slices = [operator("SLICE", [part, "o", "s"], [name]) for part, name in ("av", "bu")]
    assert not told(tensors, [SPLIT, *slices], outputs=["v", "u"])
    assert told(tensors, [SPLIT, *slices[::-1]], outputs=["v", "u"]) == {"split/part-before-no-op"}


@pytest.mark.parametrize(("axis", "wrong"), [(1, True), (2, False)])
def test_parts_that_are_reshaped_stay_in_order(axis: int, wrong: bool) -> None:
    shape, part = [1, 3, 3, 8], [1, 3, 8]
    shape[axis] = 2
    tensors = [*real(x=shape, a=part, b=part, u=part), whole("o", [0] * 3), whole("s", part)]
    chain = [
        operator("UNPACK", ["x"], ["a", "b"], {"num": 2, "axis": axis}),
        operator("SLICE", ["a", "o", "s"], ["u"]),
    ]
    assert told(tensors, chain, outputs=["u"]) == ({"unpack/part-before-no-op"} if wrong else set())


@pytest.mark.parametrize(("beside", "wrong"), [([], False), (["NEG"], True)])
def test_a_part_that_is_joined_alone(beside: list[str], wrong: bool) -> None:
    half = HALVES[0]
    tensors = [*real(x=MAP, a=half, b=half, u=half, v=half), ALONG]
    chain = [SPLIT, operator("CONCATENATION", ["b"], ["u"], {"axis": 3})]
    chain += [operator(name, ["a"], ["v"]) for name in beside]
    outputs = ["u", "v"] if beside else ["u"]
    assert told(tensors, chain, outputs=outputs) == ({"concatenation/single"} if wrong else set())


@pytest.mark.parametrize("count", [2, 1100])
def test_many_parts_fare_as_few_do(count: int) -> None:
    parts, sliced = [[f"{kind}{i}" for i in range(count)] for kind in ("p", "s")]
    shapes = dict.fromkeys(parts, (1, 6, 6, 2)) | dict.fromkeys(sliced, (1, 5, 6, 2))
    numbers = [whole("begin", [0] * 4), whole("size", [1, 5, 6, 2]), whole("axis", [3], [])]
    operators = [operator("SPLIT", ["axis", "x"], parts, {"num_splits": count})]
    operators += [
        operator("SLICE", [part, "begin", "size"], [to]) for part, to in zip(parts, sliced, strict=True)
    ]
    tensors = [*real(x=(1, 6, 6, 2 * count), **shapes), *numbers]
    assert told(tensors, operators, outputs=sliced) == set()

"""Single operators at borders that changes of cases come to too seldom, or never."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from tests.building import model, operator, tensor
from tests.sweeps.mutants.corpus import Case

_MATRIX, _MAP = [2, 4], [1, 4, 4, 4]
_STRIDES = {"stride_w": 1, "stride_h": 1}
_WINDOW = _STRIDES | {"dilation_w_factor": 1, "dilation_h_factor": 1}
_FEW = ("INT4", "INT2")
_WIDTHS = {"INT8": "b", "BOOL": "b", "INT32": "i", "INT64": "q"}
_MADE = tuple[str, str, bytes]


def _numbers(
    name: str, values: Sequence[int], shape: Sequence[int] | None = None, type: str = "INT32"
) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}{_WIDTHS[type]}", *values)
    return tensor(name, [len(values)] if shape is None else shape, type, data=data)


def _eight(
    name: str,
    shape: Sequence[int],
    point: int = 0,
    count: int = 1,
    axis: int = 0,
    type: str = "INT8",
    scale: float = 0.05,
    **fields: Any,
) -> dict[str, Any]:
    points, scales = [point] * count, [scale] * count
    return tensor(name, shape, type, scale=scales, zero_point=points, axis=axis, **fields)


def _moved(x: dict[str, Any], like: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Operators that move numbers about: what comes in, and what goes out but for name and shape."""

    def out(shape: Sequence[int], name: str = "y") -> dict[str, Any]:
        return like | {"name": name, "shape": shape}

    pick = _numbers("i", [1, 0])
    yield "TILE", model([x, _numbers("m", [1, 1]), out(_MATRIX)], [operator("TILE", ["x", "m"], ["y"])])
    yield "GATHER", model([x, pick, out(_MATRIX)], [operator("GATHER", ["x", "i"], ["y"], {"axis": 0})])
    pairs = pick | {"shape": [2, 1]}
    yield "GATHER_ND", model([x, pairs, out(_MATRIX)], [operator("GATHER_ND", ["x", "i"], ["y"])])
    rows = [out([4]), out([4], "z")]
    yield "UNPACK", model([x, *rows], [operator("UNPACK", ["x"], ["y", "z"], {"num": 2, "axis": 0})])
    best = [out([2, 2]), tensor("n", [2, 2], "INT32")]
    step = operator("TOPK_V2", ["x", "k"], ["y", "n"])
    yield "TOPK_V2", model([x, _numbers("k", [2], []), *best], [step])
    step = operator("RESHAPE", ["x", "s"], ["y"])
    yield "RESHAPE", model([x, _numbers("s", [4, 2]), out([4, 2])], [step])
    step = operator("TRANSPOSE", ["x", "p"], ["y"])
    yield "TRANSPOSE", model([x, _numbers("p", [1, 0]), out([4, 2])], [step])
    none = _numbers("p", [0, 0, 0, 0], [2, 2])
    yield "PAD", model([x, none, out(_MATRIX)], [operator("PAD", ["x", "p"], ["y"])])
    step = operator("MIRROR_PAD", ["x", "p"], ["y"], {"mode": "REFLECT"})
    yield "MIRROR_PAD", model([x, none, out(_MATRIX)], [step])
    yield "PADV2", model([x, none, out(_MATRIX)], [operator("PADV2", ["x", "p"], ["y"])])
    yield "LEAKY_RELU", model([x, out(_MATRIX)], [operator("LEAKY_RELU", ["x"], ["y"], {"alpha": 0.1})])
    step = operator("BROADCAST_TO", ["x", "s"], ["y"], version=2)
    yield "BROADCAST_TO", model([x, _numbers("s", _MATRIX), out(_MATRIX)], [step])
    step = operator("CONCATENATION", ["x", "x"], ["y"], {"axis": 0})
    yield "CONCATENATION", model([x, out([4, 4])], [step])
    for name in ("MAXIMUM", "MINIMUM", "ADD"):
        yield name, model([x, out(_MATRIX)], [operator(name, ["x", "x"], ["y"], version=2)])


def _quantized() -> Iterator[_MADE]:
    """Zero points that differ, several scales, and integers of few bits."""
    ways = {
        "one zero point": (_eight("x", _MATRIX, 3), _eight("y", _MATRIX, 3)),
        "another zero point": (_eight("x", _MATRIX), _eight("y", _MATRIX, 3)),
        "another scale": (_eight("x", _MATRIX), _eight("y", _MATRIX, scale=0.5)),
        "scales of columns": (_eight("x", _MATRIX, 0, 4, 1), _eight("y", _MATRIX)),
        "scales of columns, another zero point": (_eight("x", _MATRIX, 0, 4, 1), _eight("y", _MATRIX, 3)),
        **{f"{few}": (tensor("x", _MATRIX, few), tensor("y", _MATRIX, few)) for few in _FEW},
        "INT4 with a scale": (_eight("x", _MATRIX, type="INT4"), _eight("y", _MATRIX, type="INT4")),
        "INT4 to INT8": (_eight("x", _MATRIX, type="INT4"), _eight("y", _MATRIX)),
    }
    for what, (x, like) in ways.items():
        yield from ((name, what, data) for name, data in _moved(x, like))
    for name in ("REDUCE_ALL", "REDUCE_ANY"):
        values = [tensor("x", _MATRIX, "INT4"), _numbers("a", [1]), tensor("y", [2], "BOOL")]
        yield name, "INT4", model(values, [operator(name, ["x", "a"], ["y"])])
    for few in _FEW:
        cast = [tensor("x", _MATRIX, few), tensor("y", _MATRIX)]
        yield "CAST", f"{few} to FLOAT32", model(cast, [operator("CAST", ["x"], ["y"])])


def _biased() -> Iterator[_MADE]:
    shapes: dict[str, tuple[list[int], dict[str, Any]]] = {
        "CONV_2D": ([4, 3, 3, 4], _WINDOW),
        "DEPTHWISE_CONV_2D": ([1, 3, 3, 4], _WINDOW | {"depth_multiplier": 1}),
        "FULLY_CONNECTED": ([4, 4], {}),
        "TRANSPOSE_CONV": ([4, 1, 1, 4], _STRIDES | {"padding": "VALID"}),
    }
    ways: dict[str, dict[str, Any]] = {
        "plain bias": {},
        "bias with a scale": {"scale": [0.1], "zero_point": [0]},
        "bias around 3": {"scale": [0.1], "zero_point": [3]},
        "biases around 3": {"scale": [0.1] * 4, "zero_point": [3] * 4},
    }
    for name, (shape, options) in shapes.items():
        flat = [1, 4] if name == "FULLY_CONNECTED" else _MAP
        size = 1
        for one in shape:
            size *= one
        for what, fields in ways.items():
            ends = [_eight("x", flat), _eight("y", flat)]
            weights = _eight("w", shape, data=bytes(range(7)) * (size // 7 + 1))
            weights["data"] = weights["data"][:size]
            bias = tensor("b", [4], "INT32", data=bytes(16), **fields)
            inputs = ["x", "w", "b"] if name != "TRANSPOSE_CONV" else ["s", "w", "x", "b"]
            beside = [_numbers("s", _MAP)] if name == "TRANSPOSE_CONV" else []
            step = operator(name, inputs, ["y"], options, version=3)
            yield name, what, model([*ends, weights, bias, *beside], [step])


def _axes() -> Iterator[_MADE]:
    """Axes within the input's dimensions, and beyond them; several at once."""
    x, halves = tensor("x", _MATRIX), [tensor("y", [2, 2]), tensor("z", [2, 2])]
    for axis in (1, 2, -3):
        numbers, number = _numbers("a", [axis]), _numbers("a", [axis], [])
        for name in ("REDUCE_ALL", "REDUCE_ANY"):
            truth = [tensor("x", _MATRIX, "BOOL"), numbers, tensor("y", [2], "BOOL")]
            yield name, f"axis {axis}", model(truth, [operator(name, ["x", "a"], ["y"])])
        step = operator("SPLIT_V", ["x", "n", "a"], ["y", "z"], {"num_splits": 2})
        yield "SPLIT_V", f"axis {axis}", model([x, _numbers("n", [2, 2]), number, *halves], [step])
        rows = [tensor("y", [4]), tensor("z", [4])]
        if axis != 1:
            step = operator("UNPACK", ["x"], ["y", "z"], {"num": 2, "axis": axis})
            yield "UNPACK", f"axis {axis}", model([x, *rows], [step])
        if axis >= 0:
            step = operator("REVERSE_V2", ["x", "a"], ["y"])
            yield "REVERSE_V2", f"axis {axis}", model([x, numbers, tensor("y", _MATRIX)], [step])
            step = operator("SPLIT", ["a", "x"], ["y", "z"], {"num_splits": 2})
            yield "SPLIT", f"axis {axis}", model([number, x, *halves], [step])
    for axis in (2, 3, -4):
        step = operator("PACK", ["x", "x"], ["y"], {"axis": axis, "values_count": 2})
        yield "PACK", f"axis {axis}", model([x, tensor("y", [2, 4, 2])], [step])
    for axis, shape in ((0, [4, 4]), (2, [4, 4]), (0, [2, 8])):
        step = operator("CONCATENATION", ["x", "x"], ["y"], {"axis": axis})
        yield "CONCATENATION", f"axis {axis} to {shape}", model([x, tensor("y", shape)], [step])
    step = operator("REVERSE_V2", ["x", "a"], ["y"])
    yield "REVERSE_V2", "both axes", model([x, _numbers("a", [0, 1]), tensor("y", _MATRIX)], [step])
    for perm in ([0, 1], [0, 1, 2]):
        step = operator("TRANSPOSE", ["x", "p"], ["y"])
        yield "TRANSPOSE", f"by {perm}", model([x, _numbers("p", perm), tensor("y", _MATRIX)], [step])


def _operands() -> Iterator[_MADE]:
    """One output more, and operands of types that an operator's others don't have."""
    x, y, z = (tensor(name, _MATRIX) for name in "xyz")
    for outputs in (["y"], ["y", "z"]):
        shown = [y, z][: len(outputs)]
        slopes = tensor("a", [4], data=struct.pack("<4f", *[0.1] * 4))
        yield (
            "PRELU",
            f"{len(outputs)} outputs",
            model([x, slopes, *shown], [operator("PRELU", ["x", "a"], outputs)]),
        )
        pair = tensor("w", _MATRIX)
        yield (
            "ADD_N",
            f"{len(outputs)} outputs",
            model([x, pair, *shown], [operator("ADD_N", ["x", "w"], outputs)]),
        )
        step = operator("GATHER", ["x", "i"], outputs, {"axis": 0})
        yield "GATHER", f"{len(outputs)} outputs", model([x, _numbers("i", [1, 0]), *shown], [step])
    for beside, word in (([4], "FLOAT32"), ([3], "FLOAT32"), (_MATRIX, "INT32")):
        step = operator("ADD_N", ["x", "w"], ["y"])
        yield "ADD_N", f"beside {word} of {beside}", model([x, tensor("w", beside, word), y], [step])
    for word in ("INT32", "INT64", "BOOL"):
        for at in range(3):
            lists = [[0, 0], [1, 1], [1, 1]]
            names = ("b", "e", "t")
            given = [
                _numbers(name, values, type=word if at == which else "INT32")
                for which, (name, values) in enumerate(zip(names, lists, strict=True))
            ]
            step = operator("STRIDED_SLICE", ["x", *names], ["y"])
            yield "STRIDED_SLICE", f"{word} in {names[at]}", model([x, *given, tensor("y", [1, 1])], [step])
    for name in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        for aligned, half in ((True, False), (False, True), (True, True)):
            options = {"align_corners": aligned, "half_pixel_centers": half}
            values = [tensor("x", _MAP), _numbers("s", [8, 8]), tensor("y", [1, 8, 8, 4])]
            step = operator(name, ["x", "s"], ["y"], options, version=3)
            yield name, f"{aligned}, {half}", model(values, [step])
    for first, second in (("FLOAT32", "INT32"), ("INT32", "BOOL"), ("BOOL", "FLOAT32")):
        values = [tensor("x", _MATRIX, first), tensor("w", _MATRIX, second), tensor("y", [4, 4], first)]
        step = operator("CONCATENATION", ["x", "w"], ["y"], {"axis": 0})
        yield "CONCATENATION", f"{first} and {second}", model(values, [step])
    for empty in ([4], [0]):
        slopes = tensor("a", empty, data=bytes(4 * empty[0]))
        yield "PRELU", f"{empty} slopes", model([x, slopes, y], [operator("PRELU", ["x", "a"], ["y"])])
    fill = _eight("c", [], data=b"\1")
    for few in ("INT8", "INT4", "UINT8"):
        none = _numbers("p", [0, 0, 0, 0], [2, 2])
        ends = [_eight(name, _MATRIX, type=few) for name in "xy"]
        yield (
            "PADV2",
            f"INT8 into {few}",
            model([*ends, none, fill], [operator("PADV2", ["x", "p", "c"], ["y"])]),
        )


def _blocks() -> Iterator[_MADE]:
    """Batches taken apart and put together, windows and paddings."""
    pair, none = _numbers("b", [2, 2]), _numbers("p", [0] * 4, [2, 2])
    for point in (0, 3):
        for name, before, after in (
            ("SPACE_TO_BATCH_ND", _MAP, [4, 2, 2, 4]),
            ("BATCH_TO_SPACE_ND", [4, 2, 2, 4], _MAP),
        ):
            values = [_eight("x", before), pair, none, _eight("y", after, point)]
            step = operator(name, ["x", "b", "p"], ["y"], version=2)
            yield name, f"zero point {point}", model(values, [step])
    for name, shape, options in (
        ("CONV_2D", [4, 1, 1, 4], _WINDOW),
        ("DEPTHWISE_CONV_2D", [1, 1, 1, 4], _WINDOW | {"depth_multiplier": 1}),
        ("TRANSPOSE_CONV", [4, 1, 1, 4], _STRIDES | {"padding": "VALID"}),
        ("FULLY_CONNECTED", [4, 4], {}),
    ):
        for point in (0, 128):
            ends = [_eight(end, [1, 4] if len(shape) == 2 else _MAP, type="UINT8") for end in "xy"]
            axis, size = (3 if name == "DEPTHWISE_CONV_2D" else 0), 4 if shape[0] == 1 else 16
            weights = _eight("w", shape, point, 4, axis, type="UINT8", data=bytes(size))
            turned = name == "TRANSPOSE_CONV"
            beside = [_numbers("s", _MAP)] if turned else []
            inputs = ["s", "w", "x"] if turned else ["x", "w"]
            step = operator(name, inputs, ["y"], options, version=3)
            yield name, f"unsigned weights around {point}", model([*ends, weights, *beside], [step])
    pool = _STRIDES | {"filter_width": 1, "filter_height": 1}
    for padding in ("SAME", 9):
        values = [tensor("x", _MAP), tensor("y", _MAP)]
        for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
            step = operator(name, ["x"], ["y"], pool | {"padding": padding})
            yield name, f"padding {padding}", model(values, [step])
        deep = {f"stride_{side}": 1 for side in "dhw"} | {f"dilation_{side}_factor": 1 for side in "dhw"}
        values = [tensor(end, [1, 2, 2, 2, 4]) for end in "xy"]
        weights = tensor("w", [1, 1, 1, 4, 4], data=bytes(64))
        step = operator("CONV_3D", ["x", "w"], ["y"], deep | {"padding": padding})
        yield "CONV_3D", f"padding {padding}", model([*values, weights], [step])
    smaller = [tensor("x", _MAP), tensor("y", [1, 2, 4, 4])]
    yield (
        "AVERAGE_POOL_2D",
        "to fewer rows",
        model(smaller, [operator("AVERAGE_POOL_2D", ["x"], ["y"], pool)]),
    )
    for name, mode in (("PAD", {}), ("MIRROR_PAD", {"mode": "REFLECT"})):
        values = [tensor("x", _MATRIX), _numbers("p", [0, 0, -1, 1], [2, 2]), tensor("y", _MATRIX)]
        yield name, "negative", model(values, [operator(name, ["x", "p"], ["y"], mode)])
    best = [tensor("y", [2, 2]), tensor("n", [2, 2], "INT32"), tensor("z", [2, 2])]
    step = operator("TOPK_V2", ["x", "k"], ["y", "n", "z"])
    yield "TOPK_V2", "3 outputs", model([tensor("x", _MATRIX), _numbers("k", [2], []), *best], [step])
    for word in ("INT32", "INT64"):
        numbers = [
            tensor("a", [], data=struct.pack("<f", 1.0)),
            tensor("b", [], data=bytes(4)),
            _numbers("d", [3], [], word),
        ]
        values = [tensor("x", [2], "INT32"), *numbers, tensor("y", [2, 3])]
        step = operator("ONE_HOT", ["x", "d", "a", "b"], ["y"], {"axis": -1})
        yield "ONE_HOT", f"depth in {word}", model(values, [step])
        table = tensor("v", [3, 4], word, data=bytes(12 * (4 if word == "INT32" else 8)))
        values = [tensor("x", [2], "INT32"), table, tensor("y", [2, 4], word)]
        step = operator("EMBEDDING_LOOKUP", ["x", "v"], ["y"])
        yield "EMBEDDING_LOOKUP", f"table in {word}", model(values, [step])


def singles() -> Iterator[Case]:
    """All of them."""
    for made in (_quantized(), _biased(), _axes(), _operands(), _blocks()):
        for name, what, data in made:
            yield Case(f"single: {what}", name, data)

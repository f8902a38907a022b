"""Graphs of several operators that checks ask about, which changes of one operator don't come to."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from tests.building import model, operator, subgraph, tensor
from tests.sweeps.mutants.corpus import Case

_MAP = [1, 6, 6, 4]
_NARROW = {"scale": [0.05], "zero_point": [0]}


def _numbers(name: str, shape: Sequence[int], value: float = 0.5) -> dict[str, Any]:
    count = prod(shape)
    return tensor(name, shape, data=struct.pack(f"<{count}f", *[value] * count))


def _integers(name: str, values: Sequence[int], shape: Sequence[int] | None = None) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


def _eight(name: str, shape: Sequence[int], scale: float = 0.05, dtype: str = "INT8") -> dict[str, Any]:
    return tensor(name, shape, dtype, scale=[scale], zero_point=[0])


_PADS = _integers("p", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])
_STRIDES = {"stride_w": 1, "stride_h": 1, "padding": "SAME"}
_CONV = _STRIDES | {"dilation_w_factor": 1, "dilation_h_factor": 1}
_POOL = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2, "padding": "VALID"}


def _weighted(name: str, inputs: Sequence[str], output: str) -> dict[str, Any]:
    options = _CONV | ({"depth_multiplier": 1} if name == "DEPTHWISE_CONV_2D" else {})
    return operator(name, inputs, [output], options)


def _whole(name: str, output: str) -> dict[str, Any]:
    """All of a tensor, as a slice that begins at `o` and is of size `s`."""
    return operator("SLICE", [name, "o", "s"], [output])


def _merged() -> Iterator[tuple[str, str, bytes]]:
    """What is merged with a neighbour, and given out all the same."""
    constants = [_numbers("w", [1, 3, 3, 4]), _numbers("b", [4]), _numbers("v", [4])]
    values = [tensor(name, _MAP) for name in "xyz"]
    for behind in ("ADD", "MUL", "SUB"):
        steps = [
            _weighted("DEPTHWISE_CONV_2D", ["x", "w", "b"], "y"),
            operator(behind, ["y", "v"], ["z"]),
        ]
        made = model([*values, *constants], steps, inputs=["x"], outputs=["y", "z"])
        yield "DEPTHWISE_CONV_2D", f"given out before {behind}", made
        turned = [
            tensor("u", _MAP),
            *values,
            _numbers("k", [4, 1, 1, 4]),
            _numbers("b", [4]),
            _numbers("v", [4]),
        ]
        size = _integers("s", _MAP)
        steps = [
            operator("TRANSPOSE_CONV", ["s", "k", "x", "b"], ["y"], _STRIDES, version=3),
            operator(behind, ["y", "v"], ["z"]),
        ]
        made = model([*turned[1:], size], steps, inputs=["x"], outputs=["y", "z"])
        yield "TRANSPOSE_CONV", f"given out before {behind}", made
        idle = [
            _weighted("CONV_2D", ["x", "k", "b"], "y"),
            _whole("y", "u"),
            operator(behind, ["u", "v"], ["z"]),
        ]
        made = model([*turned, size, _integers("o", [0] * 4)], idle, inputs=["x"], outputs=["u", "z"])
        yield "EVERY_OP", f"idle before {behind}", made


def _padded() -> Iterator[tuple[str, str, bytes]]:
    """Padding before what takes it in."""
    wide = [1, 8, 8, 4]
    pooled = [tensor("x", _MAP), tensor("y", wide), tensor("z", [1, 4, 4, 4]), _PADS]
    for fill in (0.0, -1e30, 1.0):
        pad = operator("PADV2", ["x", "p", "f"], ["y"])
        for pool in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            steps = [pad, operator(pool, ["y"], ["z"], _POOL)]
            for shown in (["z"], ["y", "z"]):
                made = model([*pooled, _numbers("f", [], fill)], steps, inputs=["x"], outputs=shown)
                yield "PADV2", f"{fill} before {pool}, {len(shown)} outputs", made
        filtered = [*pooled[:2], tensor("z", wide), _PADS, _numbers("k", [4, 3, 3, 4]), _numbers("b", [4])]
        steps = [pad, _weighted("CONV_2D", ["y", "k", "b"], "z")]
        for shown in (["z"], ["y", "z"]):
            made = model([*filtered, _numbers("f", [], fill)], steps, inputs=["x"], outputs=shown)
            yield "PADV2", f"{fill} before CONV_2D, {len(shown)} outputs", made
    for value in (0.0, 1.0):
        for pool in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
            for first in ("RELU", "NEG"):
                steps = [
                    operator(first, ["a"], ["x"]),
                    operator("CONCATENATION", ["f", "x"], ["y"], {"axis": 1}),
                    operator(pool, ["y"], ["z"], _POOL),
                ]
                values = [
                    tensor("a", _MAP),
                    tensor("x", _MAP),
                    tensor("y", [1, 8, 6, 4]),
                    tensor("z", [1, 4, 3, 4]),
                ]
                joined = [*values, _numbers("f", [1, 2, 6, 4], value)]
                yield "CONCATENATION", f"{first}, {value} before {pool}", model(joined, steps, inputs=["a"])
    steps = [operator("PADV2", ["x", "p", "f"], ["y"]), operator("ABS", ["y"], ["z"])]
    given = [tensor("x", _MAP), tensor("y", wide), tensor("z", wide), _PADS, _numbers("f", [], 0.0)]
    yield "PADV2", "given out before ABS", model(given, steps, inputs=["x"], outputs=["y", "z"])


def _split() -> Iterator[tuple[str, str, bytes]]:
    """Parts of which one alone is read."""
    half = [1, 6, 6, 2]
    sizes = [_integers("n", [2, 2]), _integers("a", [3], []), _integers("s", half)]
    parts = [tensor("x", _MAP), tensor("y", half), tensor("z", half), tensor("u", half), tensor("r", half)]
    for idle in (True, False):
        steps = [
            operator("SPLIT_V", ["x", "n", "a"], ["y", "z"], {"num_splits": 2}),
            _whole("y", "u") if idle else operator("ABS", ["y"], ["u"]),
            operator("RELU", ["u"], ["r"]),
        ]
        made = model([*parts, *sizes, _integers("o", [0] * 4)], steps, inputs=["x"], outputs=["r"])
        yield "SPLIT_V", f"first of two, {idle}", made
        flat, deep = [1, 6, 4], [1, 6, 2, 4]
        few = [tensor("x", deep), *(tensor(name, flat) for name in "yzur"), _integers("s", flat)]
        steps = [operator("UNPACK", ["x"], ["y", "z"], {"num": 2, "axis": 2}), *steps[1:]]
        yield (
            "UNPACK",
            f"first of two, {idle}",
            model([*few, _integers("o", [0] * 3)], steps, inputs=["x"], outputs=["r"]),
        )
    for shown in (["y"], ["y", "z"]):
        eight = [_eight("x", _MAP), _eight("y", half), _eight("z", half), *sizes[:2]]
        steps = [operator("SPLIT_V", ["x", "n", "a"], ["y", "z"], {"num_splits": 2}, version=2)]
        made = model(eight, steps, inputs=["x"], outputs=shown)
        yield "SPLIT_V", f"{len(shown)} of two in 8 bits", made


def _joined() -> Iterator[tuple[str, str, bytes]]:
    """Two operands that aren't of one rank, or are the same tensor."""
    for name in ("MAXIMUM", "MINIMUM", "FLOOR_DIV", "FLOOR_MOD", "POW", "SQUARED_DIFFERENCE", "ADD_N"):
        for dtype in ("FLOAT32", "INT8"):
            given = [tensor("x", [1, 4, 4, 4]), tensor("y", [4, 4]), tensor("z", [1, 4, 4, 4])]
            for one in given if dtype == "INT8" else ():
                one |= {"type": dtype, "quantization": _NARROW}
            yield name, f"{dtype} of two ranks", model(given, [operator(name, ["x", "y"], ["z"], version=2)])
    for name in ("LOGICAL_AND", "LOGICAL_OR"):
        for dtype in ("BOOL", "INT8"):
            given = [
                tensor("x", [1, 4, 4, 4], dtype),
                tensor("y", [4, 4], dtype),
                tensor("z", [1, 4, 4, 4], "BOOL"),
            ]
            for one in given[:2] if dtype == "INT8" else ():
                one["quantization"] = _NARROW
            yield name, f"{dtype} of two ranks", model(given, [operator(name, ["x", "y"], ["z"])])
    for name in ("SELECT", "SELECT_V2"):
        values = [tensor("c", _MAP, "BOOL"), tensor("x", _MAP), tensor("z", _MAP)]
        yield name, "one tensor twice", model(values, [operator(name, ["c", "x", "x"], ["z"])])
    for scale in (0.05, 0.1):
        given = [_eight("x", _MAP, scale, "INT16"), _eight("y", _MAP, 0.05, "INT16")]
        sub = operator("SUB", ["x", "y"], ["z"], {"pot_scale_int16": False}, version=3)
        yield "SUB", f"INT16 of {scale}", model([*given, _eight("z", _MAP, 0.05, "INT16")], [sub])
    for name in ("ADD", "SUB"):
        for word in ("NONE", "RELU"):
            values = [tensor(one, _MAP, "INT32") for one in "xyz"]
            fused = operator(name, ["x", "y"], ["z"], {"fused_activation_function": word})
            yield name, f"INT32 and {word}", model(values, [fused])
    for behind in (operator("MEAN", ["y", "i"], ["z"]), operator("ABS", ["y"], ["u"])):
        values = [*(tensor(name, _MAP) for name in "abyu"), tensor("z", [1, 4])]
        steps = [operator("ADD_N", ["a", "b"], ["y"]), behind]
        shown = ["y", *behind["outputs"]]
        made = model([*values, _integers("i", [1, 2])], steps, inputs=["a", "b"], outputs=shown)
        yield "ADD_N", f"given out before {behind['name']}", made
    for positive in (True, False):
        values = [tensor(name, _MAP) for name in "axyz"]
        steps = [operator("RELU" if positive else "NEG", ["a"], ["x"]), operator("POW", ["x", "y"], ["z"])]
        yield "POW", f"of RELU, {positive}", model(values, steps, inputs=["a", "y"])


_BINARY = (
    *("ADD_N", "ATAN2", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "EQUAL"),
    *("NOT_EQUAL", "MAXIMUM", "MINIMUM", "RIGHT_SHIFT", "SQUARED_DIFFERENCE", "STABLEHLO_SHIFT_LEFT", "SUB"),
    *("ADD", "MUL", "DIV", "POW", "LOGICAL_AND"),
)
_COMPARED = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND")


def _beside() -> Iterator[tuple[str, str, bytes]]:
    """A number beside what is computed, of types that few know; and ranks that don't go together."""
    for name in _BINARY:
        for dtype, width in (("INT64", 8), ("BOOL", 1), ("INT8", 1), ("INT16", 2), ("FLOAT32", 4)):
            output = "BOOL" if name in _COMPARED else dtype
            number = tensor("c", [1], dtype, data=b"\1" + bytes(width - 1))
            values = [tensor("x", [1, 4], dtype), number, tensor("z", [1, 4], output)]
            yield name, f"{dtype} number", model(values, [operator(name, ["x", "c"], ["z"])], inputs=["x"])
        for sizes in ([], [3], [4, 4]):
            values = [tensor("x", [1, 4, 4, 4]), tensor("y", sizes), tensor("z", [1, 4, 4, 4])]
            values[2] |= {"type": "BOOL"} if name in _COMPARED else {}
            yield name, f"beside {sizes}", model(values, [operator(name, ["x", "y"], ["z"])])
    for name in ("SUM", "REDUCE_MAX", "REDUCE_MIN", "MEAN"):
        for sizes in ([], [4]):
            axes = _integers("i", [0] if sizes else [], [1] if sizes else [0])
            values = [tensor("x", sizes), tensor("y", []), axes]
            yield name, f"of {sizes}", model(values, [operator(name, ["x", "i"], ["y"])], inputs=["x"])
    for sizes in ([1, 4], [2, 4]):
        start = tensor("i", [2], "INT32")
        values = [tensor("x", [2, 4]), tensor("u", sizes), start, tensor("y", [2, 4])]
        yield (
            "DYNAMIC_UPDATE_SLICE",
            f"by {sizes}",
            model(values, [operator("DYNAMIC_UPDATE_SLICE", ["x", "u", "i"], ["y"])]),
        )
    for last in (1, 2):
        shape = [1, 1, 2, last]
        indices, on = tensor("x", shape, "INT32"), [_numbers("a", [], 1.0), _numbers("b", [], 0.0)]
        values = [indices, _integers("d", [3], []), *on, tensor("y", [*shape, 3])]
        step = operator("ONE_HOT", ["x", "d", "a", "b"], ["y"], {"axis": -1})
        yield "ONE_HOT", f"of {shape}", model(values, [step], inputs=["x"])
    for name in ("REDUCE_ALL", "REDUCE_ANY"):
        values = [
            tensor("x", [1, 4], "INT8", scale=[0.1] * 4, zero_point=[0] * 4, axis=1),
            tensor("y", [1], "BOOL"),
        ]
        yield (
            name,
            "INT8",
            model([*values, _integers("i", [1])], [operator(name, ["x", "i"], ["y"])], inputs=["x"]),
        )
    for point in (0, 3):
        weights = tensor(
            "w", [1, 3, 3, 4], "INT8", data=bytes(36), scale=[0.1] * 4, zero_point=[point] * 4, axis=3
        )
        values = [tensor("x", _MAP), weights, _numbers("b", [4]), tensor("y", _MAP)]
        step = _weighted("DEPTHWISE_CONV_2D", ["x", "w", "b"], "y") | {"version": 6}
        yield "DEPTHWISE_CONV_2D", f"weights around {point}", model(values, [step], inputs=["x"])


def _reduced() -> Iterator[tuple[str, str, bytes]]:
    for name in ("REDUCE_ALL", "REDUCE_ANY", "REDUCE_PROD", "REDUCE_MIN", "REDUCE_MAX", "SUM", "MEAN"):
        dtype = "BOOL" if name in ("REDUCE_ALL", "REDUCE_ANY") else "FLOAT32"
        for depth in (8, 512, 1024):
            values = [tensor("x", [1, 2, 1, depth], dtype), tensor("y", [1, 1, 1, 1], dtype)]
            step = operator(name, ["x", "i"], ["y"], {"keep_dims": True})
            made = model([*values, _integers("i", [1, 2, 3])], [step], inputs=["x"])
            yield name, f"{depth} channels", made
    for scale in (0.05, 0.1):
        values = [_eight("x", [1, 2, 2, 8], scale), _eight("y", [1, 8], 0.05)]
        step = operator("REDUCE_MIN", ["x", "i"], ["y"], version=2)
        yield "REDUCE_MIN", f"INT8 of {scale}", model([*values, _integers("i", [1, 2])], [step], inputs=["x"])


def _precise() -> Iterator[tuple[str, str, bytes]]:
    """What half floats don't hold, and what whole networks come to."""
    for size in (8, 300):
        shape = [1, size, size, 1]
        values = [tensor("x", shape), tensor("y", shape), tensor("z", [1, 1]), _integers("i", [1, 2])]
        steps = [operator("SQUARE", ["x"], ["y"]), operator("SUM", ["y", "i"], ["z"])]
        yield "EVERY_OP", f"sum of {size} times {size} squares", model(values, steps, inputs=["x"])
    for scale in (0.1, 300.0, 600.0):
        values = [_eight("x", _MAP), _eight("y", _MAP, scale), _eight("z", _MAP)]
        step = operator("ADD", ["x", "z"], ["y"], version=2)
        yield "EVERY_OP", f"8 bits of {scale}", model(values, [step])
    for count in (2, 50):
        names = [f"t{i}" for i in range(count + 1)]
        weights = tensor("w", [4, 1, 1, 4], "INT8", data=bytes(range(16)), scale=[0.01] * 4)
        bias = tensor("b", [4], "INT32", data=bytes(16), scale=[0.0005] * 4)
        steps = [
            operator("CONV_2D", [one, "w", "b"], [two], _CONV, version=3) for one, two in pairwise(names)
        ]
        values = [_eight(name, [1, 2, 2, 4]) for name in names]
        yield "PARTITION", f"{count} convolutions", model([*values, weights, bias], steps, inputs=["t0"])
    for shown in (["z"], ["y", "z"]):
        values = [tensor("x", _MAP), tensor("y", [4], "INT32"), tensor("z", _MAP)]
        steps = [operator("SHAPE", ["x"], ["y"], {"out_type": "INT32"}), operator("ABS", ["x"], ["z"])]
        yield (
            "EVERY_OP",
            f"{len(shown)} outputs beside a shape",
            model(values, steps, inputs=["x"], outputs=shown),
        )


def _loaded() -> Iterator[tuple[str, str, bytes]]:
    """What the runtime doesn't load, and the same as it does."""
    values = [tensor("x", _MAP), tensor("y", _MAP), tensor("z", _MAP)]
    steps = [operator("ABS", ["x"], ["y"]), operator("NEG", ["x"], ["z"])]
    maps = [{"name": name, "tensor_index": at} for at, name in enumerate("xyz")]
    for shown in (2, 1):
        signature = {"inputs": maps[:1], "outputs": maps[1 : 1 + shown], "signature_key": "main"}
        made = model(values, steps, inputs=["x"], outputs=["y", "z"], signature_defs=[signature])
        yield "LOAD", f"{shown} outputs of two in the signature", made
    for dtype in ("VARIANT", "COMPLEX128"):
        odd = [*values, tensor("v", [1], dtype)]
        yield "LOAD", f"a tensor of {dtype}", model(odd, steps, inputs=["x"], outputs=["y", "z"])
    inside = operator("ABS", ["x"], ["y"], intermediates=[2])
    yield "LOAD", "intermediates", model(subgraphs=[subgraph(values, [inside], outputs=["y"])])


def _masks() -> Iterator[tuple[str, str, bytes]]:
    """Comparisons whose results are cast, as delegates want them: of batches, ranks and constants."""
    batch, row = [2, 4, 4, 4], [1, 1, 1, 4]
    ways = {
        "of one shape": (tensor("x", batch), [tensor("y", batch)]),
        "with itself": (tensor("x", batch), []),
        "beside one row": (tensor("x", _MAP), [tensor("y", [4])]),
        "beside one row, two batches": (tensor("x", batch), [tensor("y", [4])]),
        "constant row": (tensor("x", batch), [_numbers("y", row)]),
        "constant batches": (tensor("x", batch), [_numbers("y", [2, 1, 1, 4])]),
        "constant matrix": (tensor("x", [2, 4]), [_numbers("y", [2, 4])]),
        "of constants": (_numbers("x", row), [_numbers("y", row)]),
    }
    for name in _COMPARED[:-1]:
        for what, (first, second) in ways.items():
            shape = first["shape"]
            values = [first, *second, tensor("m", shape, "BOOL"), tensor("z", shape)]
            options = {"in_data_type": "BOOL", "out_data_type": "FLOAT32"}
            steps = [
                operator(name, ["x", "y" if second else "x"], ["m"]),
                operator("CAST", ["m"], ["z"], options),
            ]
            yield name, what, model(values, steps)
    for name in ("ADD_N", "SUB", "MINIMUM", "FLOOR_MOD"):
        for constant in (_numbers("y", [1, 4, 4, 4]), _numbers("y", batch)):
            shape = constant["shape"]
            values = [tensor("x", shape), constant, tensor("z", shape)]
            yield name, f"constant of {shape[0]} batches", model(values, [operator(name, ["x", "y"], ["z"])])


def _constants() -> Iterator[tuple[str, str, bytes]]:
    """Operators that work on constants, beside what is computed; weights and axes that come at run time."""
    sizes = _integers("s", [6, 6])
    ways = {
        "PAD": ([1, 4, 4, 4], ["c", "p"], {}),
        "PADV2": ([1, 4, 4, 4], ["c", "p"], {}),
        "MIRROR_PAD": ([1, 4, 4, 4], ["c", "p"], {"mode": "REFLECT"}),
        "RESIZE_BILINEAR": ([1, 3, 3, 4], ["c", "s"], {}),
        "RESIZE_NEAREST_NEIGHBOR": ([1, 3, 3, 4], ["c", "s"], {}),
        "TILE": (_MAP, ["c", "m"], {}),
        "TRANSPOSE": (_MAP, ["c", "o"], {}),
        "RESHAPE": ([1, 36, 4], ["c", "t"], {}),
    }
    beside = [_PADS, sizes, _integers("m", [1] * 4), _integers("o", [0, 2, 1, 3]), _integers("t", _MAP)]
    for name, (shape, inputs, options) in ways.items():
        values = [tensor("x", _MAP), tensor("y", _MAP), tensor("z", _MAP), _numbers("c", shape), *beside]
        steps = [operator(name, inputs, ["y"], options), operator("ADD", ["x", "y"], ["z"])]
        yield name, "of a constant", model(values, steps, inputs=["x"])
    # Delegates that want more than one operator in a partition look no further at a single one.
    first = operator("RELU", ["v"], ["x"], version=2)
    for known in (True, False):
        scaled: dict[str, Any] = {"type": "INT8", "scale": [0.05], "zero_point": [0]}
        weights = tensor("w", [4, 1, 1, 4], data=bytes(16) if known else None, **scaled)
        deep = tensor("w", [1, 3, 3, 4], data=bytes(36) if known else None, **scaled)
        bias = tensor("b", [4], "INT32", data=bytes(16), scale=[0.0025])
        word = "known" if known else "computed"
        for name, given in (("CONV_2D", weights), ("DEPTHWISE_CONV_2D", deep)):
            values = [_eight("v", _MAP), _eight("x", _MAP), given, bias, _eight("y", _MAP)]
            step = _weighted(name, ["x", "w", "b"], "y") | {"version": 3}
            yield name, f"{word} weights", model(values, [first, step])
        values = [_eight("v", _MAP), _eight("x", _MAP), weights, _integers("s", _MAP), _eight("y", _MAP)]
        step = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], _STRIDES)
        yield "TRANSPOSE_CONV", f"{word} weights", model(values, [first, step])
        plain: dict[str, Any] = {} if known else {"quantization": {}}
        values = [_eight(name, _MAP) | plain for name in "xyz"]
        narrow = _POOL | {"stride_w": 1, "stride_h": 1, "filter_width": 1, "filter_height": 1}
        steps = [operator("MAX_POOL_2D", [a], [b], narrow, version=2) for a, b in pairwise("xyz")]
        yield "EVERY_OP", f"{word} scales", model(values, steps)


def patterns() -> Iterator[Case]:
    """All of them, under the operator whose checks are meant."""
    for made in (
        *(_merged(), _padded(), _split(), _joined(), _beside(), _reduced(), _precise(), _loaded()),
        *(_masks(), _constants()),
    ):
        for name, what, data in made:
            yield Case(f"pattern: {what}", name, data)

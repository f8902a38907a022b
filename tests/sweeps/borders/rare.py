"""Borders of single checks that nothing else comes to: files that converters don't write."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from tests.building import model, operator, tensor
from tests.sweeps.mutants.corpus import Case

_MATRIX, _MAP = [2, 4], [1, 4, 4, 4]
_WINDOW = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
_MADE = tuple[str, str, bytes]
#: Operators that delegates know nothing of, and seldom see.
_ALONE = (
    *("RNN", "SVDF", "BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"),
    *("BROADCAST_ARGS", "DILATE", "RANDOM_UNIFORM", "REAL"),
)


def _floats(name: str, shape: Sequence[int], value: float = 0.5) -> dict[str, Any]:
    return tensor(name, shape, data=struct.pack(f"<{prod(shape)}f", *[value] * prod(shape)))


def _integers(name: str, values: Sequence[int], shape: Sequence[int] | None = None) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


def _eight(name: str, shape: Sequence[int], type: str = "INT8", **fields: Any) -> dict[str, Any]:
    return tensor(name, shape, type, scale=[0.05], zero_point=[0], **fields)


def _deep() -> Iterator[_MADE]:
    """More dimensions than are taken."""
    for rank in (6, 7):
        shape = [1] * (rank - 1) + [4]
        step = operator("QUANTIZE", ["x"], ["y"])
        yield "QUANTIZE", f"rank {rank}", model([tensor("x", shape), _eight("y", shape)], [step])
        step = operator("RESHAPE", ["x", "s"], ["y"])
        flat = [tensor("x", shape), _integers("s", [4]), tensor("y", [4])]
        yield "RESHAPE", f"rank {rank}", model(flat, [step])


def _turned() -> Iterator[_MADE]:
    """Transposed convolutions."""
    size = [1, 6, 6, 4]
    weights = _floats("w", [4, 3, 3, 4])
    biases = {
        "bias": _floats("b", [4]),
        "bias of two dimensions": _floats("b", [1, 4]),
        "bias in BOOL": tensor("b", [4], "BOOL", data=bytes(4)),
        "bias in INT64": tensor("b", [4], "INT64", data=bytes(32)),
    }
    options = {"stride_w": 1, "stride_h": 1, "padding": "VALID"}
    for what, bias in biases.items():
        step = operator("TRANSPOSE_CONV", ["s", "w", "x", "b"], ["y"], options, version=3)
        values = [_integers("s", size), weights, tensor("x", _MAP), bias, tensor("y", size)]
        yield "TRANSPOSE_CONV", what, model(values, [step])
    for side, stride in ((4, 1), (2, 1), (4, 0)):
        small = [1, side, side, 4]
        options = {"stride_w": stride, "stride_h": stride, "padding": "VALID"}
        step = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], options)
        values = [_integers("s", small), weights, tensor("x", [1, 2, 2, 4]), tensor("y", small)]
        yield "TRANSPOSE_CONV", f"{side} by stride {stride}", model(values, [step])


def _weighted() -> Iterator[_MADE]:
    """Weights, biases and activations that don't go with the rest."""
    bias = {"FLOAT32": _floats("b", [4]), "INT32": _integers("b", [0] * 4)}
    filters, volume = _floats("w", [1, 1, 1, 4, 4]), [1, 2, 2, 2, 4]
    options = {f"{kind}_{side}": 1 for kind in ("stride",) for side in "dhw"}
    options |= {f"dilation_{side}_factor": 1 for side in "dhw"}
    for word, given in bias.items():
        step = operator("CONV_3D", ["x", "w", "b"], ["y"], options)
        values = [tensor("x", volume), filters, given, tensor("y", volume)]
        yield "CONV_3D", f"bias in {word}", model(values, [step])
    for padding in ("VALID", 9):
        step = operator("CONV_2D", ["x", "w"], ["y"], _WINDOW | {"padding": padding})
        values = [tensor("x", _MAP), _floats("w", [4, 1, 1, 4]), tensor("y", _MAP)]
        yield "CONV_2D", f"padding {padding}", model(values, [step])
    for word in ("RELU", "RELU6"):
        ends = [_eight(name, [1, 4], "INT16") for name in "xy"]
        weights = _eight("w", [4, 4], data=bytes(16))
        step = operator("FULLY_CONNECTED", ["x", "w"], ["y"], {"fused_activation_function": word}, version=7)
        yield "FULLY_CONNECTED", f"INT16 and {word}", model([*ends, weights], [step])
        ends = [_eight(name, _MAP, "INT16") for name in "xy"]
        turned = {"stride_w": 1, "stride_h": 1, "padding": "VALID", "fused_activation_function": word}
        weights = _eight("w", [4, 1, 1, 4], data=bytes(16))
        step = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], turned, version=4)
        yield "TRANSPOSE_CONV", f"INT16 and {word}", model([*ends, weights, _integers("s", _MAP)], [step])
    for size in (16, 32):
        scales = tensor("v", [4, 64 // size], "FLOAT16", data=b"\x00\x2c" * (4 * (64 // size)))
        weights = tensor("w", [4, 64], "INT4", data=bytes(128)) | {
            "quantization": {
                "details_type": "BlockwiseQuantization",
                "details": {"scales": 3, "zero_points": -1, "block_size": size, "block_shape": [1, size]},
            }
        }
        step = operator("FULLY_CONNECTED", ["x", "w"], ["y"], version=13)
        values = [tensor("x", [1, 64]), weights, tensor("y", [1, 4]), scales]
        yield "FULLY_CONNECTED", f"blocks of {size}", model(values, [step], inputs=["x"])
    for count in (1, 4):
        fields: dict[str, Any] = {"scale": [0.05] * count, "zero_point": [0] * count, "axis": 1}
        values = [tensor("x", [4, 4], "INT8", **fields), *(_eight(name, [4, 4]) for name in "wy")]
        step = operator("BATCH_MATMUL", ["x", "w"], ["y"], version=3)
        yield "BATCH_MATMUL", f"{count} scales", model(values, [step])
    for rank in (2, 3):
        values = [tensor("x", [1, 4]), _floats("w", [4, 4]), tensor("y", [1, 4] if rank == 2 else [1, 1, 4])]
        step = operator("FULLY_CONNECTED", ["x", "w"], ["y"], {"keep_num_dims": True}, version=5)
        yield "FULLY_CONNECTED", f"kept, of rank {rank}", model(values, [step])
    for count in (1, 4):
        fields = {"scale": [0.05] * count, "zero_point": [0] * count}
        weights = tensor("w", [4, 4], "UINT8", **fields)
        ends = [_eight("x", [1, 4], "UINT8"), _eight("y", [1, 4], "UINT8")]
        step = operator("FULLY_CONNECTED", ["x", "w"], ["y"], version=4)
        yield "FULLY_CONNECTED", f"{count} scales at run time", model([*ends, weights], [step])


def _operands() -> Iterator[_MADE]:
    """Operands of odd types, numbers and shapes."""
    x, y = tensor("x", _MATRIX), tensor("y", _MATRIX)
    long = tensor("a", [1], "INT64", data=bytes(8))
    for name in ("REDUCE_MAX", "REDUCE_MIN"):
        for axis in (_integers("a", [0]), long):
            step = operator(name, ["x", "a"], ["y"])
            yield name, f"axis in {axis['type']}", model([x, axis, tensor("y", [4])], [step])
    for parts in (2, 3):
        step = operator("SPLIT", ["a", "x"], ["y", "z"], {"num_splits": parts})
        halves = [tensor(name, [2, 2]) for name in "yz"]
        yield "SPLIT", f"{parts} parts in two", model([_integers("a", [1], []), x, *halves], [step])
    for word, size in (("INT32", 4), ("INT64", 8), ("BOOL", 1)):
        lists = [_integers("b", [0, 0]), _integers("e", [2, 4])]
        strides = tensor("t", [2], word, data=(b"\1" + bytes(size - 1)) * 2)
        step = operator("STRIDED_SLICE", ["x", "b", "e", "t"], ["y"])
        yield "STRIDED_SLICE", f"strides in {word}", model([x, *lists, strides, y], [step])
    for name, beside in (("RESHAPE", _integers("s", _MATRIX)), ("TRANSPOSE", _integers("s", [0, 1]))):
        for word in ("INT32", "INT64", "UINT64"):
            ends = [tensor(end, _MATRIX, word) for end in "xy"]
            yield name, f"in {word}", model([*ends, beside], [operator(name, ["x", "s"], ["y"])])
    for name in ("PAD", "PADV2", "MIRROR_PAD"):
        options = {"mode": "REFLECT"} if name == "MIRROR_PAD" else {}
        for pads in (_integers("p", [0] * 4, [2, 2]), tensor("p", [2, 2], "INT32")):
            known = "known" if "data" in pads else "computed"
            step = operator(name, ["x", "p"], ["y"], options)
            yield name, f"{known} paddings", model([x, pads, y], [step])
    for count in (1, 2):
        k = _integers("k", [2] * count, [] if count == 1 else [count])
        step = operator("TOPK_V2", ["x", "k"], ["y", "n"])
        best = [tensor("y", [2, 2]), tensor("n", [2, 2], "INT32")]
        yield "TOPK_V2", f"{count} numbers of parts", model([x, k, *best], [step])
    step = operator("TOPK_V2", ["x", "k"], ["y", "n"])
    best = [tensor("y", [2, 2]), tensor("n", [2, 2], "INT32")]
    yield "TOPK_V2", "parts at run time", model([x, tensor("k", [], "INT32"), *best], [step])
    update = [tensor("x", [1, 2, 2, 4]), tensor("u", [1, 1, 2, 4]), tensor("i", [4], "INT32")]
    step = operator("DYNAMIC_UPDATE_SLICE", ["x", "u", "i"], ["y"])
    yield "DYNAMIC_UPDATE_SLICE", "one position", model([*update, tensor("y", [1, 2, 2, 4])], [step])
    for word in ("FLOAT32", "INT8"):
        step = operator("GATHER", ["x", "i"], ["y"], {"axis": 0})
        values = [x, _integers("i", [1, 0]), tensor("y", _MATRIX, word)]
        yield "GATHER", f"to {word}", model(values, [step])
    for activation in (1, 4, 5):
        step = operator("MaxPoolingWithArgmax2D", ["x"], ["y", "n"], custom_options=_pool(activation))
        values = [tensor("x", _MAP), tensor("y", [1, 2, 2, 4]), tensor("n", [1, 2, 2, 4])]
        yield "CUSTOM", f"activation {activation}", model(values, [step])
    for name in _ALONE:
        yield name, "alone", model([x, y], [operator(name, ["x"], ["y"])])
    step = operator("CONCATENATION", ["x", "x"], ["y"], {"axis": 0})
    yield "CONCATENATION", "to INT32", model([x, tensor("y", [4, 4], "INT32")], [step])
    step = operator("READ_VARIABLE", ["r"], ["y"])
    yield "READ_VARIABLE", "a handle from elsewhere", model([tensor("r", [1], "RESOURCE"), y], [step])
    for version in (1, 3):
        step = operator("MaxPoolingWithArgmax2D", ["x"], ["y", "n"], custom_options=_pool(0), version=version)
        values = [tensor("x", _MAP), tensor("y", [1, 2, 2, 4]), tensor("n", [1, 2, 2, 4])]
        yield "CUSTOM", f"version {version}", model(values, [step])
    for count in (1, 2):
        fields: dict[str, Any] = {"scale": [0.5] * count, "zero_point": [0] * count}
        values = [
            tensor("x", [2], "INT8", **fields),
            _integers("d", [3], []),
            *_on_off(),
            tensor("y", [2, 3]),
        ]
        yield (
            "ONE_HOT",
            f"{count} scales",
            model(values, [operator("ONE_HOT", ["x", "d", "a", "b"], ["y"], {"axis": -1})]),
        )


def _on_off() -> list[dict[str, Any]]:
    return [_floats("a", [], 1.0), _floats("b", [], 0.0)]


def _pool(activation: int) -> bytes:
    """TfLitePoolParams: padding, stride and window across and down, activation."""
    return struct.pack("<10i", 2, 2, 2, 2, 2, activation, 0, 0, 0, 0)


def _loaded() -> Iterator[_MADE]:
    """What the runtime doesn't load: outputs left out, zero points without scales."""
    x, y = tensor("x", _MATRIX), tensor("y", _MATRIX)
    yield "LOAD", "an output left out", model([x, y], [operator("RELU", ["x"], ["y", -1])], outputs=["y"])
    step = operator("RELU", ["x"], ["y"])
    for count, points in ((1, 2), (1, 1), (2, 1)):
        lone = [
            tensor(name, _MATRIX) | {"quantization": {"zero_point": [0] * points}} for name in "xy"[:count]
        ]
        values = [*lone, *[x, y][count:]]
        yield "LOAD", f"{points} zero points alone, {count} times", model(values, [step])


def _given_out() -> Iterator[_MADE]:
    """An output that is computed of constants, beside one that isn't."""
    for shown in (["z"], ["z", "y"]):
        values = [tensor("x", _MATRIX), tensor("z", _MATRIX), _floats("a", _MATRIX), _floats("b", _MATRIX)]
        steps = [operator("RELU", ["x"], ["z"]), operator("MUL", ["a", "b"], ["y"])]
        made = model([*values, tensor("y", _MATRIX)], steps, inputs=["x"], outputs=shown)
        yield "EVERY_OP", f"{len(shown)} outputs beside a product of constants", made
    pads = _integers("p", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])
    pool = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2, "padding": "VALID"}
    wide, maps = [1, 6, 6, 4], [tensor("a", _MAP), tensor("x", _MAP), tensor("y", [1, 6, 6, 4])]
    for first in ("RELU", "NEG"):
        steps = [
            operator(first, ["a"], ["x"]),
            operator("PAD", ["x", "p"], ["y"]),
            operator("MAX_POOL_2D", ["y"], ["z"], pool),
        ]
        yield "PAD", f"{first} before MAX_POOL_2D", model([*maps, pads, tensor("z", [1, 3, 3, 4])], steps)
        joined = [tensor("a", _MAP), tensor("x", _MAP), tensor("y", wide), tensor("z", [1, 3, 3, 4])]
        above = _floats("f", [1, 2, 4, 4], 0.0)
        flat = [1, 6, 4, 4]
        joined[2] = tensor("y", flat)
        steps[1] = operator("CONCATENATION", ["f", "x"], ["y"], {"axis": 1})
        joined[3] = tensor("z", [1, 3, 2, 4])
        yield "CONCATENATION", f"{first} before MAX_POOL_2D", model([*joined, above], steps, inputs=["a"])


def rare() -> Iterator[Case]:
    """All of them."""
    for made in (_deep(), _turned(), _weighted(), _operands(), _loaded(), _given_out()):
        for name, what, data in made:
            yield Case(f"rare: {what}", name, data)

"""Borders that lie behind others: what checks ask once all that is asked before them holds."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

from tests.building import model, operator, tensor
from tests.sweeps.mutants.corpus import Case

_MADE = tuple[str, str, bytes]
_MATRIX, _MAP = [2, 4], [1, 4, 4, 4]
_WINDOW = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1, "padding": "VALID"}
_TURNED = {"stride_w": 1, "stride_h": 1, "padding": "SAME"}
_COMPARED = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
_PAIRED = ("ADD", "ADD_N", "SUB", "POW", "SQUARED_DIFFERENCE")


def _floats(name: str, shape: Sequence[int], value: float = 0.5, **fields: Any) -> dict[str, Any]:
    data = struct.pack(f"<{prod(shape)}f", *[value] * prod(shape))
    return tensor(name, shape, data=data, **fields)


def _integers(name: str, values: Sequence[int], shape: Sequence[int] | None = None) -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}i", *values)
    return tensor(name, [len(values)] if shape is None else shape, "INT32", data=data)


def _in_blocks(name: str, shape: Sequence[int]) -> list[dict[str, Any]]:
    """Floats that are said to be quantized in blocks, with what is said to be their scales."""
    details = {"scales": 0, "zero_points": -1, "block_size": 4}
    blocks = {"details_type": "BlockwiseQuantization", "details": details}
    scales = tensor("v", [1], "FLOAT16", data=b"\x00\x2c")
    return [scales, _floats(name, shape) | {"quantization": blocks}]


def _unreadable() -> Iterator[_MADE]:
    """Constants that the CPU reads as they are, and delegates don't."""
    x, z = tensor("x", _MAP), tensor("z", _MAP)
    for word, known in (("blocks", _in_blocks("y", _MAP)), ("floats", [_floats("y", _MAP)])):
        for name in _PAIRED:
            step = operator(name, ["x", "y"], ["z"])
            yield name, f"constant in {word}", model([*known, x, z], [step])
        for name in _COMPARED:
            steps = [
                operator(name, ["x", "y"], ["m"]),
                operator("CAST", ["m"], ["z"], {"in_data_type": "BOOL", "out_data_type": "FLOAT32"}),
            ]
            yield name, f"constant in {word}", model([*known, x, tensor("m", _MAP, "BOOL"), z], steps)
    for word, made in (("blocks", _in_blocks), ("floats", lambda *given: [_floats(*given)])):
        step = operator(
            "DEPTHWISE_CONV_2D", ["x", "w", "b"], ["z"], _WINDOW | {"depth_multiplier": 1}, version=2
        )
        values = [*made("w", [1, 1, 1, 4]), x, _floats("b", [4]), z]
        yield "DEPTHWISE_CONV_2D", f"weights in {word}", model(values, [step])
        step = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["z"], _TURNED)
        values = [*made("w", [4, 1, 1, 4]), _integers("s", _MAP), x, z]
        yield "TRANSPOSE_CONV", f"weights in {word}", model(values, [step])


def _of_constants() -> Iterator[_MADE]:
    """Constants that are moved about by what isn't one, but known: nothing else is computed."""
    # By what the sizes of a tensor are used for: to them, and how often or how far.
    ways: dict[str, tuple[list[int], list[int], list[int]]] = {
        "RESHAPE": ([1, 4, 4, 4], [1, 2, 8, 4], [1, 2, 8, 4]),
        "TILE": ([1, 4, 4, 4], [1, 2, 1, 1], [1, 8, 4, 4]),
        "TRANSPOSE": ([1, 4, 4, 4], [0, 2, 1, 3], [1, 4, 4, 4]),
        "RESIZE_BILINEAR": ([1, 4, 4, 4], [8, 8], [1, 8, 8, 4]),
        "RESIZE_NEAREST_NEIGHBOR": ([1, 4, 4, 4], [8, 8], [1, 8, 8, 4]),
        "PAD": ([1, 4, 4, 4], [0, 0, 1, 1, 1, 1, 0, 0], [1, 6, 6, 4]),
        "PADV2": ([1, 4, 4, 4], [0, 0, 1, 1, 1, 1, 0, 0], [1, 6, 6, 4]),
        "MIRROR_PAD": ([1, 4, 4, 4], [0, 0, 1, 1, 1, 1, 0, 0], [1, 6, 6, 4]),
    }
    for name, (shape, sizes, made) in ways.items():
        steps = [operator("SHAPE", ["x"], ["s"], {"out_type": "INT32"})]
        values = [tensor("x", sizes), tensor("s", [len(sizes)], "INT32"), tensor("y", made)]
        given = "s"
        if len(sizes) > 4:
            steps.append(operator("RESHAPE", ["s", "r"], ["p"]))
            values += [_integers("r", [4, 2]), tensor("p", [4, 2], "INT32")]
            given = "p"
        fill = ["f"] if name == "PADV2" else []
        options = {"mode": "REFLECT"} if name == "MIRROR_PAD" else {}
        for what, data in (("a constant", _floats("c", shape)), ("an input", tensor("c", shape))):
            step = operator(name, ["c", given, *fill], ["y"], options)
            beside = [data, *(_floats(one, [], 0.0) for one in fill)]
            inputs = ["x", "c"] if "data" not in data else ["x"]
            yield name, f"known sizes for {what}", model([*values, *beside], [*steps, step], inputs=inputs)


def _known() -> Iterator[_MADE]:
    """Sizes and axes that are no constants, but that the interpreter knows before anything runs."""
    x, number = tensor("x", _MAP), {"out_type": "INT32"}

    def sized(name: str, sizes: Sequence[int]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        given = [tensor(f"{name}_", sizes), tensor(name, [len(sizes)], "INT32")]
        return given, operator("SHAPE", [f"{name}_"], [name], number)

    size, step = sized("s", [1, 2, 2, 4])
    start = _integers("b", [0] * 4)
    sliced = operator("SLICE", ["x", "b", "s"], ["y"])
    values = [x, *size, start, tensor("y", [1, 2, 2, 4])]
    yield "SLICE", "known size", model(values, [step, sliced])
    strides = _integers("t", [1] * 4)
    sliced = operator("STRIDED_SLICE", ["x", "b", "s", "t"], ["y"])
    yield "STRIDED_SLICE", "known end", model([*values, strides], [step, sliced])
    axis, step = sized("a", [1])
    halves = [tensor(name, [1, 2, 4, 4]) for name in "yz"]
    split = operator("SPLIT", ["a", "x"], ["y", "z"], {"num_splits": 2})
    yield "SPLIT", "known axis", model([x, *axis, *halves], [step, split])
    split = operator("SPLIT_V", ["x", "n", "a"], ["y", "z"], {"num_splits": 2})
    yield "SPLIT_V", "known axis", model([x, *axis, *halves, _integers("n", [2, 2])], [step, split])
    size, step = sized("s", _MAP)
    turned = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], _TURNED)
    values = [x, *size, _floats("w", [4, 1, 1, 4]), tensor("y", _MAP)]
    yield "TRANSPOSE_CONV", "known output shape", model(values, [step, turned])
    yield from _of_constants()
    for count in (1, 2):
        shape = [4] * count
        step = operator("TRANSPOSE", ["x", "p"], ["y"])
        values = [tensor("x", shape), _integers("p", list(range(count))), tensor("y", shape)]
        yield "TRANSPOSE", f"of {count} dimensions", model(values, [step])


def _computed() -> Iterator[_MADE]:
    """Weights that are computed, on data that isn't, in groups, or with other batches."""
    for name, shape, options in (
        ("CONV_2D", [4, 1, 1, 4], _WINDOW),
        ("DEPTHWISE_CONV_2D", [1, 1, 1, 4], _WINDOW | {"depth_multiplier": 1}),
    ):
        step = operator(name, ["x", "w", "b"], ["y"], options, version=2)
        values = [_floats("x", _MAP), tensor("w", shape), _floats("b", [4]), tensor("y", _MAP)]
        yield name, "data of a constant", model(values, [step])
    step = operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], _TURNED)
    values = [_integers("s", _MAP), tensor("w", [4, 1, 1, 4]), _floats("x", _MAP), tensor("y", _MAP)]
    yield "TRANSPOSE_CONV", "data of a constant", model(values, [step])
    for groups in (1, 2):
        step = operator("CONV_2D", ["x", "w", "b"], ["y"], _WINDOW, version=6)
        values = [tensor("x", _MAP), tensor("w", [4, 1, 1, 4 // groups]), _floats("b", [4])]
        yield "CONV_2D", f"{groups} groups, computed", model([*values, tensor("y", _MAP)], [step])
    for times in (1, 2):
        options = _WINDOW | {"depth_multiplier": times}
        step = operator("DEPTHWISE_CONV_2D", ["x", "w", "b"], ["y"], options, version=2)
        values = [tensor("x", _MAP), tensor("w", [1, 1, 1, 4 * times]), _floats("b", [4 * times])]
        made = model([*values, tensor("y", [1, 4, 4, 4 * times])], [step])
        yield "DEPTHWISE_CONV_2D", f"{times} times as many channels, computed", made
    for batch in (1, 2):
        step = operator("DEPTHWISE_CONV_2D", ["x", "w", "b"], ["y"], _WINDOW | {"depth_multiplier": 1})
        bias = tensor("b", [4], "INT64", data=bytes(32))
        values = [tensor("x", _MAP), _floats("w", [1, 1, 1, 4]), bias, tensor("y", [batch, 4, 4, 4])]
        yield "DEPTHWISE_CONV_2D", f"an output of {batch} batches", model(values, [step])
        step = operator("BATCH_MATMUL", ["x", "w"], ["y"])
        values = [tensor("x", [batch, 4, 4]), tensor("w", [2, 4, 4]), tensor("y", [2, 4, 4])]
        yield "BATCH_MATMUL", f"{batch} batches and two", model(values, [step])
    names = ("activation", "state", "joined", "gates")
    for given in ("c", "h"):
        values = [
            *(tensor(name, [1, 4]) for name in ("x", "h", "c")),
            *(_floats("w", [16, 8]), _floats("b", [16])),
            *(tensor(name, [1, size]) for name, size in zip(names, (4, 4, 8, 16), strict=True)),
        ]
        options = {"kernel_type": "BASIC", "fused_activation_function": "TANH"}
        step = operator("LSTM", ["x", "h", "w", "b", given], names, options, version=2)
        yield "LSTM", f"state {given}", model(values, [step], inputs=["x", "h", "c"])
    for rank, name in ((2, "SELECT"), (4, "SELECT")):
        shape = _MATRIX if rank == 2 else _MAP
        values = [tensor("m", shape, "BOOL"), *(tensor(name, shape) for name in "xyz")]
        yield name, f"of {rank} dimensions", model(values, [operator(name, ["m", "x", "y"], ["z"])])


def _behind() -> Iterator[_MADE]:
    """Transposed convolutions that aren't alone: single operators are no partition to some delegates."""
    for bias in ("none", "constant", "computed"):
        beside = {"none": [], "constant": [_floats("b", [4])], "computed": [tensor("b", [4])]}[bias]
        given = ["s", "w", "x", "b"] if beside else ["s", "w", "x"]
        steps = [operator("RELU", ["v"], ["x"]), operator("TRANSPOSE_CONV", given, ["y"], _TURNED)]
        ends = [tensor(name, _MAP) for name in "vxy"]
        values = [*ends, _integers("s", _MAP), _floats("w", [4, 1, 1, 4]), *beside]
        yield "TRANSPOSE_CONV", f"{bias} bias behind RELU", model(values, steps)
        if beside:
            data = bytes(16) if bias == "constant" else None
            ends = [tensor(name, _MAP, "INT8", scale=[0.05]) for name in "vxy"]
            weights = tensor("w", [4, 1, 1, 4], "INT8", scale=[0.05], data=bytes(16))
            eight = tensor("b", [4], "INT32", scale=[0.0025], data=data)
            steps[0], steps[1] = steps[0] | {"version": 2}, steps[1] | {"version": 3}
            made = model([*ends, _integers("s", _MAP), weights, eight], steps)
            yield "TRANSPOSE_CONV", f"{bias} bias behind RELU, of 8 bits", made


def _recurrent() -> Iterator[_MADE]:
    """Cells of 8 bits: the basic one with states around two zero points, and the full one."""
    names = ("activation", "state", "joined", "gates")
    options = {"kernel_type": "BASIC", "fused_activation_function": "TANH"}
    for point in (0, 7):

        def narrow(name: str, size: int) -> dict[str, Any]:
            return tensor(name, [1, size], "UINT8", scale=[1 / 128], zero_point=[128])

        def wide(name: str, size: int, point: int, scale: float = 16 / 32768) -> dict[str, Any]:
            return tensor(name, [1, size], "INT16", scale=[scale], zero_point=[point])

        values = [
            *(narrow("x", 4), narrow("h", 4)),
            tensor("w", [16, 8], "UINT8", data=bytes(128), scale=[0.05], zero_point=[128]),
            tensor("b", [16], "INT32", data=bytes(64), scale=[0.05 / 128]),
            *(wide("c", 4, 0), narrow("activation", 4), wide("state", 4, point, 8 / 32768)),
            *(narrow("joined", 8), wide("gates", 16, 0)),
        ]
        step = operator("LSTM", ["x", "h", "w", "b", "c"], names, options, version=2)
        yield "LSTM", f"state around {point}", model(values, [step], inputs=["x", "h", "c"])
    for count in (5, 12):
        ends = [tensor(name, [1, 4], "INT8", scale=[1 / 128]) for name in "xy"]
        gates = [tensor(f"w{i}", [4, 4], "INT8", scale=[0.05], data=bytes(16)) for i in range(8)]
        biases = [tensor(f"b{i}", [4], "INT32", scale=[0.05 / 128], data=bytes(16)) for i in range(4)]
        states = [
            tensor("h", [1, 4], "INT8", scale=[1 / 128], is_variable=True),
            tensor("c", [1, 4], "INT16", scale=[2**-11], is_variable=True),
        ]
        words = [*["INT16"] * 4, "INT8"] if count == 5 else ["INT8"] * count
        between = [tensor(f"i{i}", [], word, scale=[2**-12]) for i, word in enumerate(words)]
        values = [*between, *ends, *gates, *biases, *states]
        given: list[str | int] = [f"w{i}" for i in range(8)]
        inputs = ["x", *given, -1, -1, -1, *(f"b{i}" for i in range(4)), -1, -1, "h", "c"]
        full = {"kernel_type": "FULL", "fused_activation_function": "TANH"}
        step = operator("LSTM", inputs, ["y"], full, version=3, intermediates=list(range(count)))
        yield "LSTM", f"of 8 bits, {count} intermediates", model(values, [step], inputs=["x"])


def _between() -> Iterator[_MADE]:
    """Partners in merges, what OpenGL joins, and numbers that half floats don't hold."""
    wide = _floats("w", [4, 3, 3, 4])
    for shown in (["y", "z"], ["z"]):
        steps = [
            operator("ADD_N", ["x", "x"], ["y"]),
            operator("CONV_2D", ["y", "w", "b"], ["z"], _WINDOW),
        ]
        values = [tensor("x", _MAP), tensor("y", _MAP), wide, _floats("b", [4]), tensor("z", [1, 2, 2, 4])]
        made = model(values, steps, inputs=["x"], outputs=shown)
        yield "ADD_N", f"doubled before CONV_2D, {len(shown)} outputs", made
    for name in ("FLOOR_DIV", "FLOOR_MOD", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE"):
        for first in ("RELU", None):
            steps = [operator("RELU", ["v"], ["x"])] if first else []
            ends = [tensor("x", _MAP), tensor("y", [1, 1, 1, 4]), tensor("z", _MAP)]
            values = [tensor("v", _MAP), *ends] if first else ends
            steps.append(operator(name, ["x", "y"], ["z"]))
            yield name, f"broadcast {'behind RELU' if first else 'of inputs'}", model(values, steps)
    for value, reader in ((70000.0, "RELU"), (70000.0, "SOFTMAX"), (100.0, "RELU")):
        steps = [operator("ADD", ["x", "c"], ["y"]), operator(reader, ["y"], ["z"], {"beta": 1.0})]
        if reader == "RELU":
            steps[1] = operator(reader, ["y"], ["z"])
        values = [tensor("x", _MAP), _floats("c", [4], value), tensor("y", _MAP), tensor("z", _MAP)]
        yield "EVERY_OP", f"{value:g} added before {reader}", model(values, steps)
    pads = _integers("p", [0, 0, 1, 1, 0, 0], [3, 2])
    for name in ("PADV2", "MIRROR_PAD"):
        options = {"mode": "REFLECT"} if name == "MIRROR_PAD" else {}
        inputs = ["x", "p"] if name == "MIRROR_PAD" else ["x", "p", "f"]
        fill = [] if name == "MIRROR_PAD" else [_floats("f", [], 0.0)]
        values = [tensor("x", [1, 4, 4]), pads, *fill, tensor("y", [1, 6, 4])]
        yield name, "of three dimensions, one row", model(values, [operator(name, inputs, ["y"], options)])
    lists = [_integers("b", [0] * 3), _integers("e", [1, 2, 4]), _integers("t", [1] * 3)]
    values = [tensor("x", [1, 4, 4]), *lists, tensor("y", [1, 2, 4])]
    step = operator("STRIDED_SLICE", ["x", "b", "e", "t"], ["y"])
    yield "STRIDED_SLICE", "of three dimensions, one row", model(values, [step])


def _sparse() -> Iterator[_MADE]:
    """Weights with their zeros left out, of types that are made dense, and of one that isn't."""
    rows = {
        "format": "SPARSE_CSR",
        "array_segments_type": "Int32Vector",
        "array_segments": {"values": [0, 2]},
        "array_indices_type": "Int32Vector",
        "array_indices": {"values": [0, 2]},
    }
    sides = [*({"format": "DENSE", "dense_size": 1} for _ in range(3)), rows]
    sparse = {"traversal_order": [0, 1, 2, 3], "dim_metadata": sides}
    for word, data in (("FLOAT32", struct.pack("<2f", 1, 2)), ("INT8", b"\1\2"), ("UINT8", b"\1\2")):
        real = word == "FLOAT32"

        def of(name: str, shape: Sequence[int], **fields: Any) -> dict[str, Any]:
            return tensor(name, shape, word, scale=[] if real else [0.05], **fields)  # noqa: B023

        steps = [operator("DENSIFY", ["s"], ["w"]), operator("CONV_2D", ["x", "w", "b"], ["y"], _WINDOW)]
        bias = _floats("b", [1]) if real else tensor("b", [1], "INT32", data=bytes(4), scale=[0.0025])
        weights = [of("s", [1, 1, 1, 4], data=data, sparsity=sparse), of("w", [1, 1, 1, 4])]
        values = [of("x", _MAP), *weights, bias, of("y", [1, 4, 4, 1])]
        yield "DENSIFY", f"of {word}", model(values, steps, inputs=["x"])


def _missing() -> Iterator[_MADE]:
    """Operators that lack inputs or outputs, which the CPU refuses."""
    x, y = tensor("x", _MATRIX), tensor("y", _MATRIX)
    yield "FULLY_CONNECTED", "no inputs", model([x, y], [operator("FULLY_CONNECTED", [], ["y"])])
    eight = tensor("x", _MATRIX, "INT8", scale=[0.05])
    step = operator("PACK", ["x", "x"], [], {"axis": 0, "values_count": 2})
    yield "PACK", "no outputs", model([eight], [step], inputs=["x"], outputs=["x"])
    values = [tensor("x", [1, 0]), _integers("p", [0] * 4, [2, 2]), tensor("y", [1, 0])]
    step = operator("MIRROR_PAD", ["x", "p"], ["y"], {"mode": "REFLECT"})
    yield "MIRROR_PAD", "of nothing", model(values, [step])


def hidden() -> Iterator[Case]:
    """All of them."""
    for made in (
        _unreadable(),
        _known(),
        _computed(),
        _behind(),
        _recurrent(),
        _between(),
        _sparse(),
        _missing(),
    ):
        for name, what, data in made:
            yield Case(f"hidden: {what}", name, data)

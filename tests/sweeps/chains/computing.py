"""Operators that compute: elementwise ones, those with weights, pools and reductions.

Each function takes the graph, a value, another one and a number that picks one of its variants; it gives
what it makes, or None where it doesn't apply.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from tests.sweeps.chains.graphs import Graph, Value

Made = list[Value] | None
Kind = Callable[[Graph, Value, Value, int], Made]

_ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6")
_BINARY = {"ADD": 0.0, "MUL": 1.0, "SUB": 0.0, "MAXIMUM": 0.0, "MINIMUM": 0.0}
#: Those that only floats are tried with, and the middle of constants for them.
_FLOAT_BINARY = {"DIV": 2.0, "SQUARED_DIFFERENCE": 0.0}


def unary(operator: str, eight_bits: bool = False) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        return [graph.emit(operator, [x], x.shape)] if graph.real or eight_bits else None

    return make


def soft(operator: str) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        options = {"beta": 1.0} if operator == "SOFTMAX" else {}
        return [graph.soft(operator, x, options)] if x.rank else None

    return make


def with_constant(operator: str) -> Kind:
    """Beside a scalar, a number for each channel, or one for each element; as the first operand too."""

    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        middle = {**_BINARY, **_FLOAT_BINARY}[operator]
        if not graph.real and operator in _FLOAT_BINARY:
            return None
        shapes: list[Sequence[int]] = [(), (x.channels,), x.shape, (1,) * (x.rank - 1) + (x.channels,)]
        constant = graph.constant(shapes[variant % 4], middle=middle)
        operands: list[Value | str] = [x, constant] if variant // 4 % 4 else [constant, x]
        if operator == "DIV":
            operands = [x, constant]
        return [graph.emit(operator, operands, x.shape, _activation(operator, variant))]

    return make


def of_two(operator: str) -> Kind:
    """Of two values of one shape, or of one and a broadcast one; maybe the same value twice."""

    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        fits = x.rank == y.rank and all(b in (a, 1) for a, b in zip(x.shape, y.shape, strict=True))
        if not fits or (not graph.real and operator in _FLOAT_BINARY):
            return None
        operands = [y, x] if variant // 4 % 2 else [x, y]
        return [graph.emit(operator, operands, x.shape, _activation(operator, variant))]

    return make


def _activation(operator: str, variant: int) -> dict[str, str]:
    fused = operator in ("ADD", "MUL", "SUB", "DIV")
    return {"fused_activation_function": _ACTIVATIONS[variant // 16 % 4]} if fused else {}


def add_n(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.shape != y.shape or not graph.real:
        return None
    return [graph.emit("ADD_N", [x, y] if variant % 2 else [x, y, x], x.shape)]


def prelu(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank != 4 or not graph.real:
        return None
    return [graph.emit("PRELU", [x, graph.constant((1, 1, x.channels))], x.shape)]


def convolution(kernel: int, depthwise: bool = False) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        if x.rank != 4:
            return None
        same, stride = bool(variant % 2) or kernel == 1, 1 + variant // 2 % 3 // 2
        sides = _windows(x.shape[1:3], kernel, stride, same)
        if min(sides) < 1:
            return None
        pick = variant // 6 % 4
        wanted = x.channels * (1 + pick // 3) if depthwise else (4, 8, x.channels, 3)[pick]
        options = {
            "padding": "SAME" if same else "VALID",
            "stride_w": stride,
            "stride_h": stride,
            "fused_activation_function": _ACTIVATIONS[variant // 24 % 4],
        }
        if depthwise:
            options["depth_multiplier"] = wanted // x.channels
            filters = graph.weights((1, kernel, kernel, wanted), 3)
        else:
            filters = graph.weights((wanted, kernel, kernel, x.channels))
        operator = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        operands: list[Value | str] = [x, filters, graph.bias(wanted)]
        return [graph.emit(operator, operands, (x.shape[0], *sides, wanted), options)]

    return make


def transposed(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank != 4 or not graph.real:
        return None
    kernel, stride, same = (2, 3, 4)[variant % 3], 1 + variant // 3 % 2, bool(variant // 6 % 2)
    sides = [n * stride + (0 if same else max(kernel - stride, 0)) for n in x.shape[1:3]]
    shape = (x.shape[0], *sides, 4)
    options = {"padding": "SAME" if same else "VALID", "stride_w": stride, "stride_h": stride}
    operands: list[Value | str] = [
        graph.integers(shape),
        graph.weights((4, kernel, kernel, x.channels)),
        x,
        graph.bias(4),
    ]
    return [graph.emit("TRANSPOSE_CONV", operands, shape, options)]


def fully_connected(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if not x.rank:
        return None
    units, keep = (4, 8, 5)[variant % 3], bool(variant // 3 % 2)
    shape = (*x.shape[:-1], units) if keep else (prod(x.shape[:-1]), units)
    options = {"keep_num_dims": keep, "fused_activation_function": _ACTIVATIONS[variant // 6 % 4]}
    operands: list[Value | str] = [x, graph.weights((units, x.channels)), graph.bias(units)]
    return [graph.emit("FULLY_CONNECTED", operands, shape, options)]


def pool(operator: str) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        if x.rank != 4:
            return None
        whole, same, stride = variant % 4 == 3, bool(variant // 4 % 2), 1 + variant // 8 % 2
        height, width = x.shape[1:3] if whole else (2 + variant % 2, 2 + variant % 2)
        sides = (1, 1) if whole else _windows(x.shape[1:3], height, stride, same)
        if min(sides) < 1:
            return None
        options = {
            "padding": "SAME" if same and not whole else "VALID",
            "stride_w": stride,
            "stride_h": stride,
            "filter_width": width,
            "filter_height": height,
        }
        return [graph.emit(operator, [x], (x.shape[0], *sides, x.channels), options)]

    return make


def _windows(sides: Sequence[int], kernel: int, stride: int, same: bool) -> list[int]:
    return [-(-n // stride) if same else (n - kernel) // stride + 1 for n in sides]


def reduction(operator: str) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        if not x.rank or (not graph.real and operator != "MEAN"):
            return None
        choices: list[Sequence[int]] = [(1, 2), (x.rank - 1,), (1,), tuple(range(1, x.rank)), (0,)]
        axes, keep = choices[variant % 5], bool(variant // 5 % 2)
        if not axes or max(axes) >= x.rank:
            return None
        shape = [1 if axis in axes else n for axis, n in enumerate(x.shape) if keep or axis not in axes]
        return (
            [graph.emit(operator, [x, graph.integers(axes)], shape, {"keep_dims": keep})] if shape else None
        )

    return make


def matmul(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    """By a constant of two dimensions or of as many, by another value or itself; either transposed."""
    if x.rank < 2 or not graph.real:
        return None
    adjoint, kind = bool(variant % 2), variant // 2 % 3
    rows, inner = x.shape[-2:]
    if kind == 2:
        if y.shape[:-2] != x.shape[:-2] or y.shape[-1 if adjoint else -2] != inner:
            return None
        operands: list[Value | str] = [x, y]
        columns = y.shape[-2 if adjoint else -1]
    else:
        columns = 4
        sides = (columns, inner) if adjoint else (inner, columns)
        operands = [x, graph.constant(sides if kind else (*x.shape[:-2], *sides))]
    return [graph.emit("BATCH_MATMUL", operands, (*x.shape[:-2], rows, columns), {"adj_y": adjoint})]


def layer_norm(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    """As converters write it out: squared differences, or squares less the square of the mean."""
    if x.rank < 2 or not graph.real:
        return None
    axes, shape = graph.integers((x.rank - 1,)), (*x.shape[:-1], 1)
    keep = {"keep_dims": True}
    mean = graph.emit("MEAN", [x, axes], shape, keep)
    if variant % 2:
        centred = graph.emit("SQUARED_DIFFERENCE", [x, mean], x.shape)
        spread = graph.emit("MEAN", [centred, axes], shape, keep)
    else:
        squares = graph.emit("MEAN", [graph.emit("SQUARE", [x], x.shape), axes], shape, keep)
        spread = graph.emit("SUB", [squares, graph.emit("SQUARE", [mean], shape)], shape)
    moved = graph.emit("ADD", [spread, graph.constant((), 0.0, 0.01)], shape)
    inverse = graph.emit("RSQRT", [moved], shape)
    difference = graph.emit("SUB", [x, mean], x.shape)
    return [graph.emit("MUL", [difference, inverse], x.shape)]


def squeeze_and_excite(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank != 4 or not graph.real:
        return None
    shape = (x.shape[0], 1, 1, x.channels)
    gate = graph.emit("MEAN", [x, graph.integers((1, 2))], shape, {"keep_dims": True})
    [gate] = convolution(1)(graph, gate, gate, 12 + 24 * (variant % 4)) or [gate]
    return [graph.emit("MUL", [x, graph.soft("LOGISTIC", gate)], x.shape)]


KINDS: dict[str, Kind] = {
    **{name: unary(name) for name in ("ABS", "NEG", "SQUARE", "HARD_SWISH", "ELU", "GELU", "EXP", "SIN")},
    **{name: unary(name, True) for name in ("RELU", "RELU6")},
    **{name: soft(name) for name in ("LOGISTIC", "SOFTMAX")},
    **{f"{name}:constant": with_constant(name) for name in (*_BINARY, *_FLOAT_BINARY)},
    **{f"{name}:two": of_two(name) for name in (*_BINARY, "SQUARED_DIFFERENCE")},
    **{name: reduction(name) for name in ("MEAN", "SUM", "REDUCE_MAX")},
    "ADD_N": add_n,
    "PRELU": prelu,
    "CONV_2D:1": convolution(1),
    "CONV_2D:3": convolution(3),
    "DEPTHWISE_CONV_2D": convolution(3, depthwise=True),
    "TRANSPOSE_CONV": transposed,
    "FULLY_CONNECTED": fully_connected,
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D"),
    "MAX_POOL_2D": pool("MAX_POOL_2D"),
    "BATCH_MATMUL": matmul,
    "MUL:layer-norm": layer_norm,
    "MUL:gate": squeeze_and_excite,
}

"""Values that hang on nothing but constants and sizes, computed as the CPU's kernels would."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from math import prod
from typing import Any

from msgspec.structs import replace

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.constant_folding import FOLDS
from analyzer.model.graph import OMITTED, Operator, Subgraph, Tensor

Value = int | float | bool
Values = tuple[Value, ...]
Shape = tuple[int, ...]

#: Element types that are read and written.
FORMATS = {
    "INT32": "i",
    "INT64": "q",
    "FLOAT32": "f",
    "INT8": "b",
    "UINT8": "B",
    "BOOL": "?",
    "INT16": "h",
    "UINT16": "H",
    "UINT32": "I",
    "FLOAT16": "e",
    "FLOAT64": "d",
}
_WHOLE = ("INT32", "INT64", "BOOL")
#: Elements, and operators one behind the other, that are gone through.
_MOST, _DEEPEST = 1 << 20, 60
#: Up to here, all whole numbers are numbers of float64.
_EXACT = 1 << 53


class Unknown(Exception):
    """A value that running alone can tell."""


class Arithmetic:
    """Values in one subgraph as it is prepared; tensors of `unsettled` have no known size."""

    def __init__(self, subgraph: Subgraph, unsettled: frozenset[int]) -> None:
        self._subgraph = subgraph
        self._unsettled = unsettled
        self._known: dict[int, Values | None] = {}
        self._depth = 0

    def values(self, index: int) -> Values:
        """The elements of a tensor, flattened. Raises: Unknown"""
        if index not in self._known:
            self._known[index] = None  # what hangs on itself is never known
            with suppress(Unknown, Undefined, ArithmeticError, LookupError, ValueError, struct.error):
                self._known[index] = self._values(index)
        values = self._known[index]
        if values is None:
            raise Unknown
        return values

    def _values(self, index: int) -> Values:
        tensor = self._subgraph.tensors[index]
        if tensor.constant:
            return constant_values(tensor)
        if tensor.variable or tensor.dynamic or index in self._unsettled or prod(tensor.shape) > _MOST:
            raise Unknown
        if tensor.computed_values is not None:
            if len(tensor.computed_values) != prod(tensor.shape):
                raise Unknown
            return tensor.computed_values
        writers = self._subgraph.producers.get(index, ())
        if len(writers) != 1 or self._depth > _DEEPEST:
            raise Unknown
        self._depth += 1
        try:
            return self._computed(self._subgraph.operators[writers[0]], index)
        finally:
            self._depth -= 1

    def _computed(self, operator: Operator, index: int) -> Values:
        output = self._subgraph.tensors[index]
        if operator.name == "SHAPE":
            return self._shape(operator.inputs[0])
        inputs = [self._input(i) for i in operator.inputs if i != OMITTED]
        if any(tensor.quantization and tensor.quantization.scale_count for tensor in (*inputs, output)):
            raise Unknown
        if operator.options.get("fused_activation_function", "NONE") != "NONE":
            raise Unknown
        if operator.name in _AS_PREPARED:
            read = {tensor.index: tensor for tensor in inputs}
            values = FOLDS[_AS_PREPARED[operator.name]](Context(self._subgraph, operator, read), output)
        elif operator.name in _ELEMENTWISE:
            values = _elementwise(_ELEMENTWISE[operator.name], inputs, output)
        else:
            values = _REARRANGING[operator.name](operator, inputs, output)
        if values is None or len(values) != prod(output.shape):
            raise Unknown
        return _as_stored(values, output.dtype)

    def _shape(self, index: int) -> Values:
        tensor = self._subgraph.tensors[index]
        if tensor.dynamic or index in self._unsettled:
            raise Unknown
        return tensor.shape

    def _input(self, index: int) -> Tensor:
        tensor = self._subgraph.tensors[index]
        return replace(tensor, computed_values=self.values(index))


def constant_values(tensor: Tensor) -> Values:
    """The elements of a constant. Raises: Unknown where they aren't numbers, or are packed otherwise."""
    code = FORMATS.get(tensor.dtype)
    count = prod(tensor.shape)
    if tensor.data is None or tensor.sparsity is not None or code is None or count > _MOST:
        raise Unknown
    if len(tensor.data) != count * struct.calcsize(code):
        raise Unknown
    return struct.unpack(f"<{count}{code}", tensor.data)


def _as_stored(values: Sequence[Value], dtype: str) -> Values:
    """The values as the element type holds them."""
    code = FORMATS[dtype]
    return struct.unpack(f"<{len(values)}{code}", struct.pack(f"<{len(values)}{code}", *values))


def _seen(tensor: Tensor) -> Values:
    assert tensor.computed_values is not None
    return tensor.computed_values


def strides(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each dimension lie."""
    return [prod(shape[axis + 1 :]) for axis in range(len(shape))]


def taken(values: Sequence[Value], shape: Sequence[int], steps: Sequence[int], first: int = 0) -> Values:
    """The elements that lie `steps` apart along each dimension of a new shape."""
    places = [first]
    for size, step in zip(shape, steps, strict=True):
        places = [place + i * step for place in places for i in range(size)]
    return tuple([values[place] for place in places])


def broadcast(values: Sequence[Value], shape: Sequence[int], into: Sequence[int]) -> Values:
    """The elements repeated along dimensions of size 1, and along those that are missing."""
    padded = (1,) * (len(into) - len(shape)) + tuple(shape)
    pairs = zip(padded, strides(padded), strict=True)
    return taken(values, into, [0 if size == 1 else step for size, step in pairs])


def _elementwise(function: Callable[..., Any], inputs: Sequence[Tensor], output: Tensor) -> Values:
    """On whole numbers alone: those of floating point follow the kernels' own rounding."""
    if any(tensor.dtype not in _WHOLE for tensor in (*inputs, output)):
        raise Unknown
    columns = (broadcast(_seen(tensor), tensor.shape, output.shape) for tensor in inputs)
    return tuple(function(*row) for row in zip(*columns, strict=True))


def _pack(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    axis = operator.options["axis"] % len(output.shape)
    inner = prod(inputs[0].shape[axis:])
    blocks = range(prod(inputs[0].shape[:axis]))
    return tuple(v for i in blocks for part in inputs for v in _seen(part)[i * inner : (i + 1) * inner])


def _unpack(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    source = inputs[0]
    axis = operator.options["axis"] % len(source.shape)
    steps = strides(source.shape)
    number = operator.outputs.index(output.index)
    return taken(_seen(source), output.shape, steps[:axis] + steps[axis + 1 :], number * steps[axis])


def _transpose(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    source, order = inputs[0], _seen(inputs[1])
    steps = strides(source.shape)
    return taken(_seen(source), output.shape, [steps[int(axis)] for axis in order])


def _slice(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    source, begins = inputs[0], _seen(inputs[1])
    steps = strides(source.shape)
    first = sum(int(begin) * step for begin, step in zip(begins, steps, strict=True))
    return taken(_seen(source), output.shape, steps, first)


def _same(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    return _seen(inputs[0])


def _cast(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    if inputs[0].dtype not in _WHOLE or output.dtype not in (*_WHOLE, "FLOAT32"):
        raise Unknown
    values = _seen(inputs[0])
    if output.dtype == "FLOAT32" and any(abs(value) > _EXACT for value in values):
        raise Unknown  # it would be rounded twice
    turned = bool if output.dtype == "BOOL" else float if output.dtype == "FLOAT32" else int
    return tuple(map(turned, values))


def _fill(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    return _seen(inputs[1]) * prod(output.shape)


def _broadcast_to(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
    return broadcast(_seen(inputs[0]), inputs[0].shape, output.shape)


def _reduced(function: Callable[[Sequence[Any]], Any]) -> Callable[..., Values]:
    def reduced(operator: Operator, inputs: Sequence[Tensor], output: Tensor) -> Values:
        source = inputs[0]
        if source.dtype not in _WHOLE:
            raise Unknown
        rank, values, steps = len(source.shape), _seen(source), strides(source.shape)
        gone = {int(axis) % rank for axis in _seen(inputs[1])}
        kept = [axis for axis in range(rank) if axis not in gone]
        inner = [axis for axis in range(rank) if axis in gone]
        return tuple(
            function(
                [
                    values[sum(i * steps[a] for i, a in zip((*place, *rest), (*kept, *inner), strict=True))]
                    for rest in product(*(range(source.shape[axis]) for axis in inner))
                ]
            )
            for place in product(*(range(source.shape[axis]) for axis in kept))
        )

    return reduced


def _quotient(a: int, b: int) -> int:
    """As C++ divides: towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


#: Operators that Prepare has a computation for, which it doesn't always use.
_AS_PREPARED = {
    "STRIDED_SLICE": "strided-slice",
    "GATHER": "gather",
    "CONCATENATION": "concatenation",
    "TILE": "tile",
    "RANGE": "range",
    "BROADCAST_ARGS": "broadcast-args",
}
_ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": _quotient,
    "FLOOR_DIV": lambda a, b: a // b,
    "FLOOR_MOD": lambda a, b: a % b,
    "MAXIMUM": max,
    "MINIMUM": min,
    "NEG": lambda a: -a,
    "ABS": abs,
    "EQUAL": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "LESS": lambda a, b: a < b,
    "LESS_EQUAL": lambda a, b: a <= b,
    "GREATER": lambda a, b: a > b,
    "GREATER_EQUAL": lambda a, b: a >= b,
    "LOGICAL_AND": lambda a, b: a and b,
    "LOGICAL_OR": lambda a, b: a or b,
    "LOGICAL_NOT": lambda a: not a,
    "SELECT_V2": lambda condition, a, b: a if condition else b,
}
_REARRANGING: Mapping[str, Callable[[Operator, Sequence[Tensor], Tensor], Values]] = {
    "PACK": _pack,
    "UNPACK": _unpack,
    "TRANSPOSE": _transpose,
    "SLICE": _slice,
    "RESHAPE": _same,
    "SQUEEZE": _same,
    "EXPAND_DIMS": _same,
    "CAST": _cast,
    "FILL": _fill,
    "BROADCAST_TO": _broadcast_to,
    "REDUCE_PROD": _reduced(prod),
    "SUM": _reduced(sum),
    "REDUCE_MAX": _reduced(max),
    "REDUCE_MIN": _reduced(min),
}

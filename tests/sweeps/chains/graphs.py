"""A graph that grows operator by operator, in float, with float16 weights, or in 8 bits."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from math import prod
from random import Random
from typing import Any

from msgspec import Struct

from tests import building

FLOAT, HALF, INT8 = "float", "half", "int8"
STYLES = (FLOAT, FLOAT, FLOAT, HALF, INT8)
#: Of what is computed in 8 bits, and of constants beside it.
_SCALE, _CONSTANT_SCALE = 0.05, 0.02
_SOFT = (1 / 256, -128)


class Value(Struct, frozen=True):
    """A tensor at run time."""

    name: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def channels(self) -> int:
        return self.shape[-1]


class Graph:
    """Tensors and operators as `tests.building` takes them."""

    def __init__(self, style: str, seed: int) -> None:
        self.style = style
        self.random = Random(seed)
        self._tensors: list[dict[str, Any]] = []
        self._operators: list[dict[str, Any]] = []

    @property
    def real(self) -> bool:
        return self.style != INT8

    @property
    def operators(self) -> list[str]:
        return [operator["name"] for operator in self._operators]

    def input(self, shape: Sequence[int]) -> Value:
        return self._value(shape, None)

    def emit(
        self,
        operator: str,
        inputs: Sequence[Value | str | int],
        shape: Sequence[int],
        options: Mapping[str, Any] = {},
        scale: tuple[float, int] | None = None,
    ) -> Value:
        """An operator of one output; `scale` is the output's where it isn't like all others."""
        return self.emit_all(operator, inputs, [shape], options, scale)[0]

    def emit_all(
        self,
        operator: str,
        inputs: Sequence[Value | str | int],
        shapes: Sequence[Sequence[int]],
        options: Mapping[str, Any] = {},
        scale: tuple[float, int] | None = None,
    ) -> list[Value]:
        values = [self._value(shape, scale) for shape in shapes]
        names = [operand.name if isinstance(operand, Value) else operand for operand in inputs]
        outputs = [value.name for value in values]
        version = 1 if self.real else 2
        self._operators.append(building.operator(operator, names, outputs, options, version=version))
        return values

    def soft(self, operator: str, x: Value, options: Mapping[str, Any] = {}) -> Value:
        """An operator whose results lie between 0 and 1."""
        return self.emit(operator, [x], x.shape, options, _SOFT)

    def constant(self, shape: Sequence[int], spread: float = 0.5, middle: float = 0.0) -> str:
        """Random numbers, in the style of the graph."""
        numbers = [middle + self.random.uniform(-spread, spread) for _ in range(prod(shape))]
        if self.style == INT8:
            data = array("b", (max(-128, min(127, round(n / _CONSTANT_SCALE))) for n in numbers)).tobytes()
            return self._constant(shape, "INT8", data, [_CONSTANT_SCALE])
        if self.style == HALF:
            name = self._constant(shape, "FLOAT16", struct.pack(f"<{len(numbers)}e", *numbers))
            wide = self._named(shape, "FLOAT32")
            self._operators.append(building.operator("DEQUANTIZE", [name], [wide]))
            return wide
        return self._constant(shape, "FLOAT32", array("f", numbers).tobytes())

    def fill(self, number: float) -> str:
        """One number, in the element type of what is computed."""
        if self.style == INT8:
            data = array("b", [max(-128, min(127, round(number / _SCALE)))]).tobytes()
            return self._constant((1,), "INT8", data, [_SCALE])
        return self._constant((1,), "FLOAT32", array("f", [number]).tobytes())

    def weights(self, shape: Sequence[int], axis: int = 0) -> str:
        """Filters: one scale for each of their outputs in 8 bits."""
        if self.style != INT8:
            return self.constant(shape, spread=0.7)
        data = self.random.randbytes(prod(shape)).replace(b"\x80", b"\x00")
        return self._constant(shape, "INT8", data, [0.003] * shape[axis], axis)

    def bias(self, count: int) -> str:
        if self.style != INT8:
            return self.constant((count,))
        data = array("i", (self.random.randint(-2000, 2000) for _ in range(count))).tobytes()
        return self._constant((count,), "INT32", data, [0.003 * _SCALE] * count)

    def integers(self, values: Sequence[int], shape: Sequence[int] | None = None) -> str:
        return self._constant(
            (len(values),) if shape is None else shape, "INT32", array("i", values).tobytes()
        )

    def finish(self, inputs: Sequence[Value], outputs: Sequence[Value]) -> bytes:
        names = [[value.name for value in values] for values in (inputs, outputs)]
        return building.model(self._tensors, self._operators, inputs=names[0], outputs=names[1])

    def _value(self, shape: Sequence[int], scale: tuple[float, int] | None) -> Value:
        if self.real:
            return Value(self._named(shape, "FLOAT32"), tuple(shape))
        step, point = scale or (_SCALE, 0)
        return Value(self._named(shape, "INT8", scale=[step], zero_point=[point]), tuple(shape))

    def _constant(
        self, shape: Sequence[int], dtype: str, data: bytes, scale: Sequence[float] = (), axis: int = 0
    ) -> str:
        return self._named(shape, dtype, data=data, scale=scale, axis=axis)

    def _named(self, shape: Sequence[int], dtype: str, **fields: Any) -> str:
        name = f"t{len(self._tensors)}"
        self._tensors.append(building.tensor(name, list(shape), dtype, **fields))
        return name

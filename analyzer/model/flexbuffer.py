"""Options that operators bring themselves: custom operators, mostly, and composites, as a flexbuffer map.

A decoder of our own, because the `flatbuffers` package trusts the bytes (values that refer to each
other keep it busy for ever) and loads numpy.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from analyzer.model.graph import Operator

#: How deep values may lie in each other, and how many there may be.
_DEEPEST, _MOST = 32, 100_000

_FLOATS = {2: "<e", 4: "<f", 8: "<d"}

# Types, in the upper six bits of the byte that goes with each value; the lower two say how wide the
# numbers inside it are.
_NULL, _INT, _UINT, _FLOAT, _KEY, _STRING, _INDIRECT_INT, _, _INDIRECT_FLOAT, _MAP, _VECTOR = range(11)
_VECTOR_INT, _VECTOR_STRING, _TUPLE, _TUPLES_END, _BLOB, _BOOL, _VECTOR_BOOL = 11, 15, 16, 24, 25, 26, 36


def decode(operator: Operator) -> Mapping[str, Any] | None:
    """A custom operator's options or a composite's attributes by name; None if they aren't a flexbuffer map.

    Nothing in the file says what options are, so a failure only means that they aren't a flexbuffer.
    """
    # Rules ask again and again.
    known = vars(operator)
    if "decoded_options" not in known:
        data = operator.custom_options
        known["decoded_options"] = _decoded(
            operator.options.get("composite_attributes") if data is None else data
        )
    decoded: Mapping[str, Any] | None = known["decoded_options"]
    return decoded


def _decoded(data: memoryview | None) -> Mapping[str, Any] | None:
    if not data:
        return None
    try:
        value = _Flexbuffer(data).root()
    except (ValueError, IndexError, struct.error):
        return None
    return value if isinstance(value, dict) else None


class _Flexbuffer:
    def __init__(self, data: memoryview) -> None:
        self.data = data
        #: A value takes at least a byte, so more values than bytes come from values used repeatedly.
        self.budget = len(data)
        self.values = 0

    def root(self) -> Any:
        width, packed = self.data[-1], self.data[-2]
        return self.value(len(self.data) - 2 - width, width, packed, 0)

    def value(self, at: int, width: int, packed: int, depth: int) -> Any:
        """The value at `at`, a number of `width` bytes or the distance back to what it stands for."""
        self.budget -= 1
        self.values += 1
        if self.budget < 0 or self.values > _MOST or depth > _DEEPEST:
            raise ValueError("values that refer to each other")
        type, inner = packed >> 2, 1 << (packed & 3)
        if type == _NULL:
            return None
        if type in (_INT, _UINT, _FLOAT):
            return self.number(at, width, type)
        if type == _BOOL:
            return bool(self.number(at, width, _UINT))
        at -= self.number(at, width, _UINT)
        if _INDIRECT_INT <= type <= _INDIRECT_FLOAT:
            return self.number(at, inner, type - _INDIRECT_INT + _INT)
        if type == _KEY:
            return self.key(at)
        if type == _MAP:
            return self.map(at, inner, depth)
        return self.sequence(at, inner, type, depth)

    def number(self, at: int, width: int, type: int) -> Any:
        raw = self.slice(at, width)
        if type == _FLOAT:
            return struct.unpack(_FLOATS.get(width, ""), raw)[0]
        return int.from_bytes(raw, "little", signed=type == _INT)

    def key(self, at: int) -> str:
        end = at
        while self.data[end]:
            end += 1
        self.budget -= end - at
        return str(self.slice(at, end - at), "utf-8", "replace")

    def map(self, at: int, width: int, depth: int) -> dict[str, Any]:
        keys_at = at - 3 * width
        keys_width = self.number(at - 2 * width, width, _UINT)
        keys = keys_at - self.number(keys_at, width, _UINT)
        names = self.elements(keys, keys_width, _KEY << 2, depth)
        return dict(zip(names, self.elements(at, width, None, depth), strict=True))

    def sequence(self, at: int, width: int, type: int, depth: int) -> Any:
        if type in (_STRING, _BLOB):
            raw = self.slice(at, self.number(at - width, width, _UINT))
            self.budget -= len(raw)
            return str(raw, "utf-8", "replace") if type == _STRING else bytes(raw)
        if type == _VECTOR:
            return self.elements(at, width, None, depth)
        if type == _VECTOR_BOOL:
            return self.elements(at, width, _BOOL << 2, depth)
        if _VECTOR_INT <= type <= _VECTOR_STRING:
            return self.elements(at, width, (type - _VECTOR_INT + _INT) << 2, depth)
        if _TUPLE <= type <= _TUPLES_END:
            count, element = divmod(type - _TUPLE, 3)
            return tuple(self.number(at + i * width, width, element + _INT) for i in range(count + 2))
        raise ValueError("a type that flexbuffers don't have")

    def elements(self, at: int, width: int, packed: int | None, depth: int) -> tuple[Any, ...]:
        """A vector's elements, all of type `packed` or each of the type that follows the vector."""
        count = self.number(at - width, width, _UINT)
        types = (
            self.slice(at + count * width, count)
            if packed is None
            else [packed] * min(count, self.budget + 1)
        )
        return tuple(self.value(at + i * width, width, type, depth + 1) for i, type in enumerate(types))

    def slice(self, at: int, size: int) -> memoryview:
        if at < 0 or size < 0 or at + size > len(self.data):
            raise ValueError("reaches outside its bytes")
        return self.data[at : at + size]

"""Reads protocol buffers field by field, for messages of which only a little is wanted.

Source: protobuf.dev, Encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers with their values: whole numbers, or the bytes of texts, lists and messages.

    Raises: ValueError where the bytes are no message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
        if size > len(message) - at:
            raise ValueError("cut short")
        yield number, message[at : at + size]
        at += size


def numbers(value: int | bytes) -> list[int]:
    """A repeated field of whole numbers: one of them, or several packed together."""
    if isinstance(value, int):
        return [value]
    values, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        values.append(number)
    return values


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(_LONGEST_VARINT):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, at
    raise ValueError("cut short")

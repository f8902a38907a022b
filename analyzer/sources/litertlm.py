"""LiteRT-LM bundles: a header that says where in the file each section lies, models among them.

Source: google-ai-edge/LiteRT-LM schema/core/litertlm_header_schema.fbs
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct

#: Bytes in front of the header, and the most that a header takes.
START, _LONGEST = 32, 1 << 24
#: `AnySectionDataType.TFLiteModel`, and `VData.StringValue`.
_MODEL, _STRING = 3, 9
#: What a section says of itself, under this key.
_NAMED = "model_type"


class Section(Struct, frozen=True):
    """A model's part of a bundle."""

    name: str
    begin: int
    end: int


class BadBundle(Exception):
    """The header isn't what it should be."""


def header_size(start: bytes) -> int:
    """The length of the header, by the first bytes of the file. Raises: BadBundle."""
    if len(start) < START:
        raise BadBundle
    (end,) = struct.unpack_from("<Q", start, 24)
    if not START < end <= _LONGEST:
        raise BadBundle
    return int(end) - START


def sections(header: bytes, size: int) -> list[Section]:
    """The models of a bundle of `size` bytes. Raises: BadBundle."""
    try:
        return list(_models(header, size))
    except (struct.error, UnicodeDecodeError):
        raise BadBundle from None


def _models(header: bytes, size: int) -> Iterator[Section]:
    whole = _Table(header, _unsigned(header, 0))
    listed = whole.table(1)
    named: dict[str, int] = {}
    for table in listed.tables(0) if listed is not None else ():
        begin, end = table.number(1, "<Q"), table.number(2, "<Q")
        if table.number(3, "<B") != _MODEL:
            continue
        if not 0 < begin <= end <= size:
            raise BadBundle
        name = _name(table)
        named[name] = number = named.get(name, 0) + 1
        yield Section(f"{name}-{number}" if number > 1 else name, begin, end)


def _name(section: _Table) -> str:
    for item in section.tables(0):
        value = item.table(2)
        if item.string(0) == _NAMED and item.number(1, "<B") == _STRING and value is not None:
            return value.string(0) or "model"
    return "model"


class _Table:
    """A flatbuffer table; what lies outside the header is a struct.error."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._vtable = at - int(struct.unpack_from("<i", data, at)[0])
        self._fields = (_within(data, self._vtable, "<H") - 4) // 2

    def _offset(self, field: int) -> int:
        return _within(self._data, self._vtable + 4 + 2 * field, "<H") if field < self._fields else 0

    def number(self, field: int, code: str) -> int:
        offset = self._offset(field)
        return _within(self._data, self._at + offset, code) if offset else 0

    def _reference(self, field: int) -> int | None:
        offset = self._offset(field)
        return self._at + offset + _unsigned(self._data, self._at + offset) if offset else None

    def table(self, field: int) -> _Table | None:
        at = self._reference(field)
        return None if at is None else _Table(self._data, at)

    def tables(self, field: int) -> Iterator[_Table]:
        at = self._reference(field)
        for place in range(at + 4, at + 4 + 4 * _unsigned(self._data, at), 4) if at is not None else ():
            yield _Table(self._data, place + _unsigned(self._data, place))

    def string(self, field: int) -> str:
        at = self._reference(field)
        if at is None:
            return ""
        length = _unsigned(self._data, at)
        return self._data[at + 4 : at + 4 + length].decode()


def _unsigned(data: bytes, at: int) -> int:
    return _within(data, at, "<I")


def _within(data: bytes, at: int, code: str) -> int:
    if at < 0:
        raise struct.error
    return int(struct.unpack_from(code, data, at)[0])

"""Reads any table that the schema describes, over bytes that may lie about everything.

A flatbuffer table starts with a signed distance to its vtable, which states where each field lies
within the table, 0 for an absent one. Fields that aren't numbers hold the distance to what they refer
to. Writers share vtables, so each is checked and turned into one `struct` format once (a `Layout`), and
every table with that vtable is then decoded by a single unpacking.

What is accepted is what the flatbuffers verifier accepts: everything inside the file, aligned and
terminated, no distance 0. On top of that the whole is held to a budget: tables that refer to the same
bytes over and over would otherwise let a small file ask for hours of work.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from mmap import mmap
from operator import add
from typing import Any, NoReturn

from analyzer.memo import Memo
from analyzer.model import schema
from analyzer.model.schema import Field
from analyzer.model.vtable import CODES, Kind, Layout, Malformed, code, kind, names

Bytes = bytes | bytearray | memoryview | mmap

_distance = struct.Struct("<i").unpack_from
_count = struct.Struct("<I").unpack_from
_size = struct.Struct("<H").unpack_from
#: The length of a vector of int32 and, where it has few, all of it.
_FEW = 4
_AHEAD = struct.Struct(f"<I{_FEW}i").unpack_from

#: What decodes a vector's length and its first number.
_FIRST = {letter: struct.Struct(f"<I{letter}").unpack_from for letter in CODES.values()}

#: Vectors up to this long are decoded at once, longer ones kept as views: per-channel tables, and the
#: indices of sparse weights. Options never come near the second.
_SHORT, _LONG = 4, 1024

#: A table's share of the budget, in bytes. Together with four times the file's size this allows one
#: table for every four bytes, which is what a reference to a table takes.
_TABLE_COST = 16
OVER_BUDGET = "its tables refer to the same bytes over and over"
#: What tables that refer to nothing came to, by layout and bytes: operators repeat each other's options,
#: and those of other models.
_DECODED: Memo[tuple[Layout, bytes], dict[str, Any]] = Memo(10_000)
#: Tables of one vector: what there is memory for.
_MOST_TABLES = 400_000


class Flatbuffer:
    """A flatbuffer's bytes, and how to read tables, vectors and strings at a position in them."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.size = len(data)
        self.view = memoryview(data)
        #: Bytes that may still be decoded.
        self.budget = 4 * self.size + 65536
        self._layouts: dict[tuple[Kind, int], Layout] = {}

    def root(self) -> int:
        """Position of the root table."""
        self._within(0, 8)
        return int(_count(self.data, 0)[0])

    def row(self, kind: Kind, position: int) -> Sequence[Any]:
        """The table at `position`: values by slot, positions for what a field refers to, None if absent."""
        return self.rows(kind, (position,))[0]

    def rows(self, kind: Kind, positions: Sequence[int]) -> list[Sequence[Any]]:
        """The tables at `positions`."""
        rows: list[Sequence[Any]] = []
        data, defaults = self.data, kind.defaults
        unpack: Callable[[Any, int], tuple[Any, ...]] = _distance
        vtable = -1
        paid = positions[: self.budget // _TABLE_COST]
        self.budget -= _TABLE_COST * len(positions)
        for position in paid:
            try:
                try:
                    # Most are laid out as the one before.
                    values = unpack(data, position)
                except struct.error:
                    values, vtable = _distance(data, position), -1
                if position - values[0] != vtable or vtable < 0:
                    vtable = position - values[0]
                    layout = self._layouts.get((kind, vtable)) or self._layout(kind, vtable)
                    unpack, pick, mask, phase = layout.unpack, layout.pick, layout.mask, layout.phase
                    references, same = layout.references, layout.same
                    values = unpack(data, position)
            except struct.error:
                raise Malformed(self._short(position)) from None
            if position & mask != phase:
                raise Malformed(f"a table at byte {position} is not aligned")
            if same is not None:
                rows.append(same)
                continue
            fields = [*values, *defaults]
            for index, offset in references:
                if not (distance := fields[index]):
                    raise Malformed(f"a field at byte {position + offset} refers to itself")
                fields[index] = position + offset + distance
            rows.append(pick(fields))
        if len(paid) < len(positions):
            raise Malformed(OVER_BUDGET)
        return rows

    def tables(self, kind: Kind, position: int | None) -> Sequence[Sequence[Any]]:
        """The rows of a vector of tables; none where the vector is absent."""
        if position is None:
            return []
        count = self.length(position, 4)
        if count > _MOST_TABLES:
            raise Malformed(f"has a list of {count:,} tables, more than the {_MOST_TABLES:,} that are read")
        distances = _unpacker(count, "I")(self.data, position + 4)
        if 0 in distances:
            raise Malformed(f"an entry of the vector at byte {position} refers to itself")
        return self.rows(kind, [*map(add, range(position + 4, self.size, 4), distances)])

    def integers(self, position: int | None) -> tuple[int, ...]:
        """A vector of int32."""
        if position is None:
            return ()
        try:
            values = _AHEAD(self.data, position)
        except struct.error:
            values = (sys.maxsize,)
        if (count := values[0]) <= _FEW and not position & 3 and (left := self.budget - 4 * count) >= 0:
            self.budget = left
            return values[1 : count + 1]
        return _unpacker(self.length(position, 4), "i")(self.data, position + 4)

    def numbers(self, position: int | None, code: str, size: int, most: int = _SHORT) -> Sequence[Any]:
        """A vector of numbers, decoded up to `most` elements and a view of the file if it is longer."""
        if position is None:
            return ()
        try:
            first = _FIRST[code](self.data, position)
        except struct.error:
            first = (0,)
        if first[0] == 1 and not position & 3 and (left := self.budget - size) >= 0:
            self.budget = left
            return first[1:]
        count = self.length(position, size)
        if count <= most or sys.byteorder != "little":
            return _unpacker(count, code)(self.data, position + 4)
        return self.view[position + 4 : position + 4 + count * size].cast(code)  # type: ignore[call-overload, no-any-return]

    def string(self, position: int | None) -> str | None:
        """A string; replacement characters stand for what isn't UTF-8."""
        if position is None:
            return None
        data = self.data
        try:
            (count,) = _count(data, position)
            end = position + 4 + count
            sound = not (data[end] or position & 3) and count <= self.budget
        except (struct.error, IndexError):
            sound = False
        if not sound:
            self._refuse_string(position)
        self.budget -= count
        text = data[position + 4 : end]
        try:
            return text.decode()  # type: ignore[union-attr]
        except (UnicodeDecodeError, AttributeError):  # as of views
            return str(text, "utf-8", "replace")

    def bytes(self, position: int) -> memoryview:
        """A vector of bytes, as a view: it costs nothing whatever its length."""
        count = self.length(position, 1)
        self.budget += count
        return self.view[position + 4 : position + 4 + count]

    def options(self, position: int) -> memoryview:
        """The same of bytes that are decoded later on: paid for, since tables may share them."""
        count = self.length(position, 1)
        return self.view[position + 4 : position + 4 + count]

    def outside(self, offset: int, size: int) -> memoryview:
        """Bytes that lie in the file but not in the flatbuffer."""
        self._within(offset, size)
        return self.view[offset : offset + size]

    def _refuse_string(self, position: int) -> NoReturn:
        end = position + 4 + self.length(position, 1)
        if end >= self.size:
            raise Malformed(self._short(end))
        raise Malformed(f"the string at byte {position} is not terminated")

    def decode(self, table: str, position: int) -> dict[str, Any]:
        """Every field of a table by schema name, enums by name, and all that it refers to.

        Vectors come out as tuples, those of bytes and very long ones as views of the file.
        """
        return self.decode_as(kind(table), position)

    def decode_as(self, kind: Kind, position: int) -> dict[str, Any]:
        """The same of a table of some kind."""
        try:
            vtable = position - _distance(self.data, position)[0]
            layout = self._layouts.get((kind, vtable)) or self._layout(kind, vtable)
        except struct.error:
            raise Malformed(self._short(position)) from None
        if layout.references:
            return self._fields(kind, self.row(kind, position))
        start, end = layout.fields
        key = layout, bytes(self.data[position + start : position + end])
        fields = _DECODED.get(key)
        if fields is not None and position & layout.mask == layout.phase and self.budget >= _TABLE_COST:
            self.budget -= _TABLE_COST
            return fields
        return _DECODED.keep(key, self._fields(kind, self.row(kind, position)))

    def length(self, position: int, size: int) -> int:
        """The number of elements of `size` bytes in the vector at `position`, paid for."""
        try:
            (count,) = _count(self.data, position)
        except struct.error:
            raise Malformed(self._short(position)) from None
        length: int = count * size
        if position + 4 + length > self.size:
            raise Malformed(self._short(position + 4 + length - 1))
        if position & 3:
            raise Malformed(f"a vector at byte {position} is not aligned")
        if (left := self.budget - length) < 0:
            raise Malformed(OVER_BUDGET)
        self.budget = left
        return count  # type: ignore[no-any-return]

    def _fields(self, kind: Kind, row: Sequence[Any]) -> dict[str, Any]:
        if kind.enums:
            row = [*row]
            for slot, members in kind.enums:
                row[slot] = members[row[slot]]
        return {
            name: row[slot] if field is None else self._referred(field, row)
            for name, slot, field in kind.fields
        }

    def _referred(self, field: Field, row: Sequence[Any]) -> Any:
        position = row[field.slot]
        if position is None:
            return () if field.vector else None
        if field.form == "string":
            return self.string(position)
        if field.form == "union":
            return self.member(row[field.slot - 1], position)
        if not field.vector:
            return self.decode(field.type, position)
        if field.form == "table":
            return self.decode_all(field.type, position)
        if field.type in ("uint8", "int8"):
            return self.options(position)
        format = code(field)
        values = self.numbers(position, format, struct.calcsize(format), _LONG)
        return tuple(map(names(field.type).__getitem__, values)) if field.form == "enum" else values

    def member(self, table: str, position: int) -> dict[str, Any] | None:
        """A union's table; None where the union is of a type that the schema doesn't know."""
        if schema.is_table(table):
            return self.decode(table, position)
        self._within(position, 1)
        return None

    def decode_all(self, table: str, position: int) -> tuple[dict[str, Any], ...]:
        """A vector of tables, each as `decode` gives it."""
        of = kind(table)
        return tuple(self._fields(of, row) for row in self.tables(of, position))

    def _layout(self, kind: Kind, position: int) -> Layout:
        """The layout of tables with the vtable at `position`. Raises: struct.error, Malformed"""
        layout = None
        if 0 <= position < self.size and not position & 1:
            # Writers' vtables are short: the first byte is the size.
            layout = kind.layouts.get(bytes(self.data[position : position + self.data[position]]))
        if layout is None:
            if position < 0:
                raise Malformed(f"a vtable lies at byte {position}, before the file")
            (size,) = _size(self.data, position)
            if size < 4 or (size | position) & 1:
                raise Malformed(f"the vtable at byte {position} is damaged")
            if position + size > self.size:
                raise Malformed(self._short(position + size - 1))
            layout = kind.layout(bytes(self.data[position : position + size]))
        self._layouts[kind, position] = layout
        return layout

    def _within(self, position: int, size: int) -> None:
        if position + size > self.size:
            raise Malformed(self._short(position + size - 1))

    def _short(self, position: int) -> str:
        wanted = max(position, self.size)
        return f"ends early: byte {wanted} is wanted, the file has {self.size} bytes"


@lru_cache(256)
def _unpacker(count: int, code: str) -> Callable[[Any, int], tuple[Any, ...]]:
    return struct.Struct(f"<{count}{code}").unpack_from

"""Layouts of tables in a file, worked out once per vtable."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from analyzer.model import schema
from analyzer.model.schema import Field

#: Format characters of `struct`.
CODES = {
    "bool": "?",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float32": "f",
    "float64": "d",
}

#: Writers have few ways to lay a table out; a file made to exhaust memory has many.
_MOST_LAYOUTS = 1000


class Malformed(Exception):
    """The bytes aren't what they should be; the text says what and where, `advice` what to do about it."""

    def __init__(self, problem: str, advice: str = "fetch or convert the file again") -> None:
        super().__init__(problem)
        self.advice = advice


class Layout:
    """The layout of all tables that share a vtable; one goes by its identity."""

    __slots__ = ("fields", "mask", "phase", "pick", "references", "same", "unpack")

    def __init__(
        self,
        unpack: Callable[[Any, int], tuple[Any, ...]],
        pick: Callable[[Sequence[Any]], Sequence[Any]],
        same: Sequence[Any] | None,
        references: tuple[tuple[int, int], ...],
        aligned: tuple[int, int],
        fields: tuple[int, int],
    ) -> None:
        #: Gives the distance to the vtable and the fields that a table has.
        self.unpack = unpack
        #: Puts what is unpacked and the defaults of absent fields in slot order.
        self.pick = pick
        #: The row of all tables where they have no field.
        self.same = same
        #: Where it is in what is unpacked, and the offset, of each field that refers to something else.
        self.references = references
        #: A table's position modulo `mask + 1` must be `phase`.
        self.mask, self.phase = aligned
        #: Where in a table its fields start, and where they end.
        self.fields = fields


class Names(dict[int, str]):
    """The members of an enum; a number that the schema doesn't know comes out as `Enum:number`."""

    def __init__(self, enum: str) -> None:
        super().__init__(schema.members(enum))
        self.enum = enum

    def __missing__(self, number: int) -> str:
        return f"{self.enum}:{number}"


names = cache(Names)


class Kind:
    """A table of the schema, prepared for decoding."""

    __slots__ = ("defaults", "enums", "fields", "formats", "layouts", "references")

    def __init__(self, fields: Sequence[Field]) -> None:
        slots = 1 + max((field.slot for field in fields), default=-1)
        #: Name and slot of every field, and the field itself where it refers to something else.
        self.fields = [(field.name, field.slot, field if refers(field) else None) for field in fields]
        self.formats: list[str | None] = [None] * slots
        self.references = [field.slot for field in fields if refers(field)]
        #: Enums that stand in the table itself, by slot.
        self.enums = [
            (field.slot, names(field.type)) for field in fields if field.form == "enum" and not field.vector
        ]
        defaults: list[Any] = [None] * slots
        for field in fields:
            self.formats[field.slot] = "I" if refers(field) else code(field)
            defaults[field.slot] = None if refers(field) else _raw(field)
        self.defaults = tuple(defaults)
        #: Vtable, from its size on -> layout, for all files read so far.
        self.layouts: dict[bytes, Layout] = {}

    def layout(self, vtable: bytes) -> Layout:
        layout = _layout(self, struct.unpack(f"<{len(vtable) // 2}H", vtable)[2:])
        if len(self.layouts) < _MOST_LAYOUTS:
            self.layouts[vtable] = layout
        return layout


@cache
def kind(table: str) -> Kind:
    return Kind(tuple(schema.fields(table).values()))


def _layout(kind: Kind, offsets: Sequence[int]) -> Layout:
    present = sorted(
        (offset, slot)
        for slot, (offset, letter) in enumerate(zip(offsets, kind.formats, strict=False))
        if offset and letter
    )
    format, end, mask, phase = "", present[0][0] if present else 0, 3, 0
    for offset, slot in present:
        letter = kind.formats[slot] or ""
        size = struct.calcsize(letter)
        if (
            offset < end
            or (size < 8 and offset % size)
            or (size == 8 and mask == 7 and offset & 7 != -phase & 7)
        ):
            raise Malformed("the fields of a table overlap or are not aligned")
        if size == 8:
            mask, phase = 7, -offset & 7
        format += f"{offset - end}x{letter}"
        end = offset + size
    order = {slot: index for index, (_, slot) in enumerate(present, 1)}
    indices = [order.get(slot, len(present) + 1 + slot) for slot in range(len(kind.formats))]
    return Layout(
        _unpacker(format, present[0][0] if present else 4),
        _picker(indices),
        None if present else kind.defaults,
        tuple((order[slot], offset) for offset, slot in present if slot in kind.references),
        (mask, phase),
        (present[0][0], end) if present else (0, 0),
    )


def _unpacker(fields: str, start: int) -> Callable[[Any, int], tuple[Any, ...]]:
    """Gives the distance to the vtable, and then the fields, of which the first one is at `start`."""
    if start >= 4:
        return struct.Struct(f"<i{start - 4}x{fields}").unpack_from
    # Fields that lie in the distance are none that a writer wrote, but no fault either.
    distance, rest = struct.Struct("<i").unpack_from, struct.Struct(f"<{start}x{fields}").unpack_from
    return lambda data, position: (*distance(data, position), *rest(data, position))


def _picker(indices: list[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(indices) > 1:
        return itemgetter(*indices)
    return lambda values: [values[index] for index in indices]


def refers(field: Field) -> bool:
    return field.vector or field.form in ("string", "table", "union")


def code(field: Field) -> str:
    return CODES[schema.stored_type(field.type) if field.form == "enum" else field.type]


def _raw(field: Field) -> Any:
    """The default as it would be stored."""
    if field.form != "enum":
        return field.default
    return next(number for number, name in schema.members(field.type).items() if name == field.default)

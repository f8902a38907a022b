"""Writes a model given as nested dictionaries with the schema's own field names."""

from __future__ import annotations

from collections.abc import Mapping
from struct import calcsize
from typing import Any

from msgspec import Struct

from analyzer.model import schema
from analyzer.model.schema import Field
from analyzer.model.vtable import CODES

#: Whatever stands in a file keeps its alignment if it moves by a multiple of this.
ALIGNMENT = 64


class Kept(Struct, frozen=True):
    """Stands for a string, vector or table that is in another file already, at this position."""

    position: int


def build(model: Mapping[str, Any], identifier: bytes | None = b"TFL3", table: str = "Model") -> bytes:
    """The bytes of a model given as nested dictionaries with the schema's field names.

    Enum members are their names or numbers. A field that is None, or not there, is left out.
    """
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, table, model), file_identifier=identifier)
    return bytes(builder.Output())


def build_before(model: Mapping[str, Any]) -> bytes:
    """The same, to stand before a file's bytes: what is `Kept` of that file is referred to, not written.

    A flatbuffer refers forward alone, which is why new tables come first.
    """
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    root = _table(builder, "Model", model)
    builder.minalign = max(builder.minalign, ALIGNMENT)
    builder.Finish(root, file_identifier=b"TFL3")
    return bytes(builder.Output())


def _table(builder: Any, table: str, values: Mapping[str, Any]) -> int:
    fields = schema.fields(table)
    if unknown := set(values) - set(fields):
        raise ValueError(f"{table} has no field {', '.join(sorted(unknown))}")
    given = [(fields[name], value) for name, value in values.items() if value is not None]
    places = {field.name: _object(builder, field, value, values) for field, value in given if _refers(field)}
    builder.StartObject(1 + max((field.slot for field in fields.values()), default=-1))
    for field, value in given:
        if _refers(field):
            builder.PrependUOffsetTRelativeSlot(field.slot, places[field.name], 0)
        else:
            _prepend(builder, field)(_stored(field, value))
            builder.Slot(field.slot)
    return int(builder.EndObject())


def _object(builder: Any, field: Field, value: Any, values: Mapping[str, Any]) -> int:
    """Where a field's object lies, counted from the end: what follows the end lies before it."""
    if isinstance(value, Kept):
        return -value.position
    if field.vector:
        return _vector(builder, field, value)
    if field.form == "string":
        return int(builder.CreateString(value))
    return _table(builder, values[f"{field.name}_type"] if field.form == "union" else field.type, value)


def _vector(builder: Any, field: Field, values: Any) -> int:
    if field.type in ("uint8", "int8") and isinstance(values, bytes | bytearray | memoryview):
        builder.Prep(16, len(values))  # the format aligns the bytes of constants to 16
        return int(builder.CreateByteVector(bytes(values)))
    if field.form == "table":
        places = [
            -value.position if isinstance(value, Kept) else _table(builder, field.type, value)
            for value in values
        ]
        builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            builder.PrependUOffsetTRelative(place)
    else:
        size = calcsize(CODES[_type(field)])
        builder.StartVector(size, len(values), size)
        for value in reversed(values):
            _prepend(builder, field)(_stored(field, value))
    return int(builder.EndVector())


def _refers(field: Field) -> bool:
    return field.vector or field.form in ("string", "table", "union")


def _type(field: Field) -> str:
    return schema.stored_type(field.type) if field.form == "enum" else field.type


def _prepend(builder: Any, field: Field) -> Any:
    return getattr(builder, f"Prepend{_type(field).capitalize()}")


def _stored(field: Field, value: Any) -> Any:
    if field.form == "enum" and isinstance(value, str):
        return schema.number(field.type, value)
    return value

"""The TFLite schema: fields of a table, members of an enum, an operator's options."""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec import Struct

from analyzer.model import tables as stated
from analyzer.model.tables import EMPTY, ENUMS, OPTIONS, TABLES

_ENUMS = {**ENUMS, **stated.OLDER_ENUMS, **stated.METADATA_ENUMS}
_UNIONS = {**stated.UNIONS, **stated.METADATA_UNIONS}
_TABLES = {**TABLES, **stated.OLDER_TABLES, **stated.METADATA_TABLES}


class Field(Struct, frozen=True):
    """A field of a table.

    `form` is `scalar`, `enum`, `string`, `table` or `union`; `type` is then a number type or `bool`, or
    the name of the enum, table or union. The field `<union>_type` has form `enum`: see `members`.
    `default` is what a table that lacks the field means, an enum's as its member's name.
    """

    name: str
    slot: int
    form: str
    type: str
    vector: bool
    default: Any


@cache
def members(name: str) -> dict[int, str]:
    """The numbers and names of an enum, or of a union's tables."""
    if name in _UNIONS:
        return dict(enumerate(["NONE", *_UNIONS[name].split()]))
    names, number = {}, 0
    for word in _ENUMS[name].rpartition(":")[2].split():
        member, _, written = word.partition("=")
        number = int(written or number)
        names[number] = member
        number += 1
    return names


@cache
def number(enum: str, member: str) -> int:
    """A member's number; one that the schema has no name for is read as `Padding:9`."""
    unnamed = member.removeprefix(f"{enum}:")
    if unnamed != member:
        return int(unnamed)
    return next(number for number, name in members(enum).items() if name == member)


def stored_type(name: str) -> str:
    """The number type that an enum or a union's type is stored as."""
    return "uint8" if name in _UNIONS else _ENUMS[name].rpartition(":")[0] or "int8"


@cache
def fields(table: str) -> dict[str, Field]:
    """The fields of a table by name, in slot order."""
    described, slot = {}, 0
    for word in _TABLES.get(table, "").split():
        if word != "-":
            name, _, declared = word.partition(":")
            for field in _declared(name, slot, *declared.partition("=")[::2]):
                described[field.name] = field
                slot = field.slot
        slot += 1
    return described


@cache
def zeros(table: str) -> dict[str, Any]:
    """A table's fields as they are where the runtime, finding no table, leaves its memory zeroed."""
    return {
        field.name: _default(field.form, field.type, field.vector, "") for field in fields(table).values()
    }


@cache
def tables() -> frozenset[str]:
    """All tables of today's schema."""
    return frozenset([*TABLES, *EMPTY.split()])


def is_table(name: str) -> bool:
    return name in _TABLES or name in tables()


@cache
def options_table(operator: str) -> str | None:
    """The table that the runtime expects an operator's options in; None where it has none."""
    return OPTIONS.get(operator) or _options_by_key().get(_key(operator))


@cache
def _options_by_key() -> dict[str, str]:
    options = f"{_UNIONS['BuiltinOptions']} {_UNIONS['BuiltinOptions2']}".split()
    return {_key(table.removesuffix("Options")): table for table in options}


def _key(name: str) -> str:
    return name.replace("_", "").lower()


def _declared(name: str, slot: int, declared: str, default: str) -> list[Field]:
    type = declared.strip("[]")
    vector = type != declared
    if type in _UNIONS:
        kind = Field(f"{name}_type", slot, "enum", type, False, "NONE")
        return [kind, Field(name, slot + 1, "union", type, False, None)]
    form = _form(type)
    return [Field(name, slot, form, type, vector, _default(form, type, vector, default))]


def _form(type: str) -> str:
    if type in _ENUMS:
        return "enum"
    return "table" if type in _TABLES else "string" if type == "string" else "scalar"


def _default(form: str, type: str, vector: bool, written: str) -> Any:
    if vector:
        return ()
    if form == "enum":
        return written or members(type)[0]
    if form != "scalar":
        return None
    if type == "bool":
        return written == "True"
    return float(written or 0) if type.startswith("float") else int(written or 0)

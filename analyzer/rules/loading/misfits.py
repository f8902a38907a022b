"""Why a table of a rule file doesn't fit its shape, in words with the key that is to blame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from analyzer.rules.loading.format import Case, FixCase, FlagTable
from analyzer.suggest import nearest

_FIELD = re.compile(r"field `(\w+)`")
#: Keys whose values hold inline tables, and the shape of those.
_INLINE: Mapping[str, type[Struct]] = {"operands": Case, "fix": FixCase, "flags": FlagTable}
#: Tables that were lists of tables with an `id` once.
_KEYED = ("check", "every_op", "form")


def nested_tables(shape: type[Any]) -> Iterator[tuple[str, type[Struct], bool]]:
    """Tables below a table of this shape: key, their shape, and whether the key holds several, by name."""
    for field in fields(shape):
        keyed = get_origin(field.type) is dict
        for kind in get_args(field.type) or (field.type,):
            if isinstance(kind, type) and issubclass(kind, Struct):
                yield field.name, kind, keyed


def misfit(header: str, shape: type[Any], message: str) -> tuple[str, str, str]:
    """What a validation message complains of: the table's header, in words, and the key."""
    what, _, path = message.removeprefix("Object ").removeprefix("contains ").partition(" - at `$")
    key = re.split(r"[.\[`]", path.removeprefix("."))[0]
    if key in _KEYED and what == "Expected `object`, got `array`":
        name = f"{header}.{key}" if header else key
        return name, f'[[{name}]] with id = "NAME" is written [{name}.NAME] now, without id', ""
    if what.startswith("Expected"):
        what = f"{key}: e{what[1:]}" if key else f"e{what[1:]}"
    if field := _FIELD.search(what):
        known = _INLINE.get(key, shape).__struct_fields__
        key = key or field[1]
        what += nearest(field[1], known) if "unknown" in what else ""
    return header, what, key

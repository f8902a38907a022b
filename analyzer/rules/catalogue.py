"""The operator catalogue `rules/operators.toml`: operand names and how MACs are counted."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.model import schema
from analyzer.resources import data
from analyzer.rules.expression import ExpressionError, Scope, Tree, parse

#: Side, position (or first position) and whether the name stands for all from there on.
Place = tuple[str, int, bool]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One operator: names end in `?` where the operand may be left out, in `*` where there may be many."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    macs: str = ""


class Catalogue(Struct, frozen=True):
    """Operator name, or `custom:CODE`, -> its entry."""

    entries: dict[str, Entry]
    #: The same keys -> how its multiply-accumulates are counted, where it has any.
    macs: dict[str, Tree]

    def places(self, operator: str) -> Mapping[str, Place]:
        entry = self.entries.get(operator)
        return {} if entry is None else places(entry)


def places(entry: Entry) -> dict[str, Place]:
    """Operand name -> where it stands."""
    found: dict[str, Place] = {}
    for side, names in (("inputs", entry.inputs), ("outputs", entry.outputs), ("intermediates", entry.intermediates)):
        for position, name in enumerate(names):
            found[name.rstrip("?*")] = (side, position, name.endswith("*"))
    return found


def option_types(operator: str) -> dict[str, str] | None:
    """Option field -> its type in the rule language; None for custom operators, whose options are their own."""
    if operator.startswith("custom:"):
        return None
    table = schema.options_table(operator)
    if table is None:
        return {}
    found = {}
    for name, field in schema.fields(table).items():
        kind = _KINDS.get(field.type, "any") if field.form == "scalar" else f"enum:{field.type}"
        if field.form in ("table", "union"):
            continue
        if field.form == "string":
            kind = "str"
        found[name] = f"list[{kind}]" if field.vector else kind
    return found


_KINDS = {"bool": "bool", "float32": "float", "float64": "float", "float": "float", "double": "float"} | {
    f"{sign}int{bits}": "int" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


def enums(types: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Enum name -> its members, for the enums among `types` and the element types."""
    names = {"TensorType"} | {kind.removeprefix("list[").removesuffix("]")[5:] for kind in types if "enum:" in kind}
    return {name: tuple(schema.members(name).values()) for name in names}


def parse_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check the catalogue. Raises: RuleError."""
    file = path or data("rules") / "operators.toml"
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, OSError) as error:
        raise RuleError([f"{file.name}: {error}"]) from None
    customs = raw.pop("custom", {})
    entries: dict[str, Entry] = {}
    macs: dict[str, Tree] = {}
    problems: list[str] = []
    for key, table in [*raw.items(), *((f"custom:{code}", table) for code, table in customs.items())]:
        try:
            entry = entries[key] = msgspec.convert(table, Entry)
            if entry.macs:
                types = option_types(key)
                scope = Scope(places(entry), types, enums=enums(list((types or {}).values())))
                macs[key] = parse(entry.macs, scope, "number")
        except (msgspec.ValidationError, ExpressionError) as error:
            problems.append(f"{file.name}: {key}: {error}")
    if problems:
        raise RuleError(problems)
    return Catalogue(entries, macs)

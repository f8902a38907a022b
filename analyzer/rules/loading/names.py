"""The names that a pack adds to the vocabulary: its parameters, definitions and per-operator values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.expressions.scope import Definition, Scope
from analyzer.resources import data
from analyzer.rules.catalogue import Place
from analyzer.rules.loading.file import RuleFile, read_tables
from analyzer.rules.loading.fixes_file import SHARED, shared
from analyzer.rules.loading.lines import Lines
from analyzer.rules.loading.option_types import enums
from analyzer.rules.pack import Parameter
from analyzer.suggest import nearest

#: Name of the file whose definitions are laid under every pack.
DEFINITIONS = "definitions.toml"
_KINDS = ("int", "bool", "str", "version")


class Names(Struct, frozen=True):
    parameters: Mapping[str, Parameter]
    definitions: Mapping[str, Definition]
    #: Value -> its type in expressions.
    values: Mapping[str, str]

    def scope(self, places: Mapping[str, Place], options: Mapping[str, str] | None) -> Scope:
        """The scope of expressions that may also name these operands and options."""
        types = [*(options or {}).values(), *self.values.values()]
        parameters = {name: parameter.type for name, parameter in self.parameters.items()}
        return Scope(
            operands=places,
            options=options,
            parameters=parameters | dict(self.values),
            definitions=self.definitions,
            enums=enums(types),
        )


def read_names(file: RuleFile) -> Names:
    """The pack's own names, checked."""
    # A pack's own definitions come before those that are laid under every pack.
    known = {name: Definition(name, text) for name, text in shared().define.items()}
    known |= {definition.name: definition for definition in common_definitions()}
    return Names(
        parameters={name: _parameter(file, name) for name in file.table.parameters},
        definitions=known | {definition.name: definition for definition in _own_definitions(file)},
        values={name: value.type for name, value in file.table.values.items()},
    )


def _parameter(file: RuleFile, name: str) -> Parameter:
    raw = file.table.parameters[name]
    header = f"parameters.{name}"
    if raw.type not in _KINDS:
        what = f"type {raw.type}{nearest(raw.type, _KINDS)}; expected one of {', '.join(_KINDS)}"
        file.problem(header, what, "type")
    derived = isinstance(raw.default, str) and raw.type in ("int", "bool")
    tree = None
    if derived:
        others = {other: table.type for other, table in file.table.parameters.items() if other != name}
        tree = file.tree(raw.default, Scope(parameters=others), header, "default", wanted=raw.type)
    elif raw.default is None:
        file.problem(header, "default is missing")
    elif raw.values and raw.default not in raw.values:
        file.problem(header, f"default {raw.default} is none of the values", "default")
    return Parameter(
        type=raw.type,
        default=None if derived else raw.default,
        default_expression=tree,
        default_text=raw.default if derived else "",
        range=raw.range,
        values=tuple(raw.values),
        meaning=raw.meaning,
        in_title=raw.in_title,
    )


@cache
def common_definitions() -> tuple[Definition, ...]:
    """What `rules/common/definitions.toml` defines for every pack. Raises: RuleError with all problems."""
    return read_definitions(data("rules") / "common" / DEFINITIONS)


def read_definitions(path: Path) -> tuple[Definition, ...]:
    """The definitions of such a file. Raises: RuleError with all problems."""
    tables, text = read_tables(path)
    lines = Lines(text)
    problems = [
        f"{path}:{lines.of(key)}: {key}: expected [define] and no more" for key in {*tables} - {"define"}
    ]

    def problem(key: str, what: str) -> None:
        problems.append(f"{path}:{lines.of('define', key)}: define: {what}")

    definitions = tuple(_definitions(tables.get("define", {}), problem))
    if problems:
        raise RuleError(problems)
    return definitions


def _own_definitions(file: RuleFile) -> Iterator[Definition]:
    def problem(key: str, what: str) -> None:
        file.problem("define", what, key)

    for definition in _definitions(file.table.define, problem):
        if definition.name in shared().define:
            problem(definition.name, f"{definition.name} is defined for all packs already, in {SHARED}")
        else:
            yield definition


def _definitions(table: Mapping[str, Any], problem: Callable[[str, str], None]) -> Iterator[Definition]:
    for key, value in table.items():
        name, _, rest = key.partition("(")
        arguments = tuple(word.strip() for word in rest.removesuffix(")").split(",") if word.strip())
        if not name.isidentifier() or not all(word.isidentifier() for word in arguments):
            problem(key, f"{key} is not a name")
        elif not isinstance(value, str):
            problem(key, f"{key}: expected an expression in quotes")
        else:
            yield Definition(name, value, arguments)

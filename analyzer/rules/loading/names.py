"""The names that a pack adds to the vocabulary: its parameters, definitions and per-operator values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from analyzer.expressions.check import Definition, Scope
from analyzer.rules.catalogue import Place
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.fixes_file import SHARED, shared
from analyzer.rules.loading.option_types import enums
from analyzer.rules.pack import Parameter
from analyzer.suggest import nearest

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
    known = {name: Definition(name, text) for name, text in shared().define.items()}
    return Names(
        parameters={name: _parameter(file, name) for name in file.table.parameters},
        definitions=known | {definition.name: definition for definition in _definitions(file)},
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


def _definitions(file: RuleFile) -> Iterator[Definition]:
    for key, value in file.table.define.items():
        name, _, rest = key.partition("(")
        arguments = tuple(word.strip() for word in rest.removesuffix(")").split(",") if word.strip())
        if not name.isidentifier() or not all(word.isidentifier() for word in arguments):
            file.problem("define", f"{key} is not a name", key)
        elif name in shared().define:
            file.problem("define", f"{name} is defined for all packs already, in {SHARED}", key)
        elif not isinstance(value, str):
            file.problem("define", f"{key}: expected an expression in quotes", key)
        else:
            yield Definition(name, value, arguments)

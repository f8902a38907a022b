"""Operators x delegates: what each takes always, under conditions or never, out of the packs alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.model import schema
from analyzer.rules.pack import LATER, REFUSING, Clause, Form, OperatorRules, RulePack, slug
from analyzer.rules.rulebook import Rule, Rulebook
from analyzer.rules.specialize import ALWAYS, NEVER, specialize
from analyzer.suggest import nearest

#: How packs call the operators of applications.
_CUSTOM = "custom:"
TAKEN, CONDITIONAL, REFUSED = "always", "conditionally", "never"


class Cell(Struct, frozen=True):
    """One delegate's word on one operator."""

    status: str
    #: Rules that it is asked, besides those that every operator is asked.
    rules: tuple[Rule, ...] = ()
    #: Conditions under which it is taken before any rule is asked.
    accepted: tuple[str, ...] = ()
    #: Why it is never taken, where that is so.
    refused: Rule | None = None
    #: What this operator sets for the rules that every operator is asked.
    values: Mapping[str, Any] = {}


class Column(Struct, frozen=True):
    """One delegate with its parameters, called what it was asked for as."""

    name: str
    pack: RulePack
    #: What every operator is asked.
    everywhere: tuple[Rule, ...]


class Coverage(Struct, frozen=True):
    columns: tuple[Column, ...]
    #: Operator, or a custom operator's code -> a cell a column, in the columns' order.
    rows: Mapping[str, tuple[Cell, ...]]
    #: Operators of the file format that none of the delegates takes.
    refused: tuple[str, ...]


def cover(
    delegates: Mapping[str, tuple[RulePack, Mapping[str, Any]]], operators: Sequence[str] = ()
) -> Coverage:
    """What these delegates take: name -> pack and parameters, all of them resolved; of these operators alone.

    Raises: UsageError for an operator that there isn't.
    """
    listed = {name.removeprefix(_CUSTOM) for pack, _ in delegates.values() for name in pack.operators}
    names = sorted(listed | set(schema.members("BuiltinOperator").values()) - _PLACEHOLDERS)
    names = _chosen(names, operators) if operators else names
    keys = [key for name in names for key in (name, _CUSTOM + name)]
    books = {name: Rulebook(specialize(pack, values, keys)) for name, (pack, values) in delegates.items()}
    cells = {name: tuple(_cell(book, name) for book in books.values()) for name in names}
    taken = {name: row for name, row in cells.items() if any(cell.status != REFUSED for cell in row)}
    return Coverage(
        tuple(Column(name, book.pack, tuple(book.everywhere())) for name, book in books.items()),
        taken,
        tuple(name for name in names if name not in taken),
    )


def _chosen(names: Sequence[str], operators: Sequence[str]) -> list[str]:
    known = {slug(name): name for name in names}
    for operator in operators:
        if slug(operator) not in known:
            raise UsageError(f"there is no operator {operator}{nearest(operator.upper(), names)}")
    return [known[slug(operator)] for operator in operators]


#: Names of the schema that are no operators by themselves.
_PLACEHOLDERS = {"CUSTOM", "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES"}


def _cell(book: Rulebook, name: str) -> Cell:
    listed = next((key for key in (name, _CUSTOM + name) if key in book.pack.operators), None)
    if listed is None:
        return Cell(REFUSED, refused=book.unlisted(slug(name)))
    page = book.operator(name)
    status = _status(book.pack.rules(listed))
    if status == REFUSED:
        never = [
            page.refused,
            *(rule for rule in page.rules if rule.severity in REFUSING and not rule.requires),
        ]
        return Cell(REFUSED, refused=next((rule for rule in never if rule is not None), None))
    asked = tuple(rule for rule in page.rules if rule.severity in REFUSING)
    return Cell(status, asked, page.accepted, values=page.values)


def _status(operator_rules: OperatorRules) -> str:
    if ALWAYS in operator_rules.accept_when:
        return TAKEN
    refused = () if operator_rules.refused is None else (operator_rules.refused,)
    words = [_form_status(form, refused) for form in operator_rules.forms]
    if not operator_rules.accept_when and all(word == REFUSED for word in words):
        return REFUSED
    return TAKEN if words == [TAKEN] and operator_rules.forms[0].when is None else CONDITIONAL


def _form_status(form: Form, refused: Sequence[Clause]) -> str:
    clauses = [
        clause
        for clause in (*refused, *form.clauses)
        if clause.severity in REFUSING and clause.stage not in LATER
    ]
    if any(clause.require == NEVER and clause.when is None for clause in clauses):
        return REFUSED
    return CONDITIONAL if clauses else TAKEN

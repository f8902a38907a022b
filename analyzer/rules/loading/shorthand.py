"""The compact entries of an operator's table, written out as requirements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from msgspec import Struct, ValidationError, convert

from analyzer.rules.catalogue import Place
from analyzer.rules.loading.format import Case, Count, FormTable, OperatorTable
from analyzer.rules.pack import slug


class Requirement(Struct, frozen=True):
    """A requirement as text, still to be parsed. `key` is the entry of the table that it comes from."""

    id: str
    kind: str
    text: str
    key: str
    operand: str | None = None


class CompactError(Exception):
    """A compact entry says something that can't be meant."""


_COMPARISON = re.compile(r"^(<=|>=|==|!=|<|>)\s*(.+)$")
#: A range is written out, number by number.
_MOST_COUNTS, _MOST_DIGITS = 1000, 18
_RANGE = re.compile(r"^(-?\d+)\.\.(-?\d+)$")


def requirements(
    table: FormTable | OperatorTable, places: Mapping[str, Place], problem: Callable[[object, str], None]
) -> Iterator[Requirement]:
    """Everything that a table's compact entries require; what can't be meant goes to `problem(what, key)`."""
    for key, make in _entries(table, places):
        try:
            yield make()
        except CompactError as error:
            problem(error, key)


def _entries(
    table: FormTable | OperatorTable, places: Mapping[str, Place]
) -> Iterator[tuple[str, Callable[[], Requirement]]]:
    if table.version is not None:
        yield "version", partial(_counted, "version", "version", "version", table.version)
    for side, wanted in (("inputs", table.inputs), ("outputs", table.outputs)):
        if wanted is not None and wanted != "any":
            yield side, partial(_counted, side, "count", f"len({side})", wanted)
    for operand, dtypes in table.operands.items():
        if dtypes != "any":
            yield "operands", partial(_dtype, operand, dtypes, places)
    for kind, words in (("constant", table.constant), ("known", table.known)):
        for word in words:
            yield kind, partial(_claim, kind, word, places)
    for field, option in table.options.items():
        yield "options", partial(_option, field, option)


def _counted(name: str, kind: str, subject: str, wanted: Count) -> Requirement:
    return Requirement(name, kind, _count(subject, wanted), name)


def _option(field: str, wanted: Any) -> Requirement:
    return Requirement(f"option.{slug(field)}", "option", _condition(f"options.{field}", wanted), "options")


def _place(operand: str, places: Mapping[str, Place]) -> Place:
    if operand not in places:
        from analyzer.suggest import nearest

        raise CompactError(f"there is no operand {operand}{nearest(operand, list(places))}")
    return places[operand]


def _dtype(operand: str, dtypes: str | list[str | Case], places: Mapping[str, Place]) -> Requirement:
    optional, parts = False, []
    for entry in [dtypes] if isinstance(dtypes, str) else dtypes:
        text, when = (entry, "") if isinstance(entry, str) else (entry.dtype, entry.when)
        optional = optional or text.endswith("?")
        test = _dtype_test(text.removesuffix("?"))
        parts.append(f"({when}) and ({test})" if when else test)
    condition = " or ".join(f"({part})" for part in parts)
    if _place(operand, places)[2]:
        text = f"all({condition} for t in {operand} if not t.omitted)"
    else:
        text = condition.replace("t.dtype", f"{operand}.dtype")
        if optional:
            text = f"{operand}.omitted or ({text})"
    return Requirement(f"{slug(operand)}.dtype", "dtype", text, "operands", operand)


def _dtype_test(text: str) -> str:
    return "true" if text == "any" else " or ".join(f"t.dtype in {names}" for names in _dtype_lists(text))


def _dtype_lists(text: str) -> Iterator[str]:
    """`UINT8|INT8|floats` -> a list of the names written out, then the definitions named."""
    words = [word.strip() for word in text.split("|")]
    literal = [word for word in words if word.upper() == word]
    if literal:
        yield "[" + ", ".join(f"'{word}'" for word in literal) + "]"
    yield from (word for word in words if word not in literal)


def _claim(kind: str, word: str, places: Mapping[str, Place]) -> Requirement:
    """That an operand is `constant`, or `known`."""
    operand = word.removesuffix("?")
    rest = _place(operand, places)[2]
    if rest:
        text = f"all(t.{kind} for t in {operand} if not t.omitted)"
    elif word.endswith("?"):
        text = f"{operand}.omitted or {operand}.{kind}"
    else:
        text = f"{operand}.{kind}"
    return Requirement(f"{slug(operand)}.{kind}", kind, text, kind, operand)


def _count(subject: str, wanted: Count) -> str:
    if isinstance(wanted, str) and (bounds := _RANGE.match(wanted)):
        counts = range(int(bounds[1][:_MOST_DIGITS]), int(bounds[2][:_MOST_DIGITS]) + 1)
        if len(wanted) > _MOST_DIGITS or len(counts) > _MOST_COUNTS:
            raise CompactError(
                f"{wanted} spans more than {_MOST_COUNTS} numbers; write a comparison, as in <= 9"
            )
        return f"{subject} in [{', '.join(map(str, counts))}]"
    return _condition(subject, wanted)


def _condition(subject: str, wanted: Any) -> str:
    if isinstance(wanted, list) and any(isinstance(entry, dict | Case) for entry in wanted):
        return _cases(subject, wanted)
    if isinstance(wanted, list):
        return f"{subject} in [{', '.join(_literal(entry) for entry in wanted)}]"
    if isinstance(wanted, str) and (comparison := _COMPARISON.match(wanted)):
        return f"{subject} {comparison[1]} {comparison[2]}"
    return f"{subject} == {_literal(wanted)}"


def _cases(subject: str, cases: list[Any]) -> str:
    """The first case whose condition holds decides; without any, nothing is required."""
    text = "true"
    for entry in reversed(cases):
        case = _case(entry) if isinstance(entry, dict) else entry
        if not isinstance(case, Case):
            case = Case(value=case)
        condition = _condition(subject, case.value)
        text = f"(({condition}) if ({case.when}) else ({text}))" if case.when else f"({condition})"
    return text


def _case(entry: dict[str, Any]) -> Case:
    try:
        return convert(entry, Case)
    except ValidationError as error:
        raise CompactError(str(error)) from None


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return repr(value)
    raise CompactError(f"{value!r} can't stand here; write a check instead")

"""What two sides ask differently: packs, or one pack with other parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from analyzer.rules.coverage import REFUSED, Cell, Coverage, cover
from analyzer.rules.pack import LATER, Graph, RulePack
from analyzer.rules.rulebook import Rule, Rulebook
from analyzer.rules.specialize import specialize
from analyzer.rules.wording.naming import render


class Change(Struct, frozen=True):
    """One rule on both sides; None where a side hasn't got it. `name` is its id without the delegate."""

    name: str
    before: Rule | None
    after: Rule | None


class OperatorChange(Struct, frozen=True):
    """What changes for one operator: whether it is taken, and the rules where both sides take it."""

    name: str
    before: str
    after: str
    changes: tuple[Change, ...] = ()
    #: Why a side that never takes it doesn't.
    refused: Rule | None = None


class Difference(Struct, frozen=True):
    """All that differs: rules of operators, rules of every operator and of partitions, policies."""

    operators: tuple[OperatorChange, ...]
    everywhere: tuple[Change, ...]
    partitions: tuple[Change, ...]
    #: Each side's policies, with its parameters in place.
    policies: tuple[Graph, Graph]

    def __bool__(self) -> bool:
        before, after = self.policies
        return bool(self.operators or self.everywhere or self.partitions or before != after)


Side = tuple[RulePack, Mapping[str, Any]]


def difference(before: Side, after: Side) -> Difference:
    """What changes from one pack with its parameters, all of them resolved, to another."""
    # What operators are asked is told by the coverage.
    first, second = (Rulebook(specialize(*side, operators=())) for side in (before, after))
    return Difference(
        tuple(_operators(cover({"before": before, "after": after}))),
        tuple(_changes(first.everywhere(), second.everywhere())),
        tuple(_changes([*first.partitions(), *first.models()], [*second.partitions(), *second.models()])),
        (first.pack.graph, second.pack.graph),
    )


def _operators(both: Coverage) -> Iterator[OperatorChange]:
    for name, (before, after) in both.rows.items():
        if REFUSED in (before.status, after.status):
            yield OperatorChange(name, before.status, after.status, refused=before.refused or after.refused)
            continue
        changes = tuple(_changes(_all(before, name), _all(after, name)))
        if changes:
            yield OperatorChange(name, before.status, after.status, changes)


def _all(cell: Cell, name: str) -> Iterator[Rule]:
    """The rules, and what else a pack says of an operator, as if it were one."""
    yield from cell.rules
    said = [f"taken at once if {condition}" for condition in cell.accepted]
    said += [f"{value} is {render(of)}" for value, of in cell.values.items()]
    for number, meaning in enumerate(said, 1):
        yield Rule(f"/{name}/also-{number}", name, "note", "check", fix="", source="", meaning=meaning)


def _changes(before: Iterable[Rule], after: Iterable[Rule]) -> Iterator[Change]:
    """Rules with other words, or that one side has by itself; what they are called is no difference."""
    first, second = ({_name(rule): rule for rule in rules} for rules in (before, after))
    said = {_words(rule) for rule in first.values()} & {_words(rule) for rule in second.values()}
    for name in first | second:
        earlier, later = (_unless(rules.get(name), said) for rules in (first, second))
        if earlier is not None or later is not None:
            yield Change(name, earlier, later)


def _unless(rule: Rule | None, said: set[object]) -> Rule | None:
    return None if rule is None or _words(rule) in said else rule


def _name(rule: Rule) -> str:
    return rule.id.partition("/")[2]


def _words(rule: Rule) -> object:
    terms = tuple(sorted(rule.terms.items()))
    return rule.requires or rule.meaning, rule.when, terms, rule.severity, rule.stage in LATER

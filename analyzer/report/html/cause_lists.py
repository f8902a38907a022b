"""Causes as numbered lists on the HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from analyzer.report.document.audit_document import Model
from analyzer.report.html.links import Link, links
from analyzer.report.wording import causes, figures, phrases
from analyzer.report.wording.causes import Case, Cause
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.origin import permalink

#: Up to so many causes are shown at once.
_FEW = 8


class Proof(Struct, frozen=True):
    """One way in which a rule failed, and where."""

    message: str
    evidence: str
    links: list[Link]


class Item(Struct, frozen=True):
    """One cause. `percent` is the share of MACs that it costs."""

    number: int
    id: str
    delegates: list[str]
    severity: str
    whom: str
    others: str
    cost: str
    gain: str
    percent: float
    cause: Cause
    #: Where its source can be read; empty where that isn't known.
    permalink: str
    proofs: list[Proof]


class List(Struct, frozen=True):
    """Causes under one heading: the foremost of every delegate, and those that cost less."""

    title: str
    items: list[Item]
    rest: list[Item]

    @property
    def all(self) -> list[Item]:
        return sorted([*self.items, *self.rest], key=lambda item: item.number)


def lists(ident: str, model: Model, names: Sequence[str]) -> Iterator[List]:
    """Every cause, numbered through."""
    number = 0
    for title, group in phrases.sections(causes.causes(model)):
        foremost = {id(cause) for cause in (group if len(group) <= _FEW else causes.foremost(group))}
        first: list[Item] = []
        rest: list[Item] = []
        for cause in group:
            number += 1
            (first if id(cause) in foremost else rest).append(_item(ident, number, cause, model, names))
        yield List(title, first, rest)


def _item(ident: str, number: int, cause: Cause, model: Model, names: Sequence[str]) -> Item:
    share = cause.cost[0] / model.macs if model.macs else 0.0
    return Item(
        number=number,
        id=f"{ident}-c{number}",
        delegates=[names[position] for position in cause.audits],
        severity=cause.severity,
        whom=phrases.whom(cause, model),
        others=phrases.others(cause),
        cost=f"{figures.percent(share)} of MACs" if share else "",
        gain=phrases.consequence(cause, model),
        percent=round(share * 100, 1),
        cause=cause,
        permalink=_permalink(cause, model),
        proofs=[_proof(ident, case) for case in cause.cases],
    )


def _permalink(cause: Cause, model: Model) -> str:
    """What is said of whole graphs is the runtime's, whose revision the document doesn't tell."""
    audit = model.audits[cause.audits[0]]
    own = cause.level == "operator" and cause.rules and cause.rules[0].startswith(f"{audit.delegate}/")
    upstream = audit.rules.upstream
    return permalink(cause.source, upstream.repository, upstream.revision) if own else ""


def _proof(ident: str, case: Case) -> Proof:
    return Proof(plain(case.message), plain(phrases.evidence(case)), list(links(ident, case.operators)))


#: Position of the audit, subgraph, operator, whether the delegate accepts it -> the id of what keeps it off.
Answers: TypeAlias = dict[tuple[int, int, int, bool], str]


def answers(found: Sequence[List]) -> Answers:
    """What keeps operators off delegates."""
    items = [item for group in found for item in group.all]
    ids = {id(item.cause): item.id for item in items}
    return {spot: ids[id(cause)] for spot, (cause, _) in causes.holding(item.cause for item in items).items()}

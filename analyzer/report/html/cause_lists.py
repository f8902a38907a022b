"""Causes as numbered lists on the HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import TypeAlias

from msgspec import Struct

from analyzer.report.document.audit_document import Model
from analyzer.report.html.links import Link, links
from analyzer.report.wording import causes, figures, phrases
from analyzer.report.wording.causes import Case, Cause
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.layers import layers
from analyzer.rules.origin import permalink

#: Up to so many causes are shown at once.
_FEW = 8


class Proof(Struct, frozen=True):
    """One way in which a rule failed, and where."""

    message: str
    evidence: str
    links: list[Link]


class ListedCause(Struct, frozen=True):
    """One cause. `percent` is the share of MACs that it costs."""

    number: int
    id: str
    delegates: list[str]
    severity: str
    whom: str
    others: str
    layers: str
    cost: str
    gain: str
    percent: float
    cause: Cause
    #: Where its source can be read; empty where that isn't known.
    permalink: str
    proofs: list[Proof]


class CauseList(Struct, frozen=True):
    """Causes under one heading: the foremost of every delegate, and those that cost less."""

    title: str
    causes: list[ListedCause]
    rest: list[ListedCause]
    #: Whether they are of deprecated delegates alone, which nobody asked for.
    legacy: bool

    @property
    def all(self) -> list[ListedCause]:
        return sorted([*self.causes, *self.rest], key=lambda listed: listed.number)


def cause_lists(ident: str, model: Model, names: Sequence[str]) -> Iterator[CauseList]:
    """Every cause, numbered through."""
    number = 0
    model_causes = causes.causes(model)
    for legacy, (title, group) in chain(
        product([False], phrases.sections(causes.asked(model, model_causes))),
        product([True], phrases.sections(causes.asked(model, model_causes, legacy=True))),
    ):
        foremost = {id(cause) for cause in (group if len(group) <= _FEW else causes.foremost(group))}
        shown: list[ListedCause] = []
        rest: list[ListedCause] = []
        for cause in group:
            number += 1
            (shown if id(cause) in foremost else rest).append(_listed(ident, number, cause, model, names))
        yield CauseList(title, shown, rest, legacy)


def _listed(ident: str, number: int, cause: Cause, model: Model, names: Sequence[str]) -> ListedCause:
    # What breaks a model costs all of it.
    share = cause.cost[0] / model.macs if model.macs and not cause.broken else 0.0
    return ListedCause(
        number=number,
        id=f"{ident}-c{number}",
        delegates=[names[position] for position in cause.audits],
        severity=cause.severity,
        whom=phrases.whom(cause, model),
        others=phrases.others(cause),
        layers=layers(cause, model),
        cost=f"{figures.percent(share)} of MACs" if share else "",
        gain=phrases.consequence(cause, model),
        percent=round(share * 100, 1),
        cause=cause,
        permalink=_permalink(cause, model),
        proofs=[_proof(ident, case) for case in cause.cases],
    )


def _permalink(cause: Cause, model: Model) -> str:
    """Only rules of the delegate's own have one: the document doesn't tell the revision of the runtime."""
    audit = model.audits[cause.audits[0]]
    own = cause.level == "operator" and cause.rules and cause.rules[0].startswith(f"{audit.delegate}/")
    upstream = audit.rules.upstream
    return permalink(cause.source, upstream.repository, upstream.revision) if own else ""


def _proof(ident: str, case: Case) -> Proof:
    return Proof(plain(case.message), plain(phrases.evidence(case)), list(links(ident, case.operators)))


#: Position of the audit, subgraph, operator, whether the delegate accepts it -> the id of what keeps it off.
Answers: TypeAlias = dict[tuple[int, int, int, bool], str]


def answers(cause_lists: Sequence[CauseList]) -> Answers:
    """The id of the cause that keeps each operator off a delegate."""
    listed = [entry for cause_list in cause_lists for entry in cause_list.all]
    ids = {id(entry.cause): entry.id for entry in listed}
    holding = causes.holding(entry.cause for entry in listed)
    return {spot: ids[id(cause)] for spot, (cause, _) in holding.items()}

"""Causes as numbered lists on the HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from analyzer.report.document.audit_document import Model, Recipe
from analyzer.report.html.links import Link, links
from analyzer.report.wording import causes, changes, figures, phrases
from analyzer.report.wording.causes import Case, Cause
from analyzer.report.wording.changes import Change
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


class ListedChange(Struct, frozen=True):
    """One fix with the causes that it mends; `fix` is empty for a cause that has none."""

    id: str
    fix: str
    job: str
    gain: str
    layers: str
    language: str
    #: Where it is told, as it is and as it is to be: the name of each, a word for it, and the code.
    code: list[tuple[str, str, str]]
    #: Whether it is what to change first.
    first: bool
    causes: list[ListedCause]


class CauseList(Struct, frozen=True):
    """Fixes under one heading: those of the foremost causes of every delegate, and those that bring less."""

    title: str
    changes: list[ListedChange]
    rest: list[ListedChange]
    #: Whether they are of deprecated delegates alone, which nobody asked for.
    legacy: bool

    @property
    def all(self) -> list[ListedCause]:
        return [listed for change in (*self.changes, *self.rest) for listed in change.causes]


def cause_lists(ident: str, model: Model, names: Sequence[str]) -> Iterator[CauseList]:
    """Every cause, numbered through."""
    number = 0
    model_causes = causes.causes(model)
    for legacy in (False, True):
        told = changes.headings(model, model_causes, legacy)
        wanted = None if legacy else changes.first(told, model, names)
        for heading in told:
            few = sum(len(change.causes) for change in heading.changes) <= _FEW
            first = len(heading.changes if few else changes.foremost(heading.changes))
            shown: list[ListedChange] = []
            rest: list[ListedChange] = []
            for place, change in enumerate(heading.changes):
                listed = _change(ident, number + 1, change, model, names, change is wanted)
                (shown if place < first else rest).append(listed)
                number += len(change.causes)
            yield CauseList(heading.title, shown, rest, legacy)


def _change(
    ident: str, number: int, change: Change, model: Model, names: Sequence[str], first: bool
) -> ListedChange:
    recipe = change.recipe
    return ListedChange(
        id=f"{ident}-f{number}",
        fix=plain(change.fix),
        job=change.job,
        gain=changes.unblocks(change, model, names),
        layers=changes.where(change, model),
        language=recipe.language,
        code=[(name, word, text.strip("\n")) for name, word, text in _code(recipe) if text],
        first=first,
        causes=[_listed(ident, own, cause, model, names) for own, cause in enumerate(change.causes, number)],
    )


def _code(recipe: Recipe) -> Iterator[tuple[str, str, str]]:
    yield "before", "before", recipe.before
    yield "after", "after", recipe.after
    yield "torch-before", "before, in PyTorch", recipe.torch_before
    yield "torch-after", "after, in PyTorch", recipe.torch_after


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
        layers="" if cause.fix else layers(cause, model),
        cost=f"{figures.percent(share)} of MACs" if share else "",
        gain=phrases.consequence(cause, model) if cause.broken or not cause.fix else "",
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
CauseIds: TypeAlias = dict[tuple[int, int, int, bool], str]


def cause_ids(cause_lists: Sequence[CauseList]) -> CauseIds:
    """The id of the cause that keeps each operator off a delegate."""
    listed = [entry for cause_list in cause_lists for entry in cause_list.all]
    ids = {id(entry.cause): entry.id for entry in listed}
    holding = causes.holding(entry.cause for entry in listed)
    return {spot: ids[id(cause)] for spot, (cause, _) in holding.items()}

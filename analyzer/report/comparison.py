"""Two audited models -> what got better and what worse, for every delegate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from analyzer.report import causes, labels
from analyzer.report.causes import Cause
from analyzer.report.document import SCHEMA, Audit, Document, Model, Summary, Tool

BETTER, WORSE, SAME = "better", "worse", "same"
_RANKS = ("crash", "none", "partial", "full")


class Obstacle(Struct, frozen=True, kw_only=True):
    """What blocks on either side: how many operators it concerns and their multiply-accumulates.

    `rules` is empty for losses that follow from others; `change` is `better` where it concerns less.
    """

    rules: tuple[str, ...]
    message: str
    fix: str
    change: str
    operators_before: int
    operators_after: int
    macs_before: int
    macs_after: int


class Side(Struct, frozen=True, kw_only=True):
    """One delegate on both models. `change` goes by verdict, then shares, then partitions."""

    delegate: str
    change: str
    before: Summary
    after: Summary
    obstacles: tuple[Obstacle, ...]


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of operator that the models have in different numbers."""

    op: str
    before: int
    after: int


class Comparison(Struct, frozen=True, kw_only=True):
    """`before` and `after` are the models as audits have them; `delegates` in the order of their audits."""

    schema: int = SCHEMA
    tool: Tool
    before: Model
    after: Model
    delegates: tuple[Side, ...]
    kinds: tuple[Kind, ...]

    @property
    def worse(self) -> list[str]:
        """The delegates on which the second model fares worse."""
        return [side.delegate for side in self.delegates if side.change == WORSE]


def compare(document: Document) -> Comparison:
    """Compare the two models of a document, audited alike."""
    before, after = document.models
    names = labels.delegates(document)[before.path]
    found = [(_obstacles(before, position), _obstacles(after, position)) for position in range(len(names))]
    return Comparison(
        tool=document.tool,
        before=before,
        after=after,
        delegates=tuple(
            Side(
                delegate=name,
                change=_change(_merit(one), _merit(other)),
                before=one.summary,
                after=other.summary,
                obstacles=tuple(_changes(*sides)),
            )
            for name, one, other, sides in zip(names, before.audits, after.audits, found, strict=True)
        ),
        kinds=tuple(_kinds(before, after)),
    )


def _merit(audit: Audit) -> tuple[float, ...]:
    """The larger the better."""
    summary = audit.summary
    shares = (summary.delegated_macs_share, summary.delegated_operators_share)
    return (_RANKS.index(summary.verdict), *(round(share, 6) for share in shares), -summary.partitions)


def _change(before: tuple[float, ...], after: tuple[float, ...]) -> str:
    return SAME if before == after else BETTER if after > before else WORSE


def _obstacles(model: Model, position: int) -> dict[object, Cause]:
    """What blocks on one delegate, by what makes it the same thing in another model."""
    found = (cause for cause in causes.causes(model) if cause.blocks and position in cause.audits)
    return {
        (cause.fix, cause.kind, *(cause.rules if cause.level == "graph" else ())): cause for cause in found
    }


def _changes(before: dict[object, Cause], after: dict[object, Cause]) -> Iterator[Obstacle]:
    """What blocks on both sides, what changed most first."""
    known = [(before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after))]
    yield from sorted((_obstacle(*sides) for sides in known), key=_most_changed)


def _obstacle(before: Cause | None, after: Cause | None) -> Obstacle:
    cause = after or before
    assert cause is not None
    counts = [len(side.operators) if side else 0 for side in (before, after)]
    macs = [side.macs if side else 0 for side in (before, after)]
    return Obstacle(
        rules=cause.rules,
        message=cause.message,
        fix=cause.fix,
        change=_change((-counts[0], -macs[0], before is None), (-counts[1], -macs[1], after is None)),
        operators_before=counts[0],
        operators_after=counts[1],
        macs_before=macs[0],
        macs_after=macs[1],
    )


def _most_changed(one: Obstacle) -> tuple[bool, int, int]:
    macs, operators = one.macs_after - one.macs_before, one.operators_after - one.operators_before
    return one.change == SAME, -abs(macs), -abs(operators)


def _kinds(before: Model, after: Model) -> Iterator[Kind]:
    first, second = _counted(before), _counted(after)
    names = sorted(first.keys() | second.keys(), key=lambda name: (-abs(first[name] - second[name]), name))
    for name in names:
        if first[name] != second[name]:
            yield Kind(op=name, before=first[name], after=second[name])


def _counted(model: Model) -> Counter[str]:
    return Counter(labels.operator(node) for audit in model.audits[:1] for node in audit.operators)

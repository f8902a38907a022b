"""Two audits by the same delegates, held against each other: is a model better off, and who worse?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap
from typing import TypeAlias

from msgspec import Struct

from analyzer.auditing.types import Audit, Blocker, DelegateAudit, OperatorAudit
from analyzer.rules.pack import BROKEN

#: An operator's subgraph and index.
Place: TypeAlias = tuple[int, int]

_VERDICTS = ("crash", "fails", "wrong", "none", "partial", "full")
_HARMFUL = frozenset((*BROKEN, "blocker", "aborts"))


class Standing(Struct, frozen=True):
    """One delegate on a model: what decides first stands first, and more is better."""

    works: bool
    full: bool
    selected_full: bool
    #: Shares of MACs; of models without any, the operators that are left, counted down.
    delegated: float
    selected: float
    #: Whether anything is delegated by the selection.
    taken: bool
    #: Operators that aren't delegated, and those that something is the matter with, counted down.
    left: int
    troubled: int

    def merit(self) -> tuple[float, ...]:
        return (
            self.works,
            self.full,
            self.selected_full,
            self.delegated,
            self.selected,
            -self.left,
            -self.troubled,
        )


def troubled(audit: DelegateAudit) -> set[Place]:
    """Operators that a delegate refuses, or goes wrong over."""
    places = {(node.subgraph, node.index) for node in audit.operators if _in_trouble(node)}
    blamed = (_place(blocker) for blocker in audit.blockers if _harms(blocker))
    return places | {place for place in blamed if place is not None}


def refused(audit: DelegateAudit) -> set[Place]:
    """Operators that a delegate doesn't take."""
    return {(node.subgraph, node.index) for node in audit.operators if _is_refused(node)}


def _is_refused(node: OperatorAudit) -> bool:
    return not (node.supported or node.folded)


def _in_trouble(node: OperatorAudit) -> bool:
    return _is_refused(node) or any(finding.severity in BROKEN for finding in node.findings)


def _harms(blocker: Blocker) -> bool:
    return blocker.finding.severity in _HARMFUL


def _place(blocker: Blocker) -> Place | None:
    if blocker.subgraph is None or blocker.operator is None:
        return None
    return blocker.subgraph, blocker.operator


def lost(audit: DelegateAudit) -> set[Place]:
    """Operators that end up on the CPU, or that something is the matter with."""
    left = {(node.subgraph, node.index) for node in audit.operators if not node.delegated}
    return left | troubled(audit)


def standing(audit: DelegateAudit) -> Standing:
    summary = audit.summary
    selected, left = summary.selected, summary.operators - summary.selected.delegated
    return Standing(
        works=not summary.broken,
        full=summary.verdict == "full",
        selected_full=selected.verdict == "full",
        delegated=summary.delegated_macs_share if summary.macs else summary.delegated - summary.operators,
        selected=selected.delegated_macs_share if summary.macs else -left,
        taken=selected.delegated > 0,
        left=left,
        troubled=len(troubled(audit)) + sum(map(_harms, audit.blockers)),
    )


def helps(before: Audit, after: Audit) -> bool:
    """True where a delegate is better off, if only by what it no longer refuses, and none is worse."""
    pairs = list(_standings(before, after))
    return any(starmap(_eased, pairs)) and not any(starmap(_hurt, pairs))


def gained(before: Audit, after: Audit) -> bool:
    """True where at least one delegate really takes more, or no longer goes wrong, and none is worse off."""
    pairs = list(_standings(before, after))
    better = any(now.merit()[:-1] > then.merit()[:-1] and now.taken for then, now in pairs)
    return better and not any(starmap(_hurt, pairs))


def _eased(before: Standing, after: Standing) -> bool:
    return after.merit() > before.merit() or after.troubled < before.troubled


def _hurt(before: Standing, after: Standing) -> bool:
    """True where the model no longer works, is taken less, or more is the matter with it."""
    return (
        after.works < before.works
        or after.selected_full < before.selected_full
        or (before.works and after.delegated < before.delegated - 1e-9)
        or after.selected < before.selected - 1e-9
        or after.troubled > before.troubled
    )


def _standings(before: Audit, after: Audit) -> Sequence[tuple[Standing, Standing]]:
    pairs = zip(before.delegates, after.delegates, strict=True)
    return [(standing(then), standing(now)) for then, now in pairs]

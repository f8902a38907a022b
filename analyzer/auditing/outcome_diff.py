"""Two audits of one model: what becomes of it otherwise."""

from __future__ import annotations

from msgspec import Struct

from analyzer.auditing.types import DelegateAudit, OperatorAudit, Summary


class OperatorPair(Struct, frozen=True):
    """One operator under both delegates."""

    before: OperatorAudit
    after: OperatorAudit


class ModelChange(Struct, frozen=True):
    """Differences between two audits of a model; `operators` are those whose outcome differs."""

    before: Summary
    after: Summary
    operators: tuple[OperatorPair, ...]
    #: Whether the same operators are delegated in other groups.
    regrouped: bool

    def __bool__(self) -> bool:
        return bool(self.operators) or self.regrouped or self.before.verdict != self.after.verdict


def compare(before: DelegateAudit, after: DelegateAudit) -> ModelChange:
    """The changes for a model from one audit to another."""
    pairs = zip(before.operators, after.operators, strict=True)
    differing = tuple(
        OperatorPair(earlier, later) for earlier, later in pairs if _outcome(earlier) != _outcome(later)
    )
    return ModelChange(
        before.summary, after.summary, differing, not differing and _groups(before) != _groups(after)
    )


def _outcome(operator: OperatorAudit) -> tuple[bool, bool]:
    return operator.supported, operator.delegated


def _groups(audit: DelegateAudit) -> set[tuple[int, tuple[int, ...]]]:
    return {(partition.subgraph, partition.operators) for partition in audit.partitions}

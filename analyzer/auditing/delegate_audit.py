"""One delegate applied to one model -> what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.auditing.apply_delegate import Delegation, apply_delegate
from analyzer.auditing.graph_findings import unbuilt
from analyzer.auditing.partition import crossing
from analyzer.auditing.types import (
    Blocker,
    Configuration,
    DelegateAudit,
    Gain,
    OperatorAudit,
    PartitionAudit,
    Summary,
    ToFull,
)
from analyzer.expressions.vocabulary import Context, size_bytes
from analyzer.model.graph import Prepared


def audit_delegate(
    prepared: Prepared,
    contexts: Sequence[Sequence[Context]],
    macs: Sequence[Sequence[int | None]],
    configuration: Configuration,
    notes: Sequence[Blocker],
) -> DelegateAudit:
    """The audit of a model for one delegate; `contexts` and `macs` are by subgraph and operator."""
    delegation = apply_delegate(prepared, contexts, configuration.judge)
    partitions = _partitions(delegation)
    operators = _operators(prepared, delegation, partitions, macs)
    return DelegateAudit(
        configuration,
        tuple(operators),
        tuple(partitions),
        (*delegation.blockers, *notes),
        _summary(operators, partitions, delegation.crashes),
        _to_full(delegation, macs),
        tuple(_gains(delegation, macs)),
    )


def _operators(
    prepared: Prepared,
    delegation: Delegation,
    partitions: Sequence[PartitionAudit],
    macs: Sequence[Sequence[int | None]],
) -> list[OperatorAudit]:
    taken_by = {(p.subgraph, operator): p.index for p in partitions for operator in p.operators}
    audits = []
    for subgraph, counts in zip(prepared.subgraphs, macs, strict=True):
        applied = delegation.subgraphs[subgraph.index]
        for operator, count in zip(subgraph.operators, counts, strict=True):
            index = operator.index
            partition = taken_by.get((subgraph.index, index))
            audits.append(
                OperatorAudit(
                    subgraph.index,
                    index,
                    applied.supported[index],
                    index in applied.folded,
                    partition is not None,
                    partition,
                    count,
                    applied.findings[index],
                    applied.lost.get(index),
                )
            )
    return audits


def _partitions(delegation: Delegation) -> list[PartitionAudit]:
    audits: list[PartitionAudit] = []
    for applied in delegation.subgraphs:
        subgraph = applied.subgraph
        for index, partition in enumerate(applied.partitions):
            operators = partition.operators
            inputs, outputs = crossing(subgraph, operators)
            crossed = sum(size_bytes(subgraph.tensors[tensor]) or 0 for tensor in (*inputs, *outputs))
            audits.append(PartitionAudit(subgraph.index, index, operators, inputs, outputs, crossed))
    return audits


def _to_full(delegation: Delegation, macs: Sequence[Sequence[int | None]]) -> ToFull | None:
    operators: list[tuple[int, int]] = []
    for applied in delegation.subgraphs:
        if applied.missing_operators is None:
            return None
        operators += [(applied.subgraph.index, index) for index in applied.missing_operators]
    return ToFull(
        tuple(operators),
        sum(macs[subgraph][index] or 0 for subgraph, index in operators),
        tuple(position for position, blocker in enumerate(delegation.blockers) if blocker.remains),
    )


def _gains(delegation: Delegation, macs: Sequence[Sequence[int | None]]) -> Iterator[Gain]:
    for fix in dict.fromkeys(fix for applied in delegation.subgraphs for fix in applied.gains):
        refused: list[tuple[int, int]] = []
        delegated: list[tuple[int, int]] = []
        for applied in delegation.subgraphs:
            index, gain = applied.subgraph.index, applied.gains.get(fix)
            refused += [(index, operator) for operator in sorted(gain.refused)] if gain else []
            delegated += [(index, operator) for operator in (gain.delegated if gain else applied.delegated)]
        yield Gain(
            tuple(refused),
            len(delegated),
            sum(macs[subgraph][operator] or 0 for subgraph, operator in delegated),
        )


def _summary(operators: list[OperatorAudit], partitions: list[PartitionAudit], crashes: bool) -> Summary:
    total = len(operators)
    delegated = macs = delegated_macs = supported = folded = unsupported = 0
    for operator in operators:
        count = operator.macs or 0
        macs += count
        supported += operator.supported
        folded += operator.folded
        unsupported += not (operator.supported or operator.folded)
        if operator.delegated:
            delegated += 1
            delegated_macs += count
    return Summary(
        operators=total,
        supported=supported,
        unsupported=unsupported,
        folded=folded,
        delegated=delegated,
        partitions=len(partitions),
        macs=macs,
        delegated_macs=delegated_macs,
        delegated_operators_share=_share(delegated, total),
        delegated_macs_share=_share(delegated_macs, macs),
        boundary_bytes=sum(partition.boundary_bytes for partition in partitions),
        build_failures=sum(any(map(unbuilt, operator.findings)) for operator in operators),
        verdict="crash" if crashes else "full" if delegated == total else "partial" if delegated else "none",
    )


def _share(part: int, whole: int) -> float:
    """A share of 1 where there is nothing to share."""
    return part / whole if whole else 1.0

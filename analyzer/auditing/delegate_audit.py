"""One delegate applied to one model -> what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.auditing.apply_delegate import Delegation
from analyzer.auditing.graph_findings import load_findings, unbuilt
from analyzer.auditing.partition import crossing
from analyzer.auditing.types import (
    Blocker,
    Configuration,
    DelegateAudit,
    Gain,
    OperatorAudit,
    PartitionAudit,
    Selection,
    Summary,
    ToFull,
)
from analyzer.expressions.vocabulary import size_bytes
from analyzer.model.graph import Prepared
from analyzer.rules.judging.judge import Finding
from analyzer.rules.pack import BROKEN


def audit_delegate(
    prepared: Prepared,
    macs: Sequence[Sequence[int | None]],
    configuration: Configuration,
    delegation: Delegation,
    notes: Sequence[Blocker],
) -> DelegateAudit:
    """The audit of a model for one delegate that was applied to it; `macs` are by subgraph and operator."""
    blockers = (*load_findings(prepared.model, configuration.judge), *delegation.blockers, *notes)
    partitions = _partitions(delegation)
    operators = _operators(prepared, delegation, macs)
    return DelegateAudit(
        configuration,
        tuple(operators),
        tuple(partitions),
        blockers,
        _summary(delegation, macs, operators, partitions, blockers),
        _to_full(delegation, macs, blockers),
        tuple(_gains(delegation, macs)),
    )


def _operators(
    prepared: Prepared,
    delegation: Delegation,
    macs: Sequence[Sequence[int | None]],
) -> list[OperatorAudit]:
    audits = []
    for subgraph, counts in zip(prepared.subgraphs, macs, strict=True):
        number, applied = subgraph.index, delegation.supports[subgraph.index].delegation
        folded, lost = applied.folded, applied.lost
        taken_by: list[int | None] = [None] * len(counts)
        for position, partition in enumerate(applied.partitions):
            for index in partition.operators:
                taken_by[index] = position
        columns = zip(applied.supported, taken_by, counts, applied.findings, strict=True)
        for index, (supported, by, count, findings) in enumerate(columns):
            taken, why = by is not None, lost.get(index)
            audits.append(
                OperatorAudit(number, index, supported, index in folded, taken, by, count, findings, why)
            )
    return audits


def _partitions(delegation: Delegation) -> list[PartitionAudit]:
    audits: list[PartitionAudit] = []
    for applied in delegation.subgraphs:
        subgraph = applied.subgraph
        for index, partition in enumerate(applied.partitions):
            operators = partition.operators
            inputs, outputs = crossing(subgraph, operators)
            crossed = sum([size_bytes(subgraph.tensors[tensor]) or 0 for tensor in (*inputs, *outputs)])
            audits.append(PartitionAudit(subgraph.index, index, operators, inputs, outputs, crossed))
    return audits


def _to_full(
    delegation: Delegation, macs: Sequence[Sequence[int | None]], blockers: Sequence[Blocker]
) -> ToFull | None:
    operators: list[tuple[int, int]] = []
    for applied in delegation.subgraphs:
        if applied.missing_operators is None:
            return None
        operators += [(applied.subgraph.index, index) for index in applied.missing_operators]
    return ToFull(
        tuple(operators),
        sum(macs[subgraph][index] or 0 for subgraph, index in operators),
        tuple(position for position, blocker in enumerate(blockers) if blocker.remains),
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


def _summary(
    delegation: Delegation,
    macs: Sequence[Sequence[int | None]],
    operators: list[OperatorAudit],
    partitions: list[PartitionAudit],
    blockers: Sequence[Blocker],
) -> Summary:
    supported = folded = neither = 0
    for applied in delegation.subgraphs:
        supported += sum(applied.supported)
        folded += len(applied.folded)
        neither -= sum([not applied.supported[index] for index in applied.folded])
    neither += len(operators) - supported
    counted = sum([sum(filter(None, counts)) for counts in macs])
    telling = [operator for operator in operators if operator.findings]
    selected = _selection(len(operators), counted, macs, partitions)
    verdict = _broken(telling, blockers) or selected.verdict
    runs = selected if verdict not in ("crash", "fails") else _nothing(len(operators))
    return Summary(
        operators=len(operators),
        supported=supported,
        unsupported=neither,
        folded=folded,
        delegated=runs.delegated,
        partitions=runs.partitions,
        macs=counted,
        delegated_macs=runs.delegated_macs,
        delegated_operators_share=runs.delegated_operators_share,
        delegated_macs_share=runs.delegated_macs_share,
        boundary_bytes=runs.boundary_bytes,
        build_failures=sum([any(map(unbuilt, operator.findings)) for operator in telling]),
        verdict=verdict,
        selected=selected,
    )


def _selection(
    operators: int,
    counted: int,
    macs: Sequence[Sequence[int | None]],
    partitions: list[PartitionAudit],
) -> Selection:
    delegated = delegated_macs = 0
    for partition in partitions:
        counts = macs[partition.subgraph]
        delegated += len(partition.operators)
        delegated_macs += sum([counts[index] or 0 for index in partition.operators])
    # A share of 1 where there is nothing to share.
    share = delegated / operators if operators else 1.0
    return Selection(
        delegated=delegated,
        partitions=len(partitions),
        delegated_macs=delegated_macs,
        delegated_operators_share=share,
        delegated_macs_share=delegated_macs / counted if counted else share,
        boundary_bytes=sum([partition.boundary_bytes for partition in partitions]),
        verdict="full" if delegated == operators else "partial" if delegated else "none",
    )


def _nothing(operators: int) -> Selection:
    """What runs on a delegate that fails or crashes."""
    share = 0.0 if operators else 1.0
    return Selection(0, 0, 0, share, share, 0, "none")


def _broken(operators: list[OperatorAudit], blockers: Sequence[Blocker]) -> str | None:
    """The worst of what is certain about a model with the delegate; None where it works."""
    severities = {blocker.finding.severity for blocker in blockers}
    for operator in operators:
        if operator.delegated:
            severities.update(finding.severity for finding in operator.findings)
    return next((verdict for verdict in BROKEN if verdict in severities), None)


class Decision(Struct, frozen=True):
    """The finding that decides, and the operators that it names; of a whole graph's at most one."""

    finding: Finding
    kind: str | None
    operators: tuple[tuple[int, int], ...]


def deciding(audit: DelegateAudit) -> Decision | None:
    """What makes the verdict one of a model that doesn't work: of the whole model, else of most MACs."""
    verdict = audit.summary.verdict
    if not audit.summary.broken:
        return None
    for blocker in audit.blockers:
        if blocker.finding.severity == verdict:
            index = blocker.operator
            places = () if index is None else ((blocker.subgraph or 0, index),)
            return Decision(blocker.finding, blocker.kind, places)
    pairs = [
        (operator, finding)
        for operator in audit.operators
        if operator.delegated
        for finding in operator.findings
        if finding.severity == verdict
    ]
    _, first = max(pairs, key=lambda pair: pair[0].macs or 0)
    same = [
        (operator.subgraph, operator.index)
        for operator, finding in pairs
        if (finding.rule, finding.message) == (first.rule, first.message)
    ]
    return Decision(first, None, tuple(same))

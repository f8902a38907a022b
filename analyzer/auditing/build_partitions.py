"""Findings of building a partition: on its operators, and on the partition as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.graph_findings import ROLLED_BACK, unbuilt
from analyzer.auditing.node_support import NodeSupport
from analyzer.auditing.partition import Partition, crossing
from analyzer.auditing.types import Blocker
from analyzer.expressions.vocabulary import Context
from analyzer.model.graph import Subgraph
from analyzer.rules.judge import Finding


class PartitionContext:
    """The facts that checks on a whole partition see."""

    def __init__(self, subgraph: Subgraph, contexts: Sequence[Context], operators: Sequence[int]) -> None:
        inputs, outputs = crossing(subgraph, operators)
        self.subgraph = subgraph
        self.inputs = [subgraph.tensors[tensor] for tensor in inputs]
        self.outputs = [subgraph.tensors[tensor] for tensor in outputs]
        self.operators = [contexts[operator] for operator in operators]
        #: What neighbours of a tensor are looked up by.
        self.read_through = None
        self.partition = frozenset(operators)
        self.variables: list[Any] = []


def build_partition(support: NodeSupport, partition: Partition, rolls_back: bool) -> list[Blocker]:
    """Blockers of the graph from building: failures that roll back, and findings on a whole partition."""
    said: list[Blocker] = []
    taken = frozenset(partition.operators)
    for index in partition.operators:
        context = support.contexts[index]
        context.partition = taken
        findings = tuple(map(_as_reported, support.judge.later_findings(context)))
        if findings:
            support.delegation.findings[index] += findings
            said += [
                Blocker(f, support.subgraph.index, index, None, ROLLED_BACK)
                for f in findings
                if rolls_back and unbuilt(f)
            ]
    if support.judge.partition_checks:
        whole = PartitionContext(support.delegation.subgraph, support.contexts, partition.operators)
        for finding in support.judge.partition_findings(whole):
            reported = _as_reported(finding)
            kind = ROLLED_BACK if rolls_back and unbuilt(reported) else None
            said.append(Blocker(reported, support.subgraph.index, None, None, kind, remains=kind is not None))
    return said


def _as_reported(finding: Finding) -> Finding:
    """A refusal while the graph is built makes building fail."""
    return replace(finding, severity="fails") if finding.severity in ("blocker", "aborts") else finding

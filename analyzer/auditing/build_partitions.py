"""Findings of building a partition: on its operators, and on the partition as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.graph_findings import ROLLED_BACK, unbuilt
from analyzer.auditing.node_support import NodeSupport
from analyzer.auditing.partition import Partition, crossing
from analyzer.auditing.types import Blocker
from analyzer.expressions.context import Context, taken_together
from analyzer.memo import worked_out_once
from analyzer.model.graph import OMITTED, Subgraph, Tensor
from analyzer.rules.judging.judge import Finding
from analyzer.rules.judging.judge_beside import JudgeBeside


class PartitionContext:
    """The facts that checks on a whole partition see."""

    def __init__(self, subgraph: Subgraph, contexts: Sequence[Context], operators: Sequence[int]) -> None:
        self.subgraph = subgraph
        self.operators = [contexts[operator] for operator in operators]
        #: What neighbours of a tensor are looked up by.
        self.read_through = None
        self.partition = frozenset(operators)
        self.neighbours: dict[int, Context] | None = None
        self.variables: list[Any] = []

    @worked_out_once
    def inputs(self) -> list[Tensor]:
        """What is handed over to its operators."""
        return self._tensors(0)

    @worked_out_once
    def outputs(self) -> list[Tensor]:
        """What they hand over."""
        return self._tensors(1)

    def _tensors(self, side: int) -> list[Tensor]:
        crossed = crossing(self.subgraph, [context.operator.index for context in self.operators])[side]
        return [self.subgraph.tensors[tensor] for tensor in crossed]

    @worked_out_once
    def unread(self) -> list[Tensor]:
        """All that its operators write and nobody reads, the app included."""
        consumers, given = self.subgraph.consumers, self.subgraph.output_set
        if not self.subgraph.producers.keys() - consumers.keys() - given:
            return []
        written = (tensor for context in self.operators for tensor in context.operator.outputs)
        return [
            self.subgraph.tensors[tensor]
            for tensor in written
            if tensor not in consumers and tensor not in given and tensor != OMITTED
        ]


def build_partition(support: NodeSupport, partition: Partition, rolls_back: bool) -> list[Blocker]:
    """Blockers of the graph from building: failures that roll back, and findings on a whole partition."""
    with taken_together(support.contexts, partition.operators):
        return _built(support, partition, rolls_back)


def _built(support: NodeSupport, partition: Partition, rolls_back: bool) -> list[Blocker]:
    said: list[Blocker] = []
    # Where the same was built with other parameters, nothing is asked again of what was sound then.
    unsound, judges = _built_before(support, partition)
    noted = support.built[partition] = {}
    for index in partition.operators:
        context = support.contexts[index]
        if judges is None:
            failing = support.judge.later_findings(context)
        else:
            failing = judges.later_findings(context, unsound.get(index, ()))
        if failing:
            noted[index] = failing
            findings = _reported(failing, support.subgraph, index)
            support.delegation.findings[index] += findings
            if rolls_back:
                said += [
                    Blocker(f, support.subgraph.index, index, None, ROLLED_BACK)
                    for f in findings
                    if unbuilt(f)
                ]
    if support.judge.partition_checks:
        judge = support.judge if judges is None or None in unsound else judges
        whole = PartitionContext(support.delegation.subgraph, support.contexts, partition.operators)
        for finding in judge.partition_findings(whole):
            noted[None] = ()
            reported = _as_reported(finding)
            kind = ROLLED_BACK if rolls_back and unbuilt(reported) else None
            said.append(Blocker(reported, support.subgraph.index, None, None, kind, remains=kind is not None))
    return said


def _built_before(
    support: NodeSupport, partition: Partition
) -> tuple[Mapping[int | None, Sequence[Finding]], JudgeBeside | None]:
    """What was found when it was built with other parameters, and who knows what hangs on those."""
    if support.before is None:
        return {}, None
    earlier, judges = support.before
    return (earlier.built[partition], judges) if partition in earlier.built else ({}, None)


def _reported(findings: Iterable[Finding], subgraph: Subgraph, index: int) -> tuple[Finding, ...]:
    """All but wrong numbers that no output of the subgraph comes from."""
    shown = index in subgraph.shown
    return tuple([_as_reported(each) for each in findings if shown or each.severity != "wrong"])


def _as_reported(finding: Finding) -> Finding:
    """A refusal while the graph is built makes building fail."""
    return replace(finding, severity="fails") if finding.severity in ("blocker", "aborts") else finding

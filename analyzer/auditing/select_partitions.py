"""Which partitions a delegate takes: its limits, and float16 constants that it reads through.

Source: google-ai-edge/LiteRT f67457790, tflite/delegates/utils.cc.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from analyzer.auditing.graph_findings import LIMIT, MINIMUM, rolled_back_by_limit, tie
from analyzer.auditing.node_support import NodeSupport
from analyzer.auditing.partition import (
    ControlEdge,
    Partition,
    first_n_largest_partitions,
    read_through_fp16,
    tie_at_limit,
)
from analyzer.auditing.partition import partition as group
from analyzer.auditing.types import Blocker
from analyzer.expressions import partial as partial_evaluation
from analyzer.rules.judge import Judge
from analyzer.rules.pack import Graph


class GraphLimits(Struct, frozen=True):
    """The `[graph]` section with the parameters in place."""

    graph: Graph
    most: int | None
    minimum: int
    fp16_rolls_back: bool
    builds_while_choosing: bool

    @property
    def rolls_back(self) -> bool:
        """True where a failure to build takes everything back."""
        return self.graph.build_failure in ("rolls-back-model", "fails-load")


@lru_cache(maxsize=64)
def graph_limits(judge: Judge) -> GraphLimits:
    """The limits that a pack's parameters come to."""
    graph, parameters = judge.pack.graph, judge.parameters

    def value(tree: Any, otherwise: Any) -> Any:
        return otherwise if tree is None else partial_evaluation.constant(tree, parameters)

    most = value(graph.max_partitions, None)
    return GraphLimits(
        graph,
        None if most is None or most <= 0 else most,
        value(graph.min_operators, 0),
        value(graph.fp16_limit_rolls_back, False),
        value(graph.builds_while_choosing, False),
    )


class Selection(Struct, frozen=True):
    """The partitions that are delegated, and those built: more where building is part of choosing."""

    partitions: list[Partition]
    built: list[Partition]


def select_partitions(
    support: NodeSupport, edges: Sequence[ControlEdge], limits: GraphLimits, blockers: list[Blocker]
) -> Selection | None:
    """The partitions of a subgraph that was asked; None where choosing them rolls everything back.

    What there is to say of the choice is added to `blockers`.
    """
    graph, subgraph = limits.graph, support.subgraph
    accepted = support.accepted
    if taken_whole(support, accepted, graph):
        whole = [*accepted, *support.dequantize]
        support.delegation.subgraph = read_through_fp16(subgraph, accepted, support.sources)
        partitions = group(subgraph, whole, edges)
        return Selection(partitions, partitions)
    if not accepted:
        return Selection([], [])
    before = group(subgraph, accepted, edges)
    if tie_at_limit(before, limits.most, limits.minimum):
        blockers.append(tie(support, limits.most))
    kept = first_n_largest_partitions(before, limits.most, limits.minimum, graph.sort)
    operators = [index for partition in kept for index in partition.operators]
    support.delegation.lost = {
        index: MINIMUM if len(partition.operators) < limits.minimum else LIMIT
        for partition in before
        for index in partition.operators
    }
    if limits.fp16_rolls_back and support.sources:
        stranded = _stranded(support, accepted.difference(operators))
        if stranded:
            blockers.append(rolled_back_by_limit(support, stranded[0], limits.most))
            return None
    if support.sources:
        support.delegation.subgraph = read_through_fp16(subgraph, operators, support.sources)
        kept = group(support.delegation.subgraph, operators, edges)
    return Selection(kept, before if limits.builds_while_choosing else kept)


def selected_operators(
    support: NodeSupport, accepted: Collection[int], edges: Sequence[ControlEdge], limits: GraphLimits
) -> Collection[int]:
    """The operators that the delegate would take if it accepted these."""
    if taken_whole(support, accepted, limits.graph):
        return range(len(support.subgraph.operators))
    kept = first_n_largest_partitions(
        group(support.subgraph, accepted, edges), limits.most, limits.minimum, limits.graph.sort
    )
    return [index for partition in kept for index in partition.operators]


def taken_whole(support: NodeSupport, accepted: Collection[int], graph: Graph) -> bool:
    """True where all of a subgraph becomes one partition, whatever the limits."""
    if not graph.full_delegation_ignores_limits or not support.subgraph.operators:
        return False
    if len(accepted) + len(support.dequantize) < len(support.subgraph.operators):
        return False
    return bool(accepted) or graph.takes_dequantize_alone


def _stranded(support: NodeSupport, dropped: set[int]) -> list[int]:
    """Dropped operators that would keep a float16 operand."""
    return [
        index
        for index in sorted(dropped)
        if not support.sources.keys().isdisjoint(support.subgraph.operators[index].inputs)
    ]

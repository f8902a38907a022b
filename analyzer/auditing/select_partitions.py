"""Which partitions a delegate takes: its limits, and float16 constants that it reads through.

Source: google-ai-edge/LiteRT f67457790, tflite/delegates/utils.cc.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from analyzer.auditing.graph_findings import LIMIT, MINIMUM, stranded, tie
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
from analyzer.model.graph import Subgraph
from analyzer.rules.judging.judge import GraphLimits
from analyzer.rules.pack import Graph


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
    before = group(_limited(support, accepted, limits), accepted, edges)
    if tie_at_limit(before, limits.most, limits.minimum):
        blockers.append(tie(support, limits.most))
    kept = first_n_largest_partitions(before, limits.most, limits.minimum, graph.sort)
    operators = [index for partition in kept for index in partition.operators]
    support.delegation.lost = {
        index: MINIMUM if len(partition.operators) < limits.minimum else LIMIT
        for partition in before
        for index in partition.operators
    }
    if limits.reads_through_first:
        left = _stranded(support, accepted.difference(operators))
        blockers.extend(stranded(support, index, limits.most, refused) for index, refused in left)
        if any(refused for _, refused in left):
            return None
    if support.sources:
        reading = accepted if limits.reads_through_first else operators
        support.delegation.subgraph = read_through_fp16(subgraph, reading, support.sources)
        kept = group(support.delegation.subgraph, operators, edges)
    return Selection(kept, before if limits.builds_while_choosing else kept)


def selected_operators(
    support: NodeSupport, accepted: Collection[int], edges: Sequence[ControlEdge], limits: GraphLimits
) -> Collection[int]:
    """The operators that the delegate would take if it accepted these."""
    if taken_whole(support, accepted, limits.graph):
        return range(len(support.subgraph.operators))
    kept = first_n_largest_partitions(
        group(_limited(support, accepted, limits), accepted, edges),
        limits.most,
        limits.minimum,
        limits.graph.sort,
    )
    return [index for partition in kept for index in partition.operators]


def taken_whole(support: NodeSupport, accepted: Collection[int], graph: Graph) -> bool:
    """True where all of a subgraph becomes one partition, whatever the limits."""
    if not graph.full_delegation_ignores_limits or not support.subgraph.operators:
        return False
    if len(accepted) + len(support.dequantize) < len(support.subgraph.operators):
        return False
    if accepted or graph.takes_dequantize_alone:
        return True
    counted = graph.constant_fp16_dequantize == "if-fully-delegated"
    return counted and all(support.verdicts[index].supported for index in support.dequantize)


def _limited(support: NodeSupport, accepted: Collection[int], limits: GraphLimits) -> Subgraph:
    """The subgraph whose partitions the limit is applied to."""
    if not limits.reads_through_first:
        return support.subgraph
    return read_through_fp16(support.subgraph, accepted, support.sources)


def _stranded(support: NodeSupport, dropped: set[int]) -> list[tuple[int, bool]]:
    """Dropped operators that keep a float16 operand: the first that the CPU refuses, else all of them."""
    left = [
        (index, support.runtime.refuses(support.contexts[index]))
        for index in sorted(dropped)
        if not support.sources.keys().isdisjoint(support.subgraph.operators[index].inputs)
    ]
    return next(([(index, refused)] for index, refused in left if refused), left)

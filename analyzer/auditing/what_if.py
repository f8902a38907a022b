"""The worth of accepting more: operators missing from full delegation, and gains of single changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Set

from analyzer.auditing.node_support import NodeSupport, Unlocked
from analyzer.rules.pack import BUILD, REFUSING


def missing_operators(support: NodeSupport, minimum: int, builds: bool) -> tuple[int, ...] | None:
    """The fewest operators of a subgraph that the delegate would have to accept to take all of it.

    Without operators that are refused only because of others: they follow by themselves. With
    `builds`, operators that the delegate accepts but fails to build count as refused. None where no
    acceptance is enough: the subgraph is smaller than a partition of `minimum` operators, or its
    float16 constants stay on the CPU in any case.
    """
    if not _can_be_whole(support, minimum):
        return None
    refused = {
        index
        for index, word in enumerate(support.alone)
        if not word.supported and index not in support.dequantize
    }
    return tuple(sorted(refused | _unbuilt(support, refused) if builds else refused))


def _can_be_whole(support: NodeSupport, minimum: int) -> bool:
    graph, operators = support.judge.pack.graph, support.subgraph.operators
    if len(support.dequantize) == len(operators) and operators and support.dequantize:
        return graph.full_delegation_ignores_limits and graph.takes_dequantize_alone
    return graph.full_delegation_ignores_limits or (len(operators) >= minimum and not support.dequantize)


def _unbuilt(support: NodeSupport, refused: Set[int]) -> set[int]:
    """Accepted operators that building fails on; delegated ones have been built."""
    built = {index for partition in support.delegation.partitions for index in partition.operators}
    return {
        index
        for index in range(len(support.contexts))
        if index not in refused
        and index not in built
        and any(
            finding.stage == BUILD and finding.severity in REFUSING
            for finding in support.judge.later_findings(support.contexts[index])
        )
    }


def unlocked(support: NodeSupport, selected: Callable[[Set[int]], Collection[int]]) -> dict[str, Unlocked]:
    """The cost of each cause of refusals, with all that is lost because of them, by the fix that mends it.

    `selected` says which operators are delegated if those given are accepted.
    """
    refused: dict[str, set[int]] = defaultdict(set)
    for index, findings in enumerate(support.delegation.findings):
        if index not in support.accepted:
            for finding in findings:
                if finding.severity in REFUSING:
                    refused[finding.fix].add(index)
    return {
        fix: Unlocked(frozenset(operators), frozenset(selected(support.accepted | operators)))
        for fix, operators in refused.items()
    }

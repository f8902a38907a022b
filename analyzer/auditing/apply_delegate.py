"""Verdicts -> what is really delegated: asking, reading through float16 weights, limits, building.

Follows the runtime's order: an operator that the CPU refuses or a dynamic tensor comes before any
question to the delegate; then the delegate is asked, groups are formed and limited, graphs are built.
Source: google-ai-edge/LiteRT f67457790, tflite/core/interpreter.cc and subgraph.cc
(ModifyGraphWithDelegate), tflite/delegates/utils.cc.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.graph_findings import (
    GRAPH,
    LIMIT,
    MINIMUM,
    ROLLED_BACK,
    Blocker,
    fatal,
    finding,
    left,
    rolled_back_by_limit,
    stopped,
    tie,
    unprepared_rest,
)
from analyzer.auditing.node_support import NodeSupport, SubgraphDelegation, unprepared
from analyzer.auditing.partition import (
    ControlEdge,
    Partition,
    control_edges,
    crossing,
    first_n_largest_partitions,
    read_through_fp16,
    tie_at_limit,
)
from analyzer.auditing.partition import partition as group
from analyzer.auditing.what_if import missing_operators, unlocked
from analyzer.expressions import partial as partial_evaluation
from analyzer.expressions.vocabulary import Context
from analyzer.model.graph import Prepared, PrepareIssue, Subgraph
from analyzer.rules import graph_rules
from analyzer.rules.judge import Finding, Judge
from analyzer.rules.pack import REFUSING, Graph


class Delegation(Struct):
    subgraphs: list[SubgraphDelegation]
    blockers: list[Blocker] = []
    #: The delegate's own check would crash the app.
    crashes: bool = False


class PartitionContext:
    """What the checks on a whole partition see."""

    def __init__(self, subgraph: Subgraph, contexts: Sequence[Context], operators: Sequence[int]) -> None:
        inputs, outputs = crossing(subgraph, operators)
        self.subgraph = subgraph
        self.inputs = [subgraph.tensors[tensor] for tensor in inputs]
        self.outputs = [subgraph.tensors[tensor] for tensor in outputs]
        self.operators = [contexts[operator] for operator in operators]
        self.variables: list[Any] = []


class _Placed(Struct, frozen=True):
    """The partitions that are delegated, and those built: more where building is part of choosing."""

    partitions: list[Partition]
    built: list[Partition]


class _Limits(Struct, frozen=True):
    """The `[graph]` section with the parameters in place."""

    graph: Graph
    most: int | None
    minimum: int
    fp16_rolls_back: bool
    builds_while_choosing: bool

    @property
    def rolls_back(self) -> bool:
        """Whether a failure to build takes everything back."""
        return self.graph.build_failure in ("rolls-back-model", "fails-load")


def apply_delegate(prepared: Prepared, contexts: Sequence[Sequence[Context]], judge: Judge) -> Delegation:
    """Apply one delegate to every subgraph of a model, in order."""
    limits = _limits(judge)
    early = limits.graph.asked_early
    # A subgraph that can't be prepared to its end is asked about as the file has it.
    contexts = [
        unprepared(prepared, index, of) if early or index in prepared.stops else of
        for index, of in enumerate(contexts)
    ]
    interpreted = limits.graph.compiled_ahead or _interpreted(prepared)
    reads_through = _reads_through(interpreted, limits.graph)
    asked = [
        NodeSupport(subgraph, of, judge, reads_through)
        for subgraph, of in zip(prepared.subgraphs, contexts, strict=True)
    ]
    found = Delegation([one.words for one in asked])
    if prepared.refused is None or limits.graph.compiled_ahead:
        _apply(prepared, asked, found, limits)
    if prepared.refused is not None:
        _refuse(prepared.refused, asked, found, limits.graph)
    reason = _reason(found)
    for one in asked:
        _settle_dequantize(one, limits, interpreted, found)
        _settle_lost(one, reason)
        one.words.missing_operators = _wanted(one, limits)
    return found


def _reason(found: Delegation) -> str:
    """Why subgraphs without partitions have none."""
    return next((blocker.kind for blocker in found.blockers if blocker.kind is not None), GRAPH)


def _settle_lost(one: NodeSupport, reason: str) -> None:
    """Why accepted operators stay off the delegate: it was never reached, or lost to a limit."""
    words = one.words
    words.lost = words.lost or dict.fromkeys(one.accepted, reason)
    for partition in words.partitions:
        for index in partition.operators:
            words.lost.pop(index, None)


def _wanted(one: NodeSupport, limits: _Limits) -> tuple[int, ...] | None:
    operators = one.subgraph.operators
    if sum(len(partition.operators) for partition in one.words.partitions) == len(operators):
        return ()
    if one.subgraph.validation:
        return None
    return missing_operators(one, limits.minimum, limits.rolls_back)


@lru_cache(maxsize=64)
def _limits(judge: Judge) -> _Limits:
    graph, parameters = judge.pack.graph, judge.parameters

    def value(tree: Any, otherwise: Any) -> Any:
        return otherwise if tree is None else partial_evaluation.constant(tree, parameters)

    most = value(graph.max_partitions, None)
    return _Limits(
        graph,
        None if most is None or most <= 0 else most,
        value(graph.min_operators, 0),
        value(graph.fp16_limit_rolls_back, False),
        value(graph.builds_while_choosing, False),
    )


def _reads_through(interpreted: bool, graph: Graph) -> bool:
    """Whether operators are asked about with float16 constants in place of their DEQUANTIZE's output.

    A delegate that only does so while it chooses never comes to it where the interpreter refuses the model.
    """
    if graph.constant_fp16_dequantize == "if-fully-delegated":
        return interpreted
    return graph.constant_fp16_dequantize != "as-any-operator"


def _interpreted(prepared: Prepared) -> bool:
    return prepared.refused is None and all(stop.kind != "failure" for stop in prepared.stops.values())


def _refuse(stop: PrepareIssue, asked: list[NodeSupport], found: Delegation, graph: Graph) -> None:
    """The interpreter can't be built: of the model or, compiled ahead, of what the delegate left."""
    if not graph.compiled_ahead:
        found.blockers.append(stopped(stop, stop.subgraph, remains=True))
    elif left(stop, [(one.subgraph, [p.operators for p in one.words.partitions]) for one in asked]):
        found.blockers.append(unprepared_rest(stop, stop.subgraph))


def _apply(prepared: Prepared, asked: list[NodeSupport], found: Delegation, limits: _Limits) -> None:
    """The loop over subgraphs; the first one that fails ends it."""
    model = prepared.model
    for one in asked:
        index = one.subgraph.index
        if one.subgraph.validation:
            continue
        stop = prepared.stops.get(index)
        early = limits.graph.asked_early
        if stop is not None and not early:
            found.blockers.append(stopped(stop, index, remains=True))
            if stop.kind == "failure" or limits.graph.dynamic_tensors == "refuses-model":
                _roll_back(found)
            return
        if any(verdict.aborts for verdict in one.verdicts):
            found.crashes = any(verdict.crashes for verdict in one.verdicts)
            found.blockers.extend(fatal(one))
            _roll_back(found)
            return
        edges = control_edges(model, one.subgraph, prepared.side_effects.get(index, ()))
        placed = _place(one, edges, limits, found)
        if placed is None:
            _roll_back(found)
            return
        one.words.partitions = placed.partitions
        if len(one.words.lost) > sum(len(partition.operators) for partition in placed.partitions):
            one.words.gains = unlocked(one, partial(_selected, one, edges=edges, limits=limits))
        if not _builds(one, placed.built, limits, found):
            return
        if early and stop is not None and stop.kind == "failure" and not one.delegates(stop.operator):
            if limits.graph.compiled_ahead:
                found.blockers.append(unprepared_rest(stop, index))
                continue
            found.blockers.append(stopped(stop, index, remains=False))
            _roll_back(found)
            return


def _roll_back(found: Delegation) -> None:
    for words in found.subgraphs:
        words.partitions = []
        words.lost = {}
        words.gains = {}


def _place(
    one: NodeSupport, edges: Sequence[ControlEdge], limits: _Limits, found: Delegation
) -> _Placed | None:
    """The partitions of a subgraph that was asked; None where choosing them rolls everything back."""
    graph, subgraph = limits.graph, one.subgraph
    accepted = one.accepted
    if _taken_whole(one, accepted, graph):
        whole = [*accepted, *one.dequantize]
        one.words.subgraph = read_through_fp16(subgraph, accepted, one.sources)
        partitions = group(subgraph, whole, edges)
        return _Placed(partitions, partitions)
    if not accepted:
        return _Placed([], [])
    before = group(subgraph, accepted, edges)
    if tie_at_limit(before, limits.most, limits.minimum):
        found.blockers.append(tie(one, limits.most))
    kept = first_n_largest_partitions(before, limits.most, limits.minimum, graph.sort)
    operators = [index for partition in kept for index in partition.operators]
    one.words.lost = {
        index: MINIMUM if len(partition.operators) < limits.minimum else LIMIT
        for partition in before
        for index in partition.operators
    }
    if limits.fp16_rolls_back and one.sources and (dropped := _stranded(one, accepted.difference(operators))):
        found.blockers.append(rolled_back_by_limit(one, dropped[0], limits.most))
        return None
    if one.sources:
        one.words.subgraph = read_through_fp16(subgraph, operators, one.sources)
        kept = group(one.words.subgraph, operators, edges)
    return _Placed(kept, before if limits.builds_while_choosing else kept)


def _selected(
    one: NodeSupport, accepted: Collection[int], edges: Sequence[ControlEdge], limits: _Limits
) -> Collection[int]:
    """What the delegate would take if these were the operators that it accepts."""
    if _taken_whole(one, accepted, limits.graph):
        return range(len(one.subgraph.operators))
    kept = first_n_largest_partitions(
        group(one.subgraph, accepted, edges), limits.most, limits.minimum, limits.graph.sort
    )
    return [index for partition in kept for index in partition.operators]


def _taken_whole(one: NodeSupport, accepted: Collection[int], graph: Graph) -> bool:
    if not graph.full_delegation_ignores_limits or not one.subgraph.operators:
        return False
    if len(accepted) + len(one.dequantize) < len(one.subgraph.operators):
        return False
    return bool(accepted) or graph.takes_dequantize_alone


def _stranded(one: NodeSupport, dropped: set[int]) -> list[int]:
    """Dropped operators that would keep a float16 operand."""
    return [
        index
        for index in sorted(dropped)
        if not one.sources.keys().isdisjoint(one.subgraph.operators[index].inputs)
    ]


def _builds(one: NodeSupport, partitions: list[Partition], limits: _Limits, found: Delegation) -> bool:
    """Build partitions; False where a failure rolled everything back."""
    said = [b for partition in partitions for b in _build_partition(one, partition, limits.rolls_back)]
    found.blockers += said
    if any(blocker.kind == ROLLED_BACK for blocker in said):
        _roll_back(found)
        return False
    return True


def _build_partition(one: NodeSupport, partition: Partition, rolls_back: bool) -> list[Blocker]:
    """What building says of the graph: failures that roll back, and whatever it says of a whole partition."""
    said: list[Blocker] = []
    for index in partition.operators:
        findings = tuple(_as_reported(f, rolls_back) for f in one.judge.build_findings(one.contexts[index]))
        if findings:
            one.words.findings[index] += findings
            said += [Blocker(f, one.subgraph.index, index, None, ROLLED_BACK) for f in findings if _sinks(f)]
    if one.judge.partition_checks:
        context = PartitionContext(one.words.subgraph, one.contexts, partition.operators)
        for finding in one.judge.partition_findings(context):
            reported = _as_reported(finding, rolls_back)
            kind = ROLLED_BACK if _sinks(reported) else None
            said.append(Blocker(reported, one.subgraph.index, None, None, kind, remains=kind is not None))
    return said


def _sinks(finding: Finding) -> bool:
    return finding.severity in REFUSING


def _as_reported(finding: Finding, rolls_back: bool) -> Finding:
    """A failure that isn't part of the delegate's choice is only a hazard."""
    return finding if rolls_back or not _sinks(finding) else replace(finding, severity="hazard")


def _settle_dequantize(one: NodeSupport, limits: _Limits, interpreted: bool, found: Delegation) -> None:
    """What is said of the DEQUANTIZEs of float16 constants, now that the rest is known."""
    if not one.dequantize:
        return
    words, whole = one.words, limits.graph.constant_fp16_dequantize == "if-fully-delegated"
    delegated = {index for partition in words.partitions for index in partition.operators}
    failed = (
        limits.builds_while_choosing
        and not delegated
        and any(b.finding.stage == "build" for b in found.blockers)
    )
    read_through = one.reading_through(one.accepted)
    for index in one.dequantize:
        words.supported[index] = (
            whole and _taken_whole(one, one.accepted, limits.graph) and not failed and interpreted
        )
        if index in read_through or (index in delegated and not words.supported[index]):
            words.folded.add(index)
        elif not words.supported[index]:
            words.findings[index] = one.verdicts[index].findings or (_unread(one),)


def _unread(one: NodeSupport) -> Finding:
    message = "DEQUANTIZE of a float16 constant that no accepted operator reads"
    return finding(one, graph_rules.FLOAT16_CONSTANT, message)

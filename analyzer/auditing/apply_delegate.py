"""Verdicts -> what is really delegated: asking, reading through float16 weights, limits, building.

Follows the runtime's order: an operator that the CPU refuses or a dynamic tensor comes before any
question to the delegate; then the delegate is asked, groups are formed and limited, graphs are built.
Source: google-ai-edge/LiteRT f67457790, tflite/core/interpreter.cc and subgraph.cc
(ModifyGraphWithDelegate), tflite/delegates/utils.cc.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import Struct

from analyzer.auditing.build_partitions import build_partition
from analyzer.auditing.graph_findings import (
    GRAPH,
    ROLLED_BACK,
    fatal,
    finding,
    left,
    stopped,
    unprepared_rest,
)
from analyzer.auditing.node_support import NodeSupport, SubgraphDelegation, unprepared
from analyzer.auditing.partition import Partition, control_edges
from analyzer.auditing.select_partitions import (
    select_partitions,
    selected_operators,
    taken_whole,
)
from analyzer.auditing.types import Blocker, DelegateAudit
from analyzer.auditing.what_if import missing_operators, unlocked
from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.interpreter import Interpreter
from analyzer.model.graph import Prepared, PrepareIssue
from analyzer.rules import graph_rules
from analyzer.rules.judging.judge import Finding, GraphLimits, Judge
from analyzer.rules.judging.judge_beside import JudgeBeside
from analyzer.rules.pack import Graph

#: The operator that stands for a subgraph of its own, and what tells which.
_COMPOSITE, _BODY = "STABLEHLO_COMPOSITE", "decomposition_subgraph_index"


class Delegation(Struct):
    """A model under one delegate: operators, partitions, blockers and the summary."""

    supports: list[NodeSupport]
    blockers: list[Blocker] = []
    #: Subgraphs of composites that the delegate has a kernel of its own for, by index.
    replaced: set[int] = set()

    @property
    def subgraphs(self) -> list[SubgraphDelegation]:
        return [support.delegation for support in self.supports]


class Earlier(Struct, frozen=True):
    """The same model under the same delegate with other parameters, and how the two judges compare."""

    delegation: Delegation
    audit: DelegateAudit
    judges: JudgeBeside

    def comes_to(self, other: Delegation) -> bool:
        """True where the audit says all that there is to say of the other one too."""
        if self.judges.other.load_checks != self.judges.judge.load_checks:
            return False
        known = self.delegation
        return (known.subgraphs, known.blockers) == (other.subgraphs, other.blockers)


def apply_delegate(
    prepared: Prepared,
    contexts: Sequence[Sequence[Context]],
    judge: Judge,
    runtime: Interpreter,
    earlier: Earlier | None = None,
) -> Delegation:
    """Apply one delegate to every subgraph of a model, in order."""
    limits = judge.limits
    interpreted = limits.graph.compiled_ahead or _interpreted(prepared)
    supports = _beside(earlier) or list(_supports(prepared, contexts, judge, runtime))
    outcome = Delegation(supports)
    if prepared.refused is None or limits.graph.compiled_ahead:
        _apply(prepared, supports, outcome, limits)
    if prepared.refused is not None:
        _refuse(prepared.refused, supports, outcome, limits.graph)
    reason = _reason(outcome)
    for support in supports:
        if support.subgraph.index in outcome.replaced:
            _settle_replaced(support.delegation)
            continue
        _settle_dequantize(support, limits, interpreted, outcome)
        _settle_lost(support, reason)
        support.delegation.missing_operators = _wanted(support, limits)
    return outcome


def _beside(earlier: Earlier | None) -> list[NodeSupport] | None:
    """What was judged before, where all of it holds for the other parameters too."""
    if earlier is None:
        return None
    supports = [support.beside(earlier.judges) for support in earlier.delegation.supports]
    alike = [support for support in supports if support is not None]
    return alike if len(alike) == len(supports) else None


def _supports(
    prepared: Prepared, contexts: Sequence[Sequence[Context]], judge: Judge, runtime: Interpreter
) -> Iterator[NodeSupport]:
    graph = judge.pack.graph
    reads_through = _reads_through(prepared, graph)
    for index, (subgraph, of) in enumerate(zip(prepared.subgraphs, contexts, strict=True)):
        # A subgraph that can't be prepared to its end is asked about as the file has it.
        as_in_file = graph.asked_early or index in prepared.stops
        seen = unprepared(prepared, index, of) if as_in_file else of
        yield NodeSupport(subgraph, seen, judge, runtime, reads_through)


def _reason(outcome: Delegation) -> str:
    """The loss of operators in subgraphs without partitions."""
    return next((blocker.kind for blocker in outcome.blockers if blocker.kind is not None), GRAPH)


def _settle_lost(support: NodeSupport, reason: str) -> None:
    """Accepted operators that stay off the delegate get their loss: never reached, or lost to a limit."""
    delegation = support.delegation
    lost = delegation.lost or dict.fromkeys(support.accepted, reason)
    taken = set(delegation.delegated)
    delegation.lost = {index: why for index, why in lost.items() if index not in taken}


def _wanted(support: NodeSupport, limits: GraphLimits) -> tuple[int, ...] | None:
    operators = support.subgraph.operators
    if len(support.delegation.delegated) == len(operators):
        return ()
    if support.subgraph.validation:
        return None
    return missing_operators(support, limits.minimum, limits.rolls_back)


def _reads_through(prepared: Prepared, graph: Graph) -> bool:
    """True where operators are asked about with float16 constants in place of their DEQUANTIZE's output.

    A delegate that only does so while it chooses never comes to it where the interpreter can't be built.
    """
    if graph.constant_fp16_dequantize == "if-fully-delegated":
        return prepared.refused is None or graph.compiled_ahead
    return graph.constant_fp16_dequantize != "as-any-operator"


def _interpreted(prepared: Prepared) -> bool:
    return prepared.refused is None and all(stop.kind != "failure" for stop in prepared.stops.values())


def _refuse(stop: PrepareIssue, supports: list[NodeSupport], outcome: Delegation, graph: Graph) -> None:
    """The interpreter can't be built: of the model or, compiled ahead, of what the delegate left."""
    if not graph.compiled_ahead:
        outcome.blockers.append(stopped(stop, stop.subgraph, remains=True, graph=graph))
        return
    compiled = [
        (support.subgraph, [partition.operators for partition in support.delegation.partitions])
        for support in supports
    ]
    if left(stop, compiled):
        outcome.blockers.append(unprepared_rest(stop, stop.subgraph))


def _apply(prepared: Prepared, supports: list[NodeSupport], outcome: Delegation, limits: GraphLimits) -> None:
    """The loop over subgraphs; the first one that fails ends it."""
    for support in supports:
        if support.subgraph.validation or support.subgraph.index in outcome.replaced:
            continue
        if not _apply_to(prepared, support, outcome, limits):
            return
        if limits.graph.replaces_composites:
            outcome.replaced |= _replaced(prepared, support)


def _replaced(prepared: Prepared, support: NodeSupport) -> set[int]:
    """The later subgraphs that taken composites stand for, and those of composites in these: none is called.

    Source: ml_drift_delegate/tflite/model_builder.cc (MarkSubgraphAsDelegationSkippable).
    """
    bodies: set[int] = set()
    taken = [support.subgraph.operators[index] for index in support.delegation.delegated]
    later = range(support.subgraph.index + 1, len(prepared.subgraphs))
    while taken:
        named = {operator.options.get(_BODY, 0) for operator in taken if operator.name == _COMPOSITE}
        new = {index for index in named if index in later} - bodies
        bodies |= new
        taken = [operator for index in new for operator in prepared.subgraphs[index].operators]
    return bodies


def _settle_replaced(delegation: SubgraphDelegation) -> None:
    """All of it is gone into the composite's kernel, whatever the delegate says of its operators."""
    operators = tuple(operator.index for operator in delegation.subgraph.operators)
    delegation.partitions = [Partition(operators)] if operators else []
    delegation.folded = set(operators)
    delegation.findings = [() for _ in operators]


def _apply_to(prepared: Prepared, support: NodeSupport, outcome: Delegation, limits: GraphLimits) -> bool:
    """Apply the delegate to one subgraph; False where that ends the loop."""
    index = support.subgraph.index
    stop = prepared.stops.get(index)
    if stop is not None and not limits.graph.asked_early:
        outcome.blockers.append(stopped(stop, index, remains=True, graph=limits.graph))
        if stop.kind == "failure" or limits.graph.dynamic_tensors == "refuses-model":
            _roll_back(outcome)
        return False
    if support.aborts:
        outcome.blockers.extend(fatal(support))
        _roll_back(outcome)
        return False
    edges = control_edges(prepared.model, support.subgraph, prepared.side_effects.get(index, ()))
    selection = select_partitions(support, edges, limits, outcome.blockers)
    if selection is None:
        _roll_back(outcome)
        return False
    delegation = support.delegation
    delegation.partitions = selection.partitions
    if len(delegation.lost) > len(delegation.delegated):
        selected = partial(selected_operators, support, edges=edges, limits=limits)
        delegation.gains = unlocked(support, selected)
    if not _builds(support, selection.built, limits, outcome):
        return False
    if stop is None or stop.kind != "failure" or support.delegates(stop.operator):
        return True
    if limits.graph.compiled_ahead:
        outcome.blockers.append(unprepared_rest(stop, index))
        return True
    outcome.blockers.append(stopped(stop, index, remains=False, graph=limits.graph))
    _roll_back(outcome)
    return False


def _roll_back(outcome: Delegation) -> None:
    outcome.replaced.clear()
    for delegation in outcome.subgraphs:
        delegation.partitions = []
        delegation.lost = {}
        delegation.gains = {}


def _builds(
    support: NodeSupport, partitions: list[Partition], limits: GraphLimits, outcome: Delegation
) -> bool:
    """Build partitions; False where a failure rolled everything back."""
    said = [b for partition in partitions for b in build_partition(support, partition, limits.rolls_back)]
    outcome.blockers += said
    if any(blocker.kind == ROLLED_BACK for blocker in said):
        _roll_back(outcome)
        return False
    return True


def _settle_dequantize(
    support: NodeSupport, limits: GraphLimits, interpreted: bool, outcome: Delegation
) -> None:
    """DEQUANTIZEs of float16 constants get their outcome, now that the rest is known."""
    if not support.dequantize:
        return
    delegation, whole = support.delegation, limits.graph.constant_fp16_dequantize == "if-fully-delegated"
    delegated = {index for partition in delegation.partitions for index in partition.operators}
    failed = (
        limits.builds_while_choosing
        and not delegated
        and any(b.finding.stage == "build" for b in outcome.blockers)
    )
    read_through = support.reading_through(support.accepted)
    for index in support.dequantize:
        delegation.supported[index] = (
            whole and taken_whole(support, support.accepted, limits.graph) and not failed and interpreted
        )
        if index in read_through or (index in delegated and not delegation.supported[index]):
            delegation.folded.add(index)
        elif not delegation.supported[index]:
            delegation.findings[index] = support.verdicts[index].findings or (_unread(support),)


def _unread(support: NodeSupport) -> Finding:
    message = "DEQUANTIZE of a float16 constant that no accepted operator reads"
    return finding(support, graph_rules.FLOAT16_CONSTANT, message)

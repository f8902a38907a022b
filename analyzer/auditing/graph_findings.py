"""Findings on whole graphs: reasons why a delegate is never asked, or gets nothing in the end."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analyzer.auditing.node_support import NodeSupport
from analyzer.auditing.partition import crossing
from analyzer.auditing.types import Blocker
from analyzer.model.graph import PrepareIssue, Subgraph
from analyzer.rules import graph_rules
from analyzer.rules.graph_rules import GraphRule
from analyzer.rules.judge import BUILD, Finding

#: Why accepted operators of a subgraph stay off the delegate all the same.
LIMIT, MINIMUM, DYNAMIC, REFUSED = "limit", "minimum", "dynamic", "refused"
ROLLED_BACK, CRASH, GRAPH = "rolled-back", "crash", "graph"


def stopped(stop: PrepareIssue, subgraph: int | None, remains: bool) -> Blocker:
    """The interpreter stops before the delegate is asked, or at what it left."""
    kind = DYNAMIC if stop.kind == "dynamic" else REFUSED
    return Blocker(_of(stop, "blocker"), subgraph, stop.operator, stop.tensor, kind, remains)


def unprepared_rest(stop: PrepareIssue, subgraph: int | None) -> Blocker:
    """What the delegate took is compiled, but the interpreter refuses what it left."""
    return Blocker(_of(stop, "hazard"), subgraph, stop.operator, stop.tensor)


def _of(stop: PrepareIssue, severity: str) -> Finding:
    return Finding(
        stop.rule, severity, "check", stop.message, stop.fix, stop.source, stop.expected, stop.actual
    )


def registered(name: str) -> Blocker:
    """A custom operator for which the app has a kernel, as the user says."""
    rule = graph_rules.REGISTERED
    message = f"{name} is taken to be registered by the app, with outputs as the file has them."
    return Blocker(Finding(f"runtime/{rule.id}", rule.severity, rule.stage, message, rule.fix, rule.source))


def unbuilt(finding: Finding) -> bool:
    """A failure to build that was no part of the delegate's choice, and is told as a hazard."""
    return finding.stage == BUILD and finding.severity == "hazard"


def fatal(support: NodeSupport) -> list[Blocker]:
    """Findings at which the delegate gives up on the whole model, or the app crashes."""
    kinds = {"aborts": ROLLED_BACK, "crash": CRASH}
    return [
        Blocker(finding, support.subgraph.index, index, None, kinds[finding.severity])
        for index, verdict in enumerate(support.verdicts)
        for finding in verdict.findings
        if finding.severity in kinds
    ]


def tie(support: NodeSupport, most: int | None) -> Blocker:
    message = f"Equally large partitions compete for the limit of {most}; the C++ library's sort decides."
    return Blocker(finding(support, graph_rules.TIE, message), support.subgraph.index)


def rolled_back_by_limit(support: NodeSupport, operator: int, most: int | None) -> Blocker:
    message = f"The limit of {most} partitions leaves float16 operands to the CPU, which refuses them."
    said = finding(support, graph_rules.FLOAT16_LIMIT, message)
    return Blocker(said, support.subgraph.index, operator, None, ROLLED_BACK)


def finding(support: NodeSupport, rule: GraphRule, message: str) -> Finding:
    """The finding of a rule that no clause of the delegate's pack states."""
    identity = f"{support.judge.pack.delegate}/{rule.id}"
    return Finding(identity, rule.severity, rule.stage, message, rule.fix, rule.source)


def left(stop: PrepareIssue, compiled: Sequence[tuple[Subgraph, Sequence[Collection[int]]]]) -> bool:
    """True where the error that stops the interpreter from being built outlives the compiled partitions.

    `compiled` are all subgraphs with the operators of their partitions. The compiled model is written
    anew, with the operator table as it was and without what only partitions had.
    Source: google-ai-edge/LiteRT f67457790, litert/core/model/model_serialize.cc and
    litert/compiler/plugin/algo.cc.
    """
    if stop.subgraph is None:
        written = any(partitions for _, partitions in compiled)
        return not written or stop.rule != graph_rules.SCHEMA_VERSION
    subgraph, partitions = compiled[stop.subgraph]
    if stop.operator is not None:
        return not any(stop.operator in partition for partition in partitions)
    return not partitions or stop.tensor in _tensors_left(subgraph, partitions)


def _tensors_left(subgraph: Subgraph, partitions: Sequence[Collection[int]]) -> set[int]:
    inside = {index for partition in partitions for index in partition}
    tensors = {*subgraph.inputs, *subgraph.outputs}
    for partition in partitions:
        tensors.update(*crossing(subgraph, partition))
    for operator in subgraph.operators:
        if operator.index not in inside:
            tensors.update(operator.inputs, operator.outputs)
    return tensors

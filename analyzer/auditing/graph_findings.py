"""Findings on whole graphs: reasons why a delegate is never asked, or gets nothing in the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.node_support import NodeSupport
from analyzer.auditing.partition import crossing
from analyzer.auditing.types import Blocker
from analyzer.expressions.vocabulary import Context
from analyzer.memo import worked_out_once
from analyzer.model.graph import OMITTED, Model, Operator, PrepareIssue, Signature, Subgraph, Tensor
from analyzer.rules import graph_rules
from analyzer.rules.graph_rules import GraphRule
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.pack import BUILD, Graph

#: Why accepted operators of a subgraph stay off the delegate all the same.
LIMIT, MINIMUM, DYNAMIC, REFUSED = "limit", "minimum", "dynamic", "refused"
ROLLED_BACK, CRASH, GRAPH = "rolled-back", "crash", "graph"


def stopped(stop: PrepareIssue, subgraph: int | None, remains: bool, graph: Graph) -> Blocker:
    """The interpreter stops before the delegate is asked, or at what it left."""
    if stop.kind == "dynamic":
        loads = graph.dynamic_tensors != "fails-load"
        finding = _of(stop, "blocker", "check") if loads else _of(stop, "fails", "load")
        return Blocker(finding, subgraph, stop.operator, stop.tensor, DYNAMIC, remains)
    finding = _of(stop, stop.severity, "load")
    return Blocker(finding, subgraph, stop.operator, stop.tensor, REFUSED, remains)


def unprepared_rest(stop: PrepareIssue, subgraph: int | None) -> Blocker:
    """What the delegate took is compiled, but the interpreter refuses what it left."""
    return Blocker(_of(stop, stop.severity, "load"), subgraph, stop.operator, stop.tensor)


def _of(stop: PrepareIssue, severity: str, stage: str) -> Finding:
    return Finding(
        stop.rule, severity, stage, stop.message, stop.fix, stop.source, stop.expected, stop.actual
    )


def registered(name: str) -> Blocker:
    """A custom operator for which the app has a kernel, as the user says."""
    rule = graph_rules.REGISTERED
    message = f"{name} is taken to be registered by the app, with outputs as the file has them."
    return Blocker(Finding(f"runtime/{rule.id}", rule.severity, rule.stage, message, rule.fix, rule.source))


def unbuilt(finding: Finding) -> bool:
    """A failure of the delegate to build its graph."""
    return finding.stage == BUILD and finding.severity in ("crash", "fails")


def fatal(support: NodeSupport) -> list[Blocker]:
    """Findings at which the delegate gives up on the whole model, or the app crashes."""
    kinds = {"aborts": ("fails", ROLLED_BACK), "crash": ("crash", CRASH)}
    blockers = []
    for index, verdict in enumerate(support.verdicts):
        for finding in verdict.findings:
            if finding.severity in kinds:
                severity, kind = kinds[finding.severity]
                said = replace(finding, severity=severity)
                blockers.append(Blocker(said, support.subgraph.index, index, None, kind))
    return blockers


def tie(support: NodeSupport, most: int | None) -> Blocker:
    message = f"Equally large partitions compete for the limit of {most}; the C++ library's sort decides."
    return Blocker(finding(support, graph_rules.TIE, message), support.subgraph.index)


def stranded(support: NodeSupport, operator: int, most: int | None, refused: bool) -> Blocker:
    """An operator that a limit leaves to the CPU with a float16 operand."""
    left = f"The limit of {most} partitions leaves float16 operands to the CPU"
    if refused:
        said = finding(support, graph_rules.FLOAT16_LIMIT, f"{left}, which refuses them.")
        return Blocker(said, support.subgraph.index, operator, None, ROLLED_BACK)
    said = finding(support, graph_rules.FLOAT16_MISREAD, f"{left}, which reads them as float32.")
    return Blocker(said, support.subgraph.index, operator)


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


class ModelContext:
    """What the checks on a whole model see: the file, all its subgraphs together."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.subgraph = model.subgraphs[0]
        self.tensors = [tensor for subgraph in model.subgraphs for tensor in subgraph.tensors]
        #: Whether every signature has as many inputs and outputs as its subgraph.
        self.signatures_fit = all(_fits(model, signature) for signature in model.signatures)
        self.variables: list[Any] = []

    @worked_out_once
    def operators(self) -> list[Context]:
        return [
            Context(subgraph, operator)
            for subgraph in self._model.subgraphs
            for operator in subgraph.operators
        ]

    @worked_out_once
    def outputs(self) -> list[Tensor | None]:
        """The outputs of all operators, None where one is left out."""
        return self._operands(attrgetter("outputs"))

    @worked_out_once
    def intermediates(self) -> list[Tensor | None]:
        """Likewise the intermediate tensors."""
        return self._operands(attrgetter("intermediates"))

    def _operands(self, of: Callable[[Operator], Sequence[int]]) -> list[Tensor | None]:
        return [
            None if index == OMITTED else subgraph.tensors[index]
            for subgraph in self._model.subgraphs
            for operator in subgraph.operators
            for index in of(operator)
        ]


def _fits(model: Model, signature: Signature) -> bool:
    if not 0 <= signature.subgraph < len(model.subgraphs):
        return False
    subgraph = model.subgraphs[signature.subgraph]
    given = len(signature.inputs), len(signature.outputs)
    return given == (len(subgraph.inputs), len(subgraph.outputs))


def load_findings(model: Model, judge: Judge) -> list[Blocker]:
    """Findings that keep a model from being loaded, or that are worth knowing where it is."""
    if not judge.load_checks or not model.subgraphs:
        return []
    return [Blocker(finding) for finding in judge.load_findings(ModelContext(model))]

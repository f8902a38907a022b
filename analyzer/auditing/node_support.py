"""A delegate's word on each operator of a subgraph by itself, and the graph that it looks at for that."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.partition import Partition
from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.interpreter import Interpreter
from analyzer.model.graph import OMITTED, Operator, Prepared, Subgraph, Tensor
from analyzer.rules.judging.judge import Finding, Judge, Verdict
from analyzer.rules.judging.judge_beside import JudgeBeside


class Unlocked(Struct, frozen=True):
    """Operators that are refused for one cause, and what of their subgraph would be delegated without it."""

    refused: frozenset[int]
    delegated: frozenset[int]


class SubgraphDelegation(Struct):
    """A delegate's words on one subgraph, and the partitions that it ends up with."""

    #: As the delegated operators see it: float16 constants in place of their DEQUANTIZE's output.
    subgraph: Subgraph
    #: By operator index.
    supported: list[bool]
    findings: list[tuple[Finding, ...]]
    #: DEQUANTIZEs of float16 constants that accepted operators read through.
    folded: set[int]
    partitions: list[Partition] = []
    #: Accepted operators that are not delegated -> why.
    lost: dict[int, str] = {}
    #: By the fix, where operators are lost because others are refused: what one fix mends has one cause.
    gains: dict[str, Unlocked] = {}
    #: The fewest operators to accept for the whole subgraph to be delegated; None: that isn't enough.
    missing_operators: tuple[int, ...] | None = ()

    @property
    def delegated(self) -> list[int]:
        return [index for partition in self.partitions for index in partition.operators]


class NodeSupport:
    """One subgraph, with what the delegate says of each of its operators by itself."""

    def __init__(
        self,
        subgraph: Subgraph,
        contexts: Sequence[Context],
        judge: Judge,
        runtime: Interpreter,
        reads_through: bool,
    ) -> None:
        self.subgraph = subgraph
        self.judge = judge
        #: What runs the operators that the delegate leaves.
        self.runtime = runtime
        #: DEQUANTIZE of a float16 constant -> that constant, by the operator's index.
        self.dequantize: dict[int, Tensor] = {}
        self.sources: dict[int, int] = {}
        self.contexts = list(contexts)
        #: The words on each operator as if all others were accepted.
        self.alone = self._judge(reads_through)
        self.verdicts = self._knowing_readers(self.alone) if judge.awaiting_readers else self.alone
        self.accepted = {
            index
            for index, verdict in enumerate(self.verdicts)
            if verdict.supported and index not in self.dequantize
        }
        #: Whether the delegate gives up on the whole model because of one.
        self.aborts = any(verdict.aborts for verdict in self.verdicts if verdict.findings)
        self.delegation = self._undelegated()
        #: Partition -> what was found of operators as it was built; of it as a whole (None) only that it was.
        self.built: dict[Partition, dict[int | None, Sequence[Finding]]] = {}
        #: The same with other parameters, which was built before, and how the two judges compare.
        self.before: tuple[NodeSupport, JudgeBeside] | None = None

    def beside(self, judges: JudgeBeside) -> NodeSupport | None:
        """The same for the other parameters; None where operators may be chosen otherwise with them."""
        if not all(map(judges.chooses_alike, self.subgraph.kinds)):
            return None
        other = NodeSupport.__new__(NodeSupport)
        other.__dict__.update(self.__dict__)
        other.judge, other.before, other.built = judges.judge, (self, judges), {}
        other.delegation = other._undelegated()
        return other

    def _undelegated(self) -> SubgraphDelegation:
        """All that is known before partitions are chosen."""
        supported = [verdict.supported for verdict in self.verdicts]
        findings = [
            () if index in self.dequantize else verdict.findings
            for index, verdict in enumerate(self.verdicts)
        ]
        return SubgraphDelegation(self.subgraph, supported, findings, set())

    def _judge(self, reads_through: bool) -> list[Verdict]:
        """The delegate's words in execution order; a DEQUANTIZE is read through by what stands behind it."""
        through: dict[int, Tensor] = {}
        verdicts = []
        for index, operator in enumerate(self.subgraph.operators):
            if reads_through and (constant := _float16_constant(self.subgraph, operator)) is not None:
                self.dequantize[index] = constant
                through[operator.outputs[0]] = constant
            elif through and not through.keys().isdisjoint(operator.inputs):
                self.contexts[index] = Context(self.subgraph, operator, through)
            verdicts.append(self.judge.verdict(self.contexts[index]))
        if through:
            # Whoever looks at its neighbours sees them read through as well.
            self.contexts = [
                Context(self.subgraph, c.operator, through) if c.read_through is None else c
                for c in self.contexts
            ]
        self.sources = {tensor: constant.index for tensor, constant in through.items()}
        return verdicts

    def _knowing_readers(self, verdicts: list[Verdict]) -> list[Verdict]:
        """The words, with those that depend on the operators behind mended."""
        settled, consumers = list(verdicts), self.subgraph.consumers
        for index, operator in enumerate(self.subgraph.operators):
            if operator.name not in self.judge.awaiting_readers:
                continue
            readers = [reader for tensor in operator.outputs for reader in consumers.get(tensor, ())]
            if not all(verdicts[reader].supported for reader in readers):
                context = Context(self.contexts[index].subgraph, operator)
                context.consumers_accepted = False
                settled[index] = self.judge.verdict(context)
        return settled

    def delegates(self, operator: int | None) -> bool:
        return any(operator in partition.operators for partition in self.delegation.partitions)

    def reading_through(self, operators: set[int]) -> set[int]:
        """The DEQUANTIZEs that these operators read through."""
        inputs = {tensor for operator in operators for tensor in self.subgraph.operators[operator].inputs}
        return {index for index in self.dequantize if self.subgraph.operators[index].outputs[0] in inputs}


def _float16_constant(subgraph: Subgraph, operator: Operator) -> Tensor | None:
    if (
        operator.name != "DEQUANTIZE"
        or not operator.inputs
        or operator.inputs[0] == OMITTED
        or not operator.outputs
    ):
        return None
    tensor = subgraph.tensors[operator.inputs[0]]
    return tensor if tensor.constant and tensor.dtype == "FLOAT16" else None


def unprepared(prepared: Prepared, index: int, contexts: Sequence[Context]) -> Sequence[Context]:
    """The model as a delegate sees it that is asked before anything is prepared: the file, inputs resized."""
    file, subgraph = prepared.model.subgraphs[index], prepared.subgraphs[index]
    if file is subgraph:
        return contexts
    tensors = list(file.tensors)
    # Inputs of other subgraphs get their sizes only while their callers are prepared.
    for tensor in subgraph.inputs if index == 0 else ():
        tensors[tensor] = replace(tensors[tensor], shape=subgraph.tensors[tensor].shape)
    seen = replace(file, tensors=tuple(tensors))
    return [Context(seen, operator) for operator in seen.operators]

"""Prepare the operators of a model's subgraphs in order, as the interpreter does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from analyzer.errors import ModelError
from analyzer.expressions.vocabulary import Context
from analyzer.interpreter import failures
from analyzer.interpreter.control_flow import CALLS
from analyzer.interpreter.kernels import Kernel, Kernels
from analyzer.interpreter.outputs import grow, set_types, settle
from analyzer.interpreter.resize_inputs import TensorKey
from analyzer.interpreter.shapes import Shape
from analyzer.interpreter.state import GraphState
from analyzer.model.graph import OMITTED, Model, Operator, Prepared, PrepareIssue, Subgraph

#: What an operator passes before its outputs get their shapes; builtin operators are registered by then.
STAGES = ("operator", "size")
_OF_CUSTOM = ("version", *STAGES)
#: Real models call a subgraph a few times, and few of them from one another.
_MOST, _DEEPEST = 100_000, 100

#: The operators of each subgraph, in order.
Contexts = Sequence[Sequence[Context]]


class Allocation:
    """Preparing one model. Subgraphs that others call are prepared with what their callers pass."""

    def __init__(self, kernels: Kernels, model: Model, stand_ins: Collection[str] = ()) -> None:
        self.kernels = kernels
        #: Custom operators whose kernels do nothing: they prepare, and leave everything as the file has it.
        self.stand_ins = stand_ins
        self.model = model
        self._graphs: dict[int, GraphState] = {}
        self._done: set[int] = set()
        self._running: list[int] = []
        #: How many operators may still be prepared; subgraphs may be called again and again.
        self._left = _MOST + 100 * sum(len(subgraph.operators) for subgraph in model.subgraphs)

    def prepared(self, shapes: Mapping[TensorKey, Shape]) -> Prepared:
        """All subgraphs in order; `shapes` are those that inputs are resized to.

        Source: tflite/core/subgraph.cc::AllocateTensors
        """
        for (place, index), shape in shapes.items():
            entered = self.graph(place)
            entered.resize(entered.tensors[index], shape)
        for index, subgraph in enumerate(self.model.subgraphs):
            # Delegates are applied to one subgraph after the other; after a stop, to none.
            if index not in self._done and not subgraph.validation:
                self.run(index)
            if self.graph(index).stop is not None:
                break
        graphs = [self.graph(index) for index in range(len(self.model.subgraphs))]
        return Prepared(
            self.model,
            tuple(graph.finished() for graph in graphs),
            {index: graph.stop for index, graph in enumerate(graphs) if graph.stop is not None},
            None,
            {index: nodes for index, graph in enumerate(graphs) if (nodes := self._side_effects(graph))},
        )

    def contexts(self, prepared: Prepared) -> Contexts:
        """The operators of each subgraph as they were left."""
        return [self.graph(subgraph.index).contexts(subgraph) for subgraph in prepared.subgraphs]

    def graph(self, index: int) -> GraphState:
        state = self._graphs.get(index)
        if state is None:
            state = self._graphs[index] = GraphState(self.model.subgraphs[index], self.kernels)
        return state

    def run(self, index: int) -> GraphState:
        """Prepare a subgraph as far as it goes; its stop says why it went no further.

        Raises: ModelError where calls of calls have no reasonable end.

        Source: tflite/core/subgraph.cc::PrepareOpsStartingAt
        """
        graph = self.graph(index)
        entry = graph.entry()
        if graph.entered == entry:
            # The interpreter too leaves a subgraph as it is while nothing changes.
            return graph
        graph.entered = entry
        self._spend(len(graph.file.operators))
        self._done.add(index)
        self._running.append(index)
        # Outputs that have no size from the start count, but don't end the preparing.
        graph.stop = failures.sizeless_output(graph.view) if graph.sizeless else None
        for operator, kernel in zip(graph.file.operators, graph.kernels, strict=True):
            stop = self._prepare(graph, kernel, operator)
            if stop is not None:
                graph.stop = stop
                break
        self._running.pop()
        return graph

    def _spend(self, operators: int) -> None:
        self._left -= operators
        if self._left < 0 or len(self._running) > _DEEPEST:
            often = "often" if self._left < 0 else "deep"
            what = f"its subgraphs call each other too {often} to be prepared"
            raise ModelError(self.model.path, what, "convert it again without such calls")

    def is_running(self, index: int) -> bool:
        """True while a subgraph is being prepared."""
        return index in self._running

    def _prepare(self, graph: GraphState, kernel: Kernel, operator: Operator) -> PrepareIssue | None:
        if operator.custom in self.stand_ins:
            return None
        judge = self.kernels.judge
        context = graph.context(operator)
        refusal = judge.first_findings(STAGES if operator.custom is None else _OF_CUSTOM, context)
        if refusal is not None and refusal[0] != "size":
            return failures.failure(refusal[1][0], context, self.kernels)
        if refusal is not None:
            if kernel.types:
                set_types(graph, kernel, context)
            grow(graph, context)
            return failures.dynamic(refusal[1][0], context, self.kernels)
        if kernel.calls:
            return CALLS[kernel.calls](self, graph, context)
        impossible = settle(graph, kernel, context)
        if impossible is not None:
            return impossible
        if graph.sizeless and (findings := judge.stage_findings("output", Context(graph.view, operator))):
            return failures.dynamic(findings[0], context, self.kernels)
        return None

    def _side_effects(self, graph: GraphState) -> tuple[int, ...]:
        """Operators that may have side effects: those on resources, and those that the rules name."""
        named = [kernel.side_effects for kernel in graph.kernels]
        if not (graph.sizeless or any(named)):
            return ()
        return tuple(
            operator.index
            for operator, effects in zip(graph.file.operators, named, strict=True)
            if effects or (graph.sizeless and _touches_resources(operator, graph.file))
        )


def _touches_resources(operator: Operator, subgraph: Subgraph) -> bool:
    tensors = (index for index in (*operator.inputs, *operator.outputs) if index != OMITTED)
    return any(subgraph.tensors[index].dtype == "RESOURCE" for index in tensors)

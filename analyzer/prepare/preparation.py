"""Prepare the operators of a model's subgraphs in order, as the interpreter does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec.structs import replace

from analyzer.model.graph import Model, Operator, Prepared, Stop, Subgraph, Tensor
from analyzer.prepare import stops
from analyzer.prepare.control import CALLS
from analyzer.prepare.kernels import Kernel, Kernels
from analyzer.prepare.shapes import Shape
from analyzer.vocabulary import Absent, Context

#: Subgraphs of this name are no delegate's business.
_VALIDATION = "VALIDATION:"
#: Types whose tensors have no size before something is in them, unless they are constants.
_SIZELESS = frozenset({"STRING", "RESOURCE", "VARIANT"})
#: What shape functions run into on operators that are not what they should be; the kernels let some of them pass.
_UNKNOWABLE = (Absent, ArithmeticError, LookupError, ValueError)


class Working:
    """A subgraph while it is prepared: its tensors stand in a list, so that they can be replaced."""

    def __init__(self, subgraph: Subgraph) -> None:
        self.file = subgraph
        self.tensors: list[Tensor] = list(subgraph.tensors)
        self.inputs = list(subgraph.inputs)
        self.operators: list[Operator] = list(subgraph.operators)
        # A list in place of the tuple: contexts look tensors up by index and see every change at once.
        tensors = cast("tuple[Tensor, ...]", self.tensors)
        self.view = Subgraph(
            subgraph.index, subgraph.name, tensors, subgraph.operators, subgraph.inputs, subgraph.outputs
        )
        self.changed = False
        self.stop: Stop | None = None
        self.sizeless = False
        for tensor in subgraph.tensors:
            if tensor.dtype in _SIZELESS and not tensor.constant:
                self.sizeless = True
                self.put(replace(tensor, dynamic=True))

    def put(self, tensor: Tensor) -> None:
        self.tensors[tensor.index] = tensor
        self.changed = True

    def resize(self, tensor: Tensor, shape: Shape) -> None:
        """Give a tensor a shape; nothing happens where it has that already."""
        if tensor.shape != shape:
            self.put(replace(tensor, shape=shape))

    def finished(self) -> Subgraph:
        """The subgraph as it was left; the file's own where nothing changed."""
        if not self.changed:
            return self.file
        return replace(
            self.file, tensors=tuple(self.tensors), operators=tuple(self.operators), inputs=tuple(self.inputs)
        )


class Preparation:
    """Preparing one model. Subgraphs that others call are prepared with what their callers pass."""

    def __init__(self, kernels: Kernels, model: Model) -> None:
        self.kernels = kernels
        self.model = model
        self._graphs: dict[int, Working] = {}
        self._done: set[int] = set()
        self._running: list[int] = []

    def prepared(self, shapes: Mapping[int, Shape]) -> Prepared:
        """All subgraphs in order; `shapes` are those that the first one's inputs are resized to."""
        if shapes:
            first = self.graph(0)
            for index, shape in shapes.items():
                first.resize(first.tensors[index], shape)
        for index, subgraph in enumerate(self.model.subgraphs):
            # Delegates are applied to one subgraph after the other; what comes after a stop is never prepared.
            if index not in self._done and not subgraph.name.startswith(_VALIDATION):
                self.run(index)
            if self.graph(index).stop is not None:
                break
        graphs = [self.graph(index) for index in range(len(self.model.subgraphs))]
        return Prepared(
            self.model,
            tuple(graph.finished() for graph in graphs),
            {index: graph.stop for index, graph in enumerate(graphs) if graph.stop is not None},
            None,
            {index: found for index, graph in enumerate(graphs) if (found := _side_effects(graph))},
        )

    def graph(self, index: int) -> Working:
        found = self._graphs.get(index)
        if found is None:
            found = self._graphs[index] = Working(self.model.subgraphs[index])
        return found

    def run(self, index: int) -> Working:
        """Prepare a subgraph as far as it goes; its stop says why it went no further."""
        graph = self.graph(index)
        self._done.add(index)
        self._running.append(index)
        # Outputs that have no size from the start count, but don't end the preparing.
        graph.stop = stops.sizeless_output(graph.view) if graph.sizeless else None
        for operator in graph.file.operators:
            stop = self._prepare(graph, operator)
            if stop is not None:
                graph.stop = stop
                break
        self._running.pop()
        return graph

    def is_running(self, index: int) -> bool:
        """Whether a subgraph is being prepared right now."""
        return index in self._running

    def _prepare(self, graph: Working, operator: Operator) -> Stop | None:
        kernel = self.kernels.of(operator)
        judge = self.kernels.judge
        context = Context(graph.view, operator)
        if operator.custom is not None and (findings := judge.stage_findings("version", context)):
            return stops.stop("failure", findings[0], context, kernel.places)
        if findings := judge.stage_findings("operator", context):
            return stops.stop("failure", findings[0], context, kernel.places)
        if findings := judge.stage_findings("size", context):
            _grow(graph, context)
            return stops.stop("dynamic", findings[0], context, kernel.places)
        if kernel.calls:
            return CALLS[kernel.calls](self, graph, context)
        _settle(graph, kernel, context)
        if graph.sizeless and (findings := judge.stage_findings("output", Context(graph.view, operator))):
            return stops.stop("dynamic", findings[0], context, kernel.places)
        return None


def _grow(graph: Working, context: Context) -> None:
    """Mark the outputs of an operator as of a size that only running can tell."""
    for tensor in context.outputs:
        if tensor is not None:
            graph.put(replace(tensor, dynamic=True))


def _settle(graph: Working, kernel: Kernel, context: Context) -> None:
    """Give the operator's outputs their shapes, types, values and arena."""
    if kernel.shape is not None:
        try:
            shapes = kernel.shape(context)
        except _UNKNOWABLE:
            # A size that we can't compute, such as one that is read from too large a constant: the file's stays.
            shapes = ()
        for tensor, shape in zip(context.outputs, shapes, strict=False):
            if tensor is not None and shape is not None and tensor.shape != shape:
                graph.put(replace(tensor, shape=shape))
    if kernel.types:
        _set_types(graph, kernel, context)
    if kernel.fold is not None and (kernel.folds_always or _all_known(context)):
        _fold(graph, kernel, context)
    if kernel.persistent and (kernel.persistent == "always" or _first_constant(context)):
        for tensor in context.outputs:
            if tensor is not None:
                graph.put(replace(graph.tensors[tensor.index], persistent=True, dynamic=False))


def _set_types(graph: Working, kernel: Kernel, context: Context) -> None:
    last = len(kernel.types) - 1
    for position, tensor in enumerate(context.outputs):
        if tensor is None:
            continue
        word = kernel.types[min(position, last)]
        if isinstance(word, int):
            source = context.inputs[word] if word < len(context.inputs) else None
            dtype = tensor.dtype if source is None else source.dtype
        elif word.startswith("options."):
            dtype = str(context.operator.options[word[8:]])
        else:
            dtype = word
        if dtype and dtype != tensor.dtype:
            graph.put(replace(graph.tensors[tensor.index], dtype=dtype))


def _all_known(context: Context) -> bool:
    return all(t is not None and (t.constant or t.folded is not None) for t in context.inputs)


def _first_constant(context: Context) -> bool:
    first = context.inputs[0] if context.inputs else None
    return first is not None and first.constant


def _fold(graph: Working, kernel: Kernel, context: Context) -> None:
    assert kernel.fold is not None
    output = context.outputs[0] if context.outputs else None
    if output is None:
        return
    output = graph.tensors[output.index]
    try:
        values = kernel.fold(context, output)
    except _UNKNOWABLE:
        # Known to the runtime, too large for us to keep.
        values = ()
    if values is not None:
        graph.put(replace(output, folded=values, dynamic=False))


def _side_effects(graph: Working) -> tuple[int, ...]:
    """Operators that may have side effects: those on resources, and control flow."""
    found = []
    tensors = graph.file.tensors
    for operator in graph.file.operators:
        if operator.name in ("IF", "WHILE", "CALL_ONCE"):
            found.append(operator.index)
        elif graph.sizeless and any(
            index >= 0 and tensors[index].dtype == "RESOURCE"
            for index in (*operator.inputs, *operator.outputs)
        ):
            found.append(operator.index)
    return tuple(found)

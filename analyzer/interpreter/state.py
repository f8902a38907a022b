"""A subgraph while it is prepared."""

from __future__ import annotations

from collections.abc import Sequence
from operator import is_
from typing import cast

from msgspec.structs import replace

from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.kernels import Kernels
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import OMITTED, Operator, PrepareIssue, Subgraph, Tensor

#: Types whose tensors have no size before something is in them, unless they are constants.
_SIZELESS = frozenset({"STRING", "RESOURCE", "VARIANT"})


class GraphState:
    """A subgraph while it is prepared: its tensors stand in a list, so that they can be replaced."""

    def __init__(self, subgraph: Subgraph, kernels: Kernels) -> None:
        self.file = subgraph
        #: Of each operator.
        self.kernels = [kernels.of(operator) for operator in subgraph.operators]
        self.tensors: list[Tensor] = list(subgraph.tensors)
        self.inputs = list(subgraph.inputs)
        self.operators: list[Operator] = list(subgraph.operators)
        # A list in place of the tuple: contexts look tensors up by index and see every change at once.
        tensors = cast("tuple[Tensor, ...]", self.tensors)
        self.view = Subgraph(
            subgraph.index, subgraph.name, tensors, subgraph.operators, subgraph.inputs, subgraph.outputs
        )
        #: By index, operators as they were when they were prepared last.
        self.seen: dict[int, Context] = {}
        self.changed = False
        #: What its inputs were like when it was prepared last; None: it never was.
        self.entered: object = None
        self.stop: PrepareIssue | None = None
        self.sizeless = False
        for tensor in subgraph.tensors:
            if tensor.dtype in _SIZELESS and not tensor.constant:
                self.sizeless = True
                self.put(replace(tensor, dynamic=True))

    def put(self, tensor: Tensor) -> None:
        """Replace the tensor of this index."""
        self.tensors[tensor.index] = tensor
        self.changed = True

    def context(self, operator: Operator) -> Context:
        """An operator as it is now."""
        context = self.seen[operator.index] = Context(self.view, operator)
        return context

    def resize(self, tensor: Tensor, shape: Shape) -> None:
        """Give a tensor a shape; nothing happens where it has that already."""
        if tensor.shape != shape:
            self.put(replace(tensor, shape=shape))

    def entry(self) -> object:
        """Shapes and types of its inputs, as far as callers have a say in them."""
        entered = [self.tensors[index] for index in self.inputs if index != OMITTED]
        return tuple((tensor.shape, tensor.dtype, tensor.dynamic) for tensor in entered)

    def finished(self) -> Subgraph:
        """The subgraph as it was left; the file's own where nothing changed."""
        if not self.changed:
            return self.file
        return replace(
            self.file, tensors=tuple(self.tensors), operators=tuple(self.operators), inputs=tuple(self.inputs)
        )

    def contexts(self, finished: Subgraph) -> Sequence[Context]:
        """The operators as they were left: most are as they were seen when they were prepared."""
        contexts = []
        for operator in finished.operators:
            context = self.seen.get(operator.index)
            if (
                context is None
                or context.operator is not operator
                or (self.changed and not self.still_has(context))
            ):
                context = Context(finished, operator)
            context.subgraph = finished
            contexts.append(context)
        return contexts

    def still_has(self, context: Context) -> bool:
        """True where the operator's operands are those that it was seen with."""
        tensors, operands = self.tensors, context.operands
        return all(map(is_, operands, [tensors[each.index] for each in operands]))

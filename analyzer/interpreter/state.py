"""A subgraph while it is prepared."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import OMITTED, Operator, PrepareIssue, Subgraph, Tensor

#: Types whose tensors have no size before something is in them, unless they are constants.
_SIZELESS = frozenset({"STRING", "RESOURCE", "VARIANT"})


class GraphState:
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

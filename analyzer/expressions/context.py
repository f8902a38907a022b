"""What an expression is evaluated against: one operator with its operands in place."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from analyzer.expressions.traits import of_operator, of_place
from analyzer.model.graph import OMITTED, Operator, Subgraph, Tensor


class Undefined(Exception):
    """A rule touched something that isn't there; its text says what."""


class Context:
    """One operator with its operands in place: what an expression is evaluated against.

    `read_through` maps a tensor index to the tensor that operators see in its place: a delegate that reads a
    float16 constant through its DEQUANTIZE sees the constant. `partition` holds the operators, by index, that
    the delegate takes together with this one; until they are chosen (None) that is the whole subgraph.
    """

    __slots__ = (
        "alone",
        "beyond",
        "consumers_accepted",
        "inputs",
        "intermediates",
        "neighbours",
        "operand",
        "operands",
        "operator",
        "outputs",
        "partition",
        "raised_by",
        "read_through",
        "steps",
        "subgraph",
        "traits",
        "variables",
    )

    #: What a finding is about, and why the operator has its version: only set while a fix is chosen.
    operand: Tensor | None
    raised_by: str
    #: What is left to loops within loops.
    steps: int
    inputs: list[Tensor | None]
    outputs: list[Tensor | None]
    intermediates: list[Tensor | None]
    #: Inputs and outputs that are present.
    operands: list[Tensor]
    #: What most conditions hang on alone; None of an operator that is like no other.
    alone: Hashable
    #: The same with its place in the partition.
    traits: Hashable
    #: Set by a condition that looks at more than these.
    beyond: bool

    def __init__(
        self,
        subgraph: Subgraph,
        operator: Operator,
        read_through: Mapping[int, Tensor] | None = None,
        partition: frozenset[int] | None = None,
    ) -> None:
        self.subgraph = subgraph
        self.operator = operator
        self.read_through = read_through
        self.partition = partition
        #: By index, other operators as this one sees them; None where they aren't kept.
        self.neighbours: dict[int, Context] | None = None
        if read_through:
            # At once: what is read through grows, but this operator doesn't see what comes later.
            self.inputs = [
                read_through.get(i, tensor)
                for i, tensor in zip(operator.inputs, _tensors(subgraph, operator.inputs), strict=True)
            ]
        self.variables: list[Any] = []
        #: Whoever knows better, because the operators behind have been judged, says so.
        self.consumers_accepted = True

    def place(self, partition: frozenset[int], neighbours: dict[int, Context]) -> None:
        """Put the operator among those that the delegate takes together with it."""
        self.partition, self.neighbours = partition, neighbours
        self.traits = None
        del self.traits  # they are others there

    def __getattr__(self, name: str) -> Any:
        """The operands, when they are first asked for: of most neighbours only the name is."""
        if name == "operands":
            found: Any = [tensor for tensor in (*self.inputs, *self.outputs) if tensor is not None]
        elif name in ("inputs", "outputs", "intermediates"):
            found = _tensors(self.subgraph, getattr(self.operator, name))
        elif name == "alone":
            found = of_operator(self)
        elif name == "traits":
            alone = self.alone
            found = (
                alone if alone is None or self.partition is None else (alone, of_place(self, self.partition))
            )
        else:
            raise AttributeError(name)
        setattr(self, name, found)
        return found


def _tensors(subgraph: Subgraph, indices: Sequence[int]) -> list[Tensor | None]:
    tensors = subgraph.tensors
    return [None if i == OMITTED else tensors[i] for i in indices]

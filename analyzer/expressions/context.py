"""What an expression is evaluated against: one operator with its operands in place."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

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
        "consumers_accepted",
        "inputs",
        "intermediates",
        "operand",
        "operator",
        "outputs",
        "partition",
        "raised_by",
        "read_through",
        "steps",
        "subgraph",
        "variables",
    )

    #: What a finding is about, and why the operator has its version: only set while a fix is chosen.
    operand: Tensor | None
    raised_by: str
    #: What is left to loops within loops.
    steps: int

    def __init__(
        self,
        subgraph: Subgraph,
        operator: Operator,
        read_through: Mapping[int, Tensor] | None = None,
        partition: Set[int] | None = None,
    ) -> None:
        tensors = subgraph.tensors
        self.subgraph = subgraph
        self.operator = operator
        self.read_through = read_through
        self.partition = partition
        if read_through:
            self.inputs = [
                None if i == OMITTED else read_through[i] if i in read_through else tensors[i]
                for i in operator.inputs
            ]
        else:
            self.inputs = [None if i == OMITTED else tensors[i] for i in operator.inputs]
        self.outputs = [None if i == OMITTED else tensors[i] for i in operator.outputs]
        self.intermediates = (
            [None if i == OMITTED else tensors[i] for i in operator.intermediates]
            if operator.intermediates
            else []
        )
        self.variables: list[Any] = []
        #: Whoever knows better, because the operators behind have been judged, says so.
        self.consumers_accepted = True

"""A condition marks that it looked beyond an operator's traits: others with the same may differ there."""

from __future__ import annotations

import pytest

from analyzer.expressions.context import Context
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.nodes import Call, Node, Operand, Property, Rest
from analyzer.model import read_bytes
from tests.building import model, operator, tensor

GRAPH = read_bytes(
    model(
        [tensor("x", (4,)), tensor("y", (4,)), tensor("z", (4,))],
        [operator("RELU", ["x"], ["y"], intermediates=[2])],
    ),
    "m",
).subgraphs[0]


def conditions(side: str) -> list[Node]:
    operand = Operand(side, 0, "z")
    return [
        Property(operand, "dtype"),
        Property(operand, "constant"),
        Property(operand, "omitted"),
        Call("len", (Rest(side, 0, "all"),)),
    ]


@pytest.mark.parametrize("at", range(4))
def test_intermediates_are_no_traits(at: int) -> None:
    for side, beyond in (("inputs", False), ("intermediates", True)):
        context = Context(GRAPH, GRAPH.operators[0])
        context.look_anew()
        compiled(conditions(side)[at])(context)
        assert context.beyond is beyond

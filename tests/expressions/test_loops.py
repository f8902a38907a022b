"""Quantifiers come to what they say, however they are evaluated."""

from __future__ import annotations

import pytest

from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.scope import Scope
from analyzer.expressions.steps import StepsFor
from analyzer.expressions.vocabulary import Context
from analyzer.model.graph import Operator, Subgraph, Tensor


def asked(text: str, *shapes: tuple[int, ...]) -> object:
    """What a condition comes to of an operator with operands of these shapes."""
    tensors = tuple(Tensor(at, "", "FLOAT32", shape) for at, shape in enumerate(shapes))
    adding = Operator(0, "ADD", 1, tuple(range(len(shapes))), (), {})
    return compiled(parse(text, Scope(options={}), None))(
        Context(Subgraph(0, "", tensors, (adding,), (), ()), adding)
    )


@pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 1), (2, 1), (2, 3)])
def test_numbers_that_are_one_or_another(shape: tuple[int, ...]) -> None:
    assert asked("all(d == 1 for d in inputs[0].shape)", shape) is all(d == 1 for d in shape)
    assert asked("any(d == 1 for d in inputs[0].shape)", shape) is any(d == 1 for d in shape)
    assert asked("all(d != 1 for d in inputs[0].shape)", shape) is all(d != 1 for d in shape)
    assert asked("any(d != 1 for d in inputs[0].shape)", shape) is any(d != 1 for d in shape)


@pytest.mark.parametrize(
    "shapes", [[], [()], [(1,)], [(1,), (2,)], [(2,), (2,)], [(3, 2), (2, 2)], [(3, 3), (2, 3)]]
)
def test_loops_within_loops(shapes: list[tuple[int, ...]]) -> None:
    pairs = [(a, b) for shape in shapes for a in shape for b in shapes[0]]
    for function, of in (("all", all), ("any", any)):
        looped = (
            f"{function}({function}(a == b for a in t.shape for b in inputs[0].shape %s) for t in inputs)"
        )
        assert asked(looped % "", *shapes) is of(a == b for a, b in pairs)
        assert asked(looped % "if a > 1", *shapes) is of(a == b for a, b in pairs if a > 1)


def test_an_element_of_what_operators_share_is_looked_for_once() -> None:
    every = range(3000)
    tensors = tuple(Tensor(at, "", "FLOAT32", (at,)) for at in range(3001))
    operators = tuple(Operator(at, "NEG", 1, (0,), (at + 1,), {}) for at in every)
    graph = Subgraph(0, "", tensors, operators, (0,), ())
    first = compiled(parse("[o.outputs[0] for o in inputs[0].consumers][0].index", Scope(options={}), "int"))
    with StepsFor(0):
        assert {first(Context(graph, operator)) for operator in operators} == {1}

"""A condition marks that it looked beyond an operator's traits: others with the same may differ there."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.expressions.check import parse
from analyzer.expressions.context import Context, taken_together
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.nodes import Call, Node, Operand, Property, Rest
from analyzer.expressions.scope import Scope
from analyzer.expressions.vocabulary import Undefined
from analyzer.model import read_bytes
from analyzer.model.graph import Operator, Subgraph, Tensor
from analyzer.rules.judging.traits import shapes, surroundings, traits
from tests.building import model, operator, tensor
from tests.thorough import examples

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


def constant(dtype: str, *numbers: float) -> Tensor:
    data = struct.pack(f"<{len(numbers)}{'f' if dtype == 'FLOAT32' else 'i'}", *numbers)
    return Tensor(0, "c", dtype, (len(numbers),), constant=True, data=memoryview(data))


def reading(tensors: Sequence[Tensor], *inputs: int) -> Context:
    """An operator that reads some of these."""
    adding = Operator(0, "ADD", 1, inputs, (), {})
    return Context(Subgraph(0, "", tuple(tensors), (adding,), (), ()), adding)


@cache
def condition(text: str) -> Callable[[Context], Any]:
    return compiled(parse(text, Scope(options={}), None))


def asked(text: str, context: Context) -> Any:
    """What a condition comes to, which marks how far it looks."""
    context.look_anew()
    try:
        return condition(text)(context)
    except Undefined:
        return Undefined


def marks(context: Context, text: str) -> set[str]:
    """How far a condition looks."""
    asked(text, context)
    return {mark for mark in ("shaped", "nearby", "graphwide", "beyond") if getattr(context, mark)}


@pytest.mark.parametrize("word", ["values[0]", "known_values[0]", "words[0]", "readable"])
def test_few_whole_numbers_of_a_constant_belong_to_its_shape(word: str) -> None:
    text = f"inputs[0].{word}"
    assert marks(reading([constant("INT32", 1, 2)], 0), text) == {"shaped"}
    assert marks(reading([constant("INT32", *range(9))], 0), text) == {"beyond"}
    assert marks(reading([constant("FLOAT32", 1, 2)], 0), text) == {"beyond"}
    alike = [reading([constant("INT32", *numbers)], 0) for numbers in ((1, 2), (1, 2), (1, 3))]
    assert shapes(alike[0]) == shapes(alike[1]) != shapes(alike[2])
    assert traits(alike[0]) == traits(alike[2])


def test_what_is_said_of_numbers_that_arent_there_names_the_tensor() -> None:
    assert "beyond" in marks(reading([constant("INT32", 1, 2)], 0), "inputs[0].value == 1")
    assert "beyond" in marks(reading([Tensor(0, "x", "INT32", (1,))], 0), "inputs[0].values == [1]")


def test_whether_operands_are_one_tensor_belongs_to_shapes() -> None:
    tensors = [Tensor(at, "", "FLOAT32", (4,)) for at in range(2)]
    apart, twice = reading(tensors, 0, 1), reading(tensors, 0, 0)
    assert traits(apart) == traits(twice)
    assert shapes(apart) != shapes(twice)
    for text in (
        "inputs[0].index == inputs[1].index",
        "inputs[0].index != (inputs[1].index if op == 'ADD' else inputs[0].index)",
    ):
        assert marks(apart, text) == {"shaped"}
    assert marks(apart, "inputs[0].index == 0") == {"beyond"}
    assert marks(apart, "inputs[0].index < inputs[1].index") == {"beyond"}


@pytest.mark.parametrize(("readers", "mark"), [(4, "nearby"), (5, "beyond")])
def test_many_readers_of_an_operand_arent_next_to_an_operator(readers: int, mark: str) -> None:
    tensors = tuple(Tensor(index, "", "FLOAT32", (4,)) for index in range(readers + 1))
    operators = tuple(Operator(index, "RELU", 1, (0,), (index + 1,), {}) for index in range(readers))
    subgraph = Subgraph(0, "", tensors, operators, (), ())
    contexts = [Context(subgraph, one) for one in operators]
    with taken_together(contexts, range(readers)):
        assert surroundings(contexts[0]) is not None
        for text in ("len(inputs[0].readers)", "any(o.op == 'ABS' for o in inputs[0].readers)"):
            assert marks(contexts[0], text) == {mark}
        assert marks(contexts[0], "holds(inputs[0].writer.op == 'ABS')") == {"nearby"}


#: What hangs on neighbours; three operators of one kind make few of them, which meet often.
_NEARBY = [
    "len(inputs[0].readers)",
    "len(inputs[1].readers)",
    "len(outputs[0].readers)",
    "inputs[0].index == inputs[1].index",
    "inputs[0].index == outputs[0].index",
    "inputs[0].writer.inputs[0].index == inputs[1].writer.inputs[0].index",
    "inputs[0].writer.inputs[0].index == inputs[0].writer.inputs[1].index",
    "inputs[0].writer.inputs[0].index == outputs[0].index",
    "outputs[0].sole_reader.inputs[0].index == outputs[0].index",
    "outputs[0].sole_reader.inputs[1].index == inputs[0].index",
    "outputs[0].sole_reader.outputs[0].index == inputs[0].index",
    "any(o.outputs[0].index == t.index for o in inputs[0].readers for t in inputs)",
    "all(o.inputs[1].index == p.inputs[1].index for o in inputs[0].readers for p in inputs[1].readers)",
    "inputs[0].sole_reader.outputs[0].shape[0] == 2",
]


@st.composite
def graphs(draw: st.DrawFn) -> Subgraph:
    index = st.integers(0, 4)
    sizes = [draw(st.integers(1, 2)) for _ in range(5)]
    tensors = tuple(Tensor(at, "", "FLOAT32", (size,)) for at, size in enumerate(sizes))
    operators = tuple(
        Operator(at, "ADD", 1, (draw(index), draw(index)), (draw(index),), {}) for at in range(4)
    )
    return Subgraph(0, "", tensors, operators, (), ())


@settings(max_examples=examples(1000), deadline=None)
@given(subgraph=graphs(), data=st.data())
def test_what_looks_no_further_than_next_to_it_comes_out_alike_where_that_is_alike(
    subgraph: Subgraph, data: st.DataObject
) -> None:
    other = data.draw(graphs())
    kept = tuple(
        data.draw(st.sampled_from(pair)) for pair in zip(subgraph.operators, other.operators, strict=True)
    )
    answers: dict[Any, Any] = {}
    for graph in (subgraph, replace(subgraph, operators=kept), other):
        contexts = [Context(graph, one) for one in graph.operators]
        with taken_together(contexts, data.draw(st.sampled_from([(0, 1), (0, 1, 2), (0, 1, 2, 3)]))):
            for context in contexts:
                if context.partition is not None and surroundings(context) is not None:
                    _compare(answers, context)


def _compare(answers: dict[Any, Any], context: Context) -> None:
    for text in _NEARBY:
        answer = asked(text, context)
        if not context.looked_further:
            around = surroundings(context) if context.nearby else shapes(context)
            key = text, traits(context), around
            assert answers.setdefault(key, answer) == answer, text

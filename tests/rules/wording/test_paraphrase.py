"""Conditions read out: in words, with names of definitions, and with what the names stand for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from analyzer.expressions.check import parse
from analyzer.expressions.scope import Definition, Scope
from analyzer.rules.wording.paraphrase import sentence, terms
from tests.expressions.scopes import CONVOLUTION

_HEIGHT = Definition("height", "t.shape[1] if t.rank == 4 else 1", ("t",))
_WIDTH = Definition("width", "t.shape[t.rank - 2] if t.rank > 2 else 1", ("t",))
_AT = Definition("at", "t.shape[t.rank - i] if i <= t.rank else 1", ("t", "i"))
_GIVEN = Definition("given_inputs", "sum(1 for t in inputs if not t.omitted)")
_SCOPE: Scope = replace(CONVOLUTION, definitions={one.name: one for one in (_HEIGHT, _WIDTH, _AT, _GIVEN)})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("height(input) * width(input) == 1", "(height of input) * (width of input) is 1"),
        ("at(input, 2) == 1", "at(input, 2) is 1"),
        ("given_inputs == 2", "given inputs is 2"),
        ("(input.rank if options.padding == 'SAME' else 1) == 1",
         "(rank of input if padding is SAME, otherwise 1) is 1"),
        ("(input.rank + output.rank - 1) // 2 == 1",
         "(((rank of input) + (rank of output)) - 1) // 2 is 1"),
        ("input.shape[input.rank - 1] == 1", "last dimension of input is 1"),
        ("all(input.shape[i] > 0 for i in range(1, input.rank))",
         "every i from 1 to below rank of input: dimension i of input is more than 0"),
        ("any(a != b for a, b in zip(input.shape, output.shape))",
         "some a, b of shape of input beside shape of output: a is not b"),
        ("sum(t.rank for t in inputs) < max(input.rank, 4)",
         "sum of rank of t for t of inputs is less than largest of [rank of input, 4]"),
        ("has_options and not weights.readable",
         "the operator has options, and weights is not known or too long to read"),
        ("input.producer.inputs[0].constant", "first input of producer of input is a constant"),
    ],
)  # fmt: skip
def test_conditions_are_said_in_words(text: str, said: str) -> None:
    assert sentence(parse(text, _SCOPE)) == said


def test_names_are_told_with_what_they_stand_for() -> None:
    assert terms(parse("height(input) * width(input) == given_inputs", _SCOPE)) == {
        "height of input": "if rank of input is 4: dimension 1 of input; otherwise: 1",
        "width of input": "if rank of input is more than 2: dimension -2 of input; otherwise: 1",
        "given inputs": "number of t of inputs where t is given",
    }

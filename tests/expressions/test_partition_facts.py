"""What rules ask of a tensor's neighbours, as the partition that an operator is taken in has them."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.scope import Scope
from analyzer.expressions.vocabulary import Context
from analyzer.model import read_bytes
from tests.building import model, operator, tensor

#: x -> RELU -> a; a -> NEG -> b (an output); a -> ABS -> c; c, c -> ADD -> d (an output).
FORK = read_bytes(
    model(
        [tensor(name, (4,)) for name in "xabcd"],
        [
            operator("RELU", ["x"], ["a"]),
            operator("NEG", ["a"], ["b"]),
            operator("ABS", ["a"], ["c"]),
            operator("ADD", ["c", "c"], ["d"]),
        ],
    ),
    "fork",
).subgraphs[0]


def asked(index: int, text: str, partition: set[int] | None) -> Any:
    answer = compiled(parse(text, Scope(options={}), None))
    return answer(Context(FORK, FORK.operators[index], None, partition))


@pytest.mark.parametrize(
    ("index", "text", "whole", "within"),
    [
        (0, "len(outputs[0].readers)", 2, 1),
        (0, "len(outputs[0].sole_reader)", 0, 1),
        (0, "outputs[0].leaves_partition", False, True),
        (0, "inputs[0].enters_partition", True, True),
        (1, "outputs[0].leaves_partition", True, True),
        (2, "inputs[0].enters_partition", False, False),
        (2, "len(outputs[0].readers)", 1, 1),
        # One operator with both operands reads it twice.
        (2, "len(outputs[0].sole_reader)", 0, 0),
        (3, "all(o.position == 2 for o in inputs[0].writer)", True, True),
        (3, "all(o.inputs[0].leaves_partition for o in inputs[0].writer)", False, True),
    ],
)
def test_neighbours_are_those_of_the_partition(index: int, text: str, whole: Any, within: Any) -> None:
    assert asked(index, text, None) == whole
    assert asked(index, text, {0, 2, 3}) == within


def test_what_another_partition_writes_enters() -> None:
    assert asked(1, "inputs[0].enters_partition", {1})
    assert asked(1, "len(inputs[0].writer)", {1}) == 0

"""Values that the interpreter computes while it prepares."""

from __future__ import annotations

from typing import Any

import pytest

from tests.building import Description, model, operator, tensor
from tests.interpreter.preparing import named, numbers, prepared, single_operator

Operands = list[Description]


def scalar(name: str, value: int) -> Description:
    return numbers(name, value, shape=[])


CASES: list[tuple[str, Operands, dict[str, Any], tuple[int, ...] | None]] = [
    ("SHAPE", [tensor("x", [2, 3])], {"out_type": "INT32"}, (2, 3)),
    ("RANK", [tensor("x", [2, 3])], {}, (2,)),
    ("RESHAPE", [numbers("x", 1, 2), numbers("s", 2, 1)], {}, (1, 2)),
    ("STRIDED_SLICE", [numbers("x", 5, 6, 7), numbers("b", 1), numbers("e", 3), numbers("s", 1)], {}, (6, 7)),
    (
        "STRIDED_SLICE",
        [numbers("x", 5, 6, 7), numbers("b", 2), numbers("e", 0), numbers("s", -1)],
        {},
        (7, 6),
    ),
    (
        "STRIDED_SLICE",
        [numbers("x", 5, 6), numbers("b", -1), numbers("e", 0), numbers("s", 1)],
        {"shrink_axis_mask": 1},
        (6,),
    ),
    ("GATHER", [numbers("x", 5, 6, 7), numbers("i", 2, 0)], {}, (7, 5)),
    ("CONCATENATION", [numbers("a", 1), numbers("b", 2, 3)], {}, (1, 2, 3)),
    (
        "CONCATENATION",
        [numbers("a", 1, 2, shape=[2, 1]), numbers("b", 3, 4, shape=[2, 1])],
        {"axis": 1},
        (1, 3, 2, 4),
    ),
    ("CONCATENATION", [scalar("a", 1), scalar("b", 2)], {}, (1, 2)),
    ("MUL", [numbers("a", 2, 3), numbers("b", 4)], {}, (8, 12)),
    ("REDUCE_PROD", [numbers("x", 2, 3, 4), numbers("a", 0)], {}, (24,)),
    ("REDUCE_PROD", [numbers("x", 1, 2, 3, 4, shape=[2, 2]), numbers("a", 0)], {}, (3, 8)),
    ("TILE", [numbers("x", 1, 2), numbers("m", 2)], {}, (1, 2, 1, 2)),
    ("RANGE", [scalar("a", 1), scalar("b", 7), scalar("c", 2)], {}, (1, 3, 5)),
    ("BROADCAST_ARGS", [numbers("a", 1, 3), numbers("b", 2, 1)], {}, (2, 3)),
    ("SUM", [numbers("x", 2, 3), numbers("a", 0)], {}, None),
    ("PACK", [scalar("a", 1), scalar("b", 2)], {"values_count": 2}, None),
    ("ADD", [numbers("a", 2), numbers("b", 4)], {}, None),
    ("SQUEEZE", [numbers("x", 1)], {}, None),
    ("EXPAND_DIMS", [numbers("x", 1), numbers("a", 0)], {}, None),
]


@pytest.mark.parametrize(("name", "tensors", "options", "expected"), CASES)
def test_folded_values(
    name: str, tensors: Operands, options: dict[str, Any], expected: tuple[int, ...] | None
) -> None:
    result = single_operator(name, tensors, [tensor("y", [], "INT32")], options)
    assert result.stops == {}
    assert named(result, "y").computed_values == expected


def test_what_is_folded_decides_sizes() -> None:
    tensors = [tensor("x", [2, 6]), tensor("s", [2], "INT32"), tensor("z", [3, 4]), tensor("y", [9])]
    operators = [
        operator("SHAPE", ["x"], ["s"], {"out_type": "INT32"}),
        operator("RESHAPE", ["z", "s"], ["y"]),
    ]
    result = prepared(model(tensors, operators))
    assert result.stops == {}
    assert named(result, "y").shape == (2, 6)


def test_many_values_are_known_though_not_kept() -> None:
    many = numbers("x", *([1] * 2000))
    result = single_operator("TILE", [many, numbers("m", 1)], [tensor("y", [], "INT32")])
    assert named(result, "y").computed_values == ()

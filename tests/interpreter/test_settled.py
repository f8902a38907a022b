"""Operators whose outputs are right in the file, before others that are like them but for something."""

from __future__ import annotations

import pytest

from tests.building import tensor
from tests.interpreter.preparing import numbers, shape_of, single_operator


@pytest.mark.parametrize("perm", [(0, 2, 1), (2, 1, 0), (0, 1, 2)])
def test_few_numbers_tell_operators_apart(perm: tuple[int, ...]) -> None:
    x, y = tensor("x", [2, 3, 4]), tensor("y", [2, 3, 4])
    for given in ((0, 1, 2), perm):
        result = single_operator("TRANSPOSE", [x, numbers("n", *given)], [y])
    assert shape_of(result, "y") == [[2, 3, 4][at] for at in perm]


@pytest.mark.parametrize("padding", [0, 3])
def test_many_numbers_tell_operators_apart(padding: int) -> None:
    x, y = tensor("x", [1, 1, 1, 1, 2]), tensor("y", [1, 1, 1, 1, 2])
    for last in (0, padding):
        result = single_operator("PAD", [x, numbers("n", *[0] * 9, last, shape=[5, 2])], [y])
    assert shape_of(result, "y") == [1, 1, 1, 1, 2 + padding]


@pytest.mark.parametrize("sizes", [[3, 2], [2, 3]])
def test_lists_of_options_tell_operators_apart(sizes: list[int]) -> None:
    for given in ([2, 3], sizes):
        result = single_operator("RESHAPE", [tensor("x", [6])], [tensor("y", [2, 3])], {"new_shape": given})
    assert shape_of(result, "y") == sizes


@pytest.mark.parametrize("steps", [1, 2])
def test_options_tell_operators_apart(steps: int) -> None:
    options = {"padding": "SAME", "filter_width": 1, "filter_height": 1, "stride_h": 1}
    for given in (1, steps):
        x, y = tensor("x", [1, 4, 4, 1]), tensor("y", [1, 4, 4, 1])
        result = single_operator("MAX_POOL_2D", [x], [y], options | {"stride_w": given})
    assert shape_of(result, "y") == [1, 4, 4 // steps, 1]

"""Parts of shape functions. A shape function gives the shapes of an operator's outputs, None where one
stays the file's; it raises `Undefined` where it needs what the operator or the file doesn't have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analyzer.expressions.context import has_few_numbers
from analyzer.expressions.vocabulary import Context, Undefined, known_values
from analyzer.expressions.vocabulary import words as words_of
from analyzer.model.graph import Tensor

Shape = tuple[int, ...]
ShapeFunction = Callable[[Context], Sequence[Shape | None]]


def tensor(context: Context, position: int) -> Tensor:
    """An input that has to be there. Raises: Undefined."""
    operand = context.inputs[position] if position < len(context.inputs) else None
    if operand is None:
        raise Undefined(f"input {position} is left out")
    return operand


def shape(context: Context, position: int) -> Shape:
    """The shape of an input that has to be there. Raises: Undefined."""
    return tensor(context, position).shape


def _looked_into(context: Context, position: int) -> Tensor:
    """An input whose numbers are asked for: shapes tell them where they are few."""
    operand = tensor(context, position)
    if not has_few_numbers(operand):
        context.beyond = True
    return operand


def contents(context: Context, position: int) -> tuple[int | float | bool, ...]:
    """All that an input holds before anything runs. Raises: Undefined."""
    return known_values(_looked_into(context, position))


def numbers(context: Context, position: int) -> tuple[int, ...]:
    """The whole numbers that an input holds before anything runs. Raises: Undefined."""
    return tuple(map(int, contents(context, position)))


def words(context: Context, position: int) -> tuple[int, ...]:
    """An input's numbers as kernels read them that take any type for INT32. Raises: Undefined."""
    return words_of(_looked_into(context, position))


def number(context: Context, position: int) -> int:
    """The first of an input's numbers. Raises: Undefined."""
    values = numbers(context, position)
    if not values:
        raise Undefined(f"input {position} holds nothing")
    return values[0]


def options(context: Context) -> Any:
    return context.operator.options


def int32(value: int) -> int:
    """A number cut to the 32 bits that a kernel keeps of it."""
    return (value + 2**31) % 2**32 - 2**31


def axis(value: int, rank: int) -> int:
    """An axis counted from the front. Raises: Undefined where the rank has none such."""
    index = value + rank if value < 0 else value
    if not 0 <= index < rank:
        raise Undefined(f"there is no axis {value} in {rank} dimensions")
    return index


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape that two shapes broadcast to. Raises: Undefined where they don't.

    Source: tflite/kernels/kernel_util.cc::CalculateShapeForBroadcast
    """
    if first == second:
        return first
    rank = max(len(first), len(second))
    sizes = []
    for a, b in zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second, strict=True):
        if a != b and a != 1 and b != 1:
            raise Undefined(f"{list(first)} and {list(second)} don't broadcast")
        sizes.append(b if a == 1 else a)
    return tuple(sizes)


def replaced(sizes: Shape, position: int, size: int) -> Shape:
    """A shape with one dimension changed."""
    return (*sizes[:position], size, *sizes[position + 1 :])

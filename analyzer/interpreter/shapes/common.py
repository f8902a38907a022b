"""What the shape functions share. A shape function gives the shapes of an operator's outputs, None where one
stays the file's; it raises `Undefined` where it needs what the operator or the file doesn't have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.expressions.vocabulary import Context, Undefined, known_values
from analyzer.model.graph import Tensor

Shape = tuple[int, ...]
ShapeFunction = Callable[[Context], Sequence[Shape | None]]


def tensor(context: Context, position: int) -> Tensor:
    """An input that has to be there. Raises: Absent."""
    found = context.inputs[position] if position < len(context.inputs) else None
    if found is None:
        raise Undefined(f"input {position} is left out")
    return found


def shape(context: Context, position: int) -> Shape:
    """The shape of an input that has to be there. Raises: Absent."""
    return tensor(context, position).shape


def numbers(context: Context, position: int) -> tuple[int, ...]:
    """The whole numbers that an input holds before anything runs. Raises: Absent."""
    return tuple(int(value) for value in known_values(tensor(context, position)))


def words(context: Context, position: int) -> tuple[int, ...]:
    """An input's numbers as kernels read them that take any type for INT32. Raises: Absent."""
    found = tensor(context, position)
    if found.dtype == "INT32" or found.computed_values is not None or found.data is None:
        return numbers(context, position)
    return known_values(replace(found, dtype="INT32"))  # type: ignore[return-value]


def number(context: Context, position: int) -> int:
    """The first of an input's numbers. Raises: Absent."""
    found = numbers(context, position)
    if not found:
        raise Undefined(f"input {position} holds nothing")
    return found[0]


def options(context: Context) -> Any:
    return context.operator.options


def int32(value: int) -> int:
    """What is left of a number that a kernel keeps in 32 bits."""
    return (value + 2**31) % 2**32 - 2**31


def axis(value: int, rank: int) -> int:
    """An axis counted from the front. Raises: Absent where the rank has none such."""
    found = value + rank if value < 0 else value
    if not 0 <= found < rank:
        raise Undefined(f"there is no axis {value} in {rank} dimensions")
    return found


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape that two shapes broadcast to. Raises: Absent where they don't."""
    if first == second:
        return first
    rank = max(len(first), len(second))
    found = []
    for a, b in zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second, strict=True):
        if a != b and a != 1 and b != 1:
            raise Undefined(f"{list(first)} and {list(second)} don't broadcast")
        found.append(b if a == 1 else a)
    return tuple(found)


def replaced(found: Shape, position: int, size: int) -> Shape:
    """A shape with one dimension changed."""
    return (*found[:position], size, *found[position + 1 :])

"""The functions of the rule language: the types of their arguments and results, and what they do."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from math import log2
from typing import Any

from analyzer.expressions.vocabulary import Undefined, product

#: More than operators have operands, and few enough to go through.
_MOST_NUMBERS = 1 << 16


def _dim(tensor_shape: Sequence[int], index: int) -> int:
    if not -len(tensor_shape) <= index < len(tensor_shape):
        raise Undefined(f"there is no dimension {index} in {list(tensor_shape)}")
    return tensor_shape[index]


def _broadcasts_to(shape: Sequence[int], target: Sequence[int]) -> bool:
    if len(shape) > len(target):
        return False
    return all(a in (1, b) for a, b in zip(reversed(shape), reversed(target), strict=False))


def _largest(numbers: Sequence[Any]) -> Any:
    if not numbers:
        raise Undefined("there is no largest of nothing")
    return max(numbers)


def _smallest(numbers: Sequence[Any]) -> Any:
    if not numbers:
        raise Undefined("there is no smallest of nothing")
    return min(numbers)


def _product(numbers: Iterable[Any]) -> Any:
    return product(map(_number, numbers))


def _number(factor: Any) -> Any:
    """The factor. Raises: TypeError for text, which times a number is text as long as no memory."""
    if not isinstance(factor, int | float):
        raise TypeError("only numbers have a product")
    return factor


def _distinct(numbers: Collection[int]) -> bool:
    return len(numbers) == len(set(numbers))


def _range(*bounds: int) -> Sequence[int]:
    if len(bounds) > 2 and bounds[2] == 0:
        raise Undefined("range has a step of 0")
    found = range(*bounds)
    # Of a slice, because a length beyond 64 bits is an error.
    if len(found[: _MOST_NUMBERS + 1]) > _MOST_NUMBERS:
        raise Undefined(f"range of more than {_MOST_NUMBERS} numbers")
    return found


def _float32(number: float) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", number))[0])
    except struct.error:
        raise TypeError(f"{number!r} is no number") from None
    except OverflowError:
        return float("inf") if number > 0 else float("-inf")


def _log2(number: float) -> float:
    if number <= 0:
        raise Undefined(f"there is no logarithm of {number}")
    return log2(number)


#: Function -> (types of the arguments, type of the result, meaning, implementation). `T` is any one type;
#: a last argument type with "..." may be repeated.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], str, str, Callable[..., Any]]] = {
    "all": (("list[bool]",), "bool", "whether every element holds", all),
    "any": (("list[bool]",), "bool", "whether one element holds", any),
    "holds": (("bool",), "bool", "whether it holds, false where it touches something absent", bool),
    "len": (("list[T]",), "int", "number of elements", len),
    "min": (("list[number]",), "number", "smallest element", _smallest),
    "max": (("list[number]",), "number", "largest element", _largest),
    "sum": (("list[number]",), "number", "sum of the elements", sum),
    "product": (("list[number]",), "number", "product of the elements", _product),
    "abs": (("number",), "number", "without its sign", abs),
    "starts_with": (("str", "str"), "bool", "whether the first text begins with the second", str.startswith),
    "float32": (("number",), "float", "rounded to single precision", _float32),
    "log2": (("number",), "float", "logarithm to the base of 2", _log2),
    "distinct": (("list[int]",), "bool", "whether no number stands there twice", _distinct),
    "range": (("int", "int..."), "list[int]", "the numbers from the first up to the last, excluded", _range),
    "zip": (
        ("list[T]", "list[T]"),
        "list[pair]",
        "elements side by side, as long as the shorter list",
        lambda a, b: list(zip(a, b, strict=False)),
    ),
    "broadcasts_to": (
        ("list[int]", "list[int]"),
        "bool",
        "the first shape broadcasts to the second: right-aligned, each dimension equal or 1",
        _broadcasts_to,
    ),
    "dim": (("list[int]", "int"), "int", "that dimension, counted from the end if negative", _dim),
}

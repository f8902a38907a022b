"""Loops over lists: quantifiers, counts and comprehensions, their variables in the context's slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyzer.expressions.vocabulary import Context

Evaluate = Callable[[Context], Any]
Slots = Sequence[int]


def over_elements(
    every: bool, slots: Slots, iterable: Evaluate, condition: Evaluate | None, body: Evaluate
) -> Evaluate:
    """Whether all elements hold, or any does; the common case, without a call to bind each element."""
    (slot,) = slots

    def evaluate(c: Context) -> bool:
        values = iterable(c)
        variables = _room(c, slot)
        for value in values:
            variables[slot] = value
            if (condition is None or condition(c)) and bool(body(c)) is not every:
                return not every
        return every

    return evaluate


def over_pairs(
    every: bool, slots: Slots, iterable: Evaluate, condition: Evaluate | None, body: Evaluate
) -> Evaluate:
    """The same for pairs of elements."""
    bind = _binder(slots)

    def evaluate(c: Context) -> bool:
        for value in iterable(c):
            bind(c, value)
            if (condition is None or condition(c)) and bool(body(c)) is not every:
                return not every
        return every

    return evaluate


def count(worth: int, slots: Slots, iterable: Evaluate, condition: Evaluate | None) -> Evaluate:
    """`sum(1 for ... if ...)`."""
    (slot,) = slots

    def evaluate(c: Context) -> int:
        total, values = 0, iterable(c)
        variables = _room(c, slot)
        for value in values:
            variables[slot] = value
            if condition is None or condition(c):
                total += worth
        return total

    return evaluate


def lazily(nested: Sequence[tuple[Slots, Evaluate]], condition: Evaluate | None, body: Evaluate) -> Evaluate:
    """A comprehension over loops within loops."""
    loops = [(_binder(slots), iterable) for slots, iterable in nested]

    def walk(c: Context, depth: int) -> Iterator[Any]:
        bind, iterable = loops[depth]
        for value in iterable(c):
            bind(c, value)
            if depth + 1 < len(loops):
                yield from walk(c, depth + 1)
            elif condition is None or condition(c):
                yield body(c)

    return lambda c: _Lazy(walk(c, 0))


class _Lazy:
    """A comprehension's elements: consumed once by all, any or sum, listed when somebody asks for more."""

    __slots__ = ("elements",)

    def __init__(self, elements: Any) -> None:
        self.elements = elements

    def __iter__(self) -> Any:
        return iter(self.elements)

    def listed(self) -> list[Any]:
        if not isinstance(self.elements, list):
            self.elements = list(self.elements)
        found: list[Any] = self.elements
        return found

    def __len__(self) -> int:
        return len(self.listed())

    def __getitem__(self, index: int) -> Any:
        return self.listed()[index]


def _room(c: Context, top: int) -> list[Any]:
    """The context's slots for loop variables, at least up to `top`."""
    variables = c.variables
    if len(variables) <= top:
        variables.extend([None] * (top + 1 - len(variables)))
    return variables


def _binder(slots: Slots) -> Callable[[Context, Any], None]:
    """Puts an element into the context's slots."""
    if len(slots) == 1:
        slot = slots[0]

        def bind_one(c: Context, value: Any) -> None:
            _room(c, slot)[slot] = value

        return bind_one
    first, second = slots
    top = max(slots)

    def bind_two(c: Context, value: Any) -> None:
        variables = _room(c, top)
        variables[first], variables[second] = value

    return bind_two

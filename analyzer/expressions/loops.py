"""Loops over lists: quantifiers and comprehensions, their variables in the context's slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyzer.expressions.neighbours import FEW, remembered
from analyzer.expressions.nodes import (
    Attribute,
    Each,
    Fact,
    Node,
    Operand,
    Option,
    Part,
    Property,
    Rest,
    Variable,
    children,
)
from analyzer.expressions.steps import AROUND
from analyzer.expressions.vocabulary import Context, Undefined

Evaluate = Callable[[Context], Any]
#: The slots of a loop's variables, and what it goes through.
Nested = tuple[Sequence[int], Evaluate]


def quantified(every: bool, nested: Sequence[Nested], condition: Evaluate | None, body: Evaluate) -> Evaluate:
    """Whether all elements of one list hold, or any does, ended by the first that decides."""
    (((slot,), iterable),) = nested

    def evaluate(c: Context) -> bool:
        variables = _room(c, slot)
        for variables[slot] in iterable(c):
            if (condition is None or condition(c)) and (not body(c)) is every:
                return not every
        return every

    def unconditional(c: Context) -> bool:
        variables = _room(c, slot)
        for variables[slot] in iterable(c):
            if (not body(c)) is every:
                return not every
        return every

    return unconditional if condition is None else evaluate


def number(nested: Sequence[Nested], condition: Evaluate | None, body: Evaluate) -> Evaluate:
    """How many elements of one list there are that fulfil the condition; the body isn't asked."""
    (((slot,), iterable),) = nested

    def evaluate(c: Context) -> int:
        variables, count = _room(c, slot), 0
        for variables[slot] in iterable(c):
            if condition is None or condition(c):
                count += 1
        return count

    return evaluate


def lazily(loops: Sequence[Nested], condition: Evaluate | None, body: Evaluate) -> Evaluate:
    """A comprehension over loops within loops."""
    bound = [(_binder(slots), iterable) for slots, iterable in loops]
    top = max(slot for slots, _ in loops for slot in slots)

    def walk(c: Context, variables: list[Any], depth: int) -> Iterator[Any]:
        bind, iterable = bound[depth]
        for value in iterable(c):
            bind(variables, value)
            if depth + 1 < len(bound):
                yield from walk(c, variables, depth + 1)
            elif condition is None or condition(c):
                yield body(c)

    return lambda c: Elements(walk(c, _room(c, top), 0))


class Elements:
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

    def __getitem__(self, index: Any) -> Any:
        return self.listed()[index]


def around(each: Each) -> Property | None:
    """The list of operators around a tensor that a loop goes through, if nothing else has a say in it."""
    iterable = each.loops[0].iterable
    if not (isinstance(iterable, Property) and iterable.name in AROUND):
        return None
    return iterable if _hangs_on(iterable.of, each, frozenset()) else None


def _hangs_on(tensor: Node, part: Part, bound: frozenset[int]) -> bool:
    """Whether a part of an expression depends on the tensor alone."""
    if part == tensor:
        return True
    if isinstance(part, Fact | Operand | Rest | Option | Attribute):
        return False
    if isinstance(part, Variable):
        return part.slot in bound
    if isinstance(part, Each):
        bound = bound.union(*(loop.slots for loop in part.loops))
    return all(_hangs_on(tensor, child, bound) for child in children(part))


def once_a_tensor(tensor: Evaluate, side: str, evaluate: Evaluate) -> Evaluate:
    """What hangs on the operators around a tensor alone, remembered where those are many.

    Where thousands of operators share a tensor, each of them would else look at all others anew.
    """
    asked = object()

    def found(c: Context) -> tuple[Any, str | None]:
        try:
            return evaluate(c), None
        except Undefined as error:
            return None, str(error)

    def recall(c: Context) -> Any:
        about = tensor(c) if c.__class__ is Context else None
        if about is None or len(getattr(c.subgraph, side).get(about.index, ())) <= FEW:
            return evaluate(c)
        c.beyond = True
        answer, absent = remembered(c, (asked, about.index), lambda: found(c))
        if absent is not None:
            raise Undefined(absent)
        return answer

    return recall


def _room(c: Context, top: int) -> list[Any]:
    """The context's slots for loop variables, at least up to `top`."""
    variables = c.variables
    if len(variables) <= top:
        variables.extend([None] * (top + 1 - len(variables)))
    return variables


def _binder(slots: Sequence[int]) -> Callable[[list[Any], Any], None]:
    """Puts an element into the slots."""
    if len(slots) == 1:
        (slot,) = slots

        def bind_one(variables: list[Any], value: Any) -> None:
            variables[slot] = value

        return bind_one
    first, second = slots

    def bind_two(variables: list[Any], value: Any) -> None:
        variables[first], variables[second] = value

    return bind_two

"""Loops over lists: quantifiers and comprehensions, their variables in the context's slots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyzer.expressions.neighbours import FEW, remembered
from analyzer.expressions.nodes import (
    Attribute,
    Comparison,
    Each,
    Fact,
    Loop,
    Node,
    Operand,
    Option,
    Part,
    Property,
    Rest,
    Variable,
    children,
)
from analyzer.expressions.operators import Known
from analyzer.expressions.steps import AROUND
from analyzer.expressions.vocabulary import Context, Undefined

Evaluate = Callable[[Context], Any]
#: The slots of a loop's variables, and what it goes through.
Nested = tuple[Sequence[int], Evaluate]
_GRAPH_INPUTS = Fact("graph_inputs")
#: What all operators of a graph have in common, as the index of a tensor that only some share.
_ALL = -1
#: What is said of lists of no more elements isn't remembered.
_LONG = 64
#: Lists that are made once, which may be as long as a file.
_KEPT = ("scales", "zero_points")


def quantified(every: bool, nested: Sequence[Nested], condition: Evaluate | None, body: Evaluate) -> Evaluate:
    """Whether all elements of lists within lists hold, or any does, ended by the first that decides."""
    *outer, ((slot,), iterable) = nested

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

    innermost = unconditional if condition is None else evaluate
    return quantified(every, outer, None, innermost) if outer else innermost


def counted(
    every: bool, each: Each, compile: Callable[[Node], Evaluate], listed: Callable[[Loop], Evaluate]
) -> Evaluate | None:
    """A loop that holds if all or any of a list equal a known number, or differ; None of any other."""
    body, (loop, *inner) = each.body, each.loops
    if inner or each.condition is not None or not isinstance(loop.iterable, Property):
        return None
    if not isinstance(body, Comparison) or body.sign not in ("==", "!="):
        return None
    if not isinstance(body.left, Variable) or not isinstance(known := compile(body.right), Known):
        return None
    numbers, value, alike = listed(loop), known.value, body.sign == "=="

    def evaluate(c: Context) -> bool:
        among = numbers(c)
        equal: int = among.count(value)
        holding = equal if alike else len(among) - equal
        return holding == len(among) if every else holding > 0

    return evaluate if body.left.slot in loop.slots else None


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


def _hangs_on(this: Node, part: Part, bound: frozenset[int] = frozenset()) -> bool:
    """Whether a part of an expression depends on this one alone."""
    if part == this:
        return True
    if isinstance(part, Fact | Operand | Rest | Option | Attribute):
        return False
    if isinstance(part, Variable):
        return part.slot in bound
    if isinstance(part, Each):
        bound = bound.union(*(loop.slots for loop in part.loops))
    return all(_hangs_on(this, child, bound) for child in children(part))


def once_for_all(each: Each, compile: Callable[[Node], Evaluate], evaluate: Evaluate) -> Evaluate:
    """What hangs on operators around a tensor, or inputs of a graph, alone: remembered where they are many.

    Where thousands of operators share them, each of these would else look at all of them anew.
    """
    iterable = each.loops[0].iterable
    if isinstance(iterable, Property) and iterable.name in AROUND and _hangs_on(iterable.of, each):
        return _remembering(_shared_tensor(compile(iterable.of), iterable.name), evaluate)
    if iterable == _GRAPH_INPUTS and _hangs_on(iterable, each):
        return _remembering(lambda c: _ALL if len(c.subgraph.inputs) > FEW else None, evaluate)
    if isinstance(iterable, Property) and iterable.name in _KEPT and _hangs_on(iterable, each):
        return _once_a_list(compile(iterable), evaluate)
    return evaluate


def listed(node: Node, compile: Callable[[Node], Evaluate]) -> Evaluate:
    """What elements are taken out of: a comprehension that operators share is listed once for all."""
    of = compile(node)
    if not isinstance(node, Each) or isinstance(of, Known):
        return of
    return once_for_all(node, compile, lambda c: of(c).listed())


def _shared_tensor(tensor: Evaluate, side: str) -> Callable[[Context], int | None]:
    """The index of a tensor that many operators are around; None for any other."""

    def shared(c: Context) -> int | None:
        about = tensor(c)
        many = about is not None and len(getattr(c.subgraph, side).get(about.index, ())) > FEW
        return about.index if many else None

    return shared


def _remembering(shared: Callable[[Context], int | None], evaluate: Evaluate) -> Evaluate:
    """The function, asked once for all operators that have the same in common, where they have anything."""
    asked = object()

    def recall(c: Context) -> Any:
        common = shared(c) if c.__class__ is Context else None
        if common is None:
            return evaluate(c)
        c.beyond = True
        return _answer(remembered(c, (asked, common), lambda: _found(evaluate, c)))

    return recall


def _once_a_list(iterable: Evaluate, evaluate: Evaluate) -> Evaluate:
    """A function of a list alone, such as the scales of weights: asked once for each list that is long."""
    asked = object()

    def recall(c: Context) -> Any:
        values = iterable(c)
        if len(values) <= _LONG or c.__class__ is not Context:
            return evaluate(c)
        known, key = c.subgraph.remembered, (asked, id(values))
        if key not in known:
            # With the list, so that nothing else can come to have its identity.
            known[key] = _found(evaluate, c), values
        return _answer(known[key][0])

    return recall


def _found(evaluate: Evaluate, c: Context) -> tuple[Any, str | None]:
    """What a function comes to, and why it comes to nothing where something is absent."""
    try:
        return evaluate(c), None
    except Undefined as error:
        return None, str(error)


def _answer(known: tuple[Any, str | None]) -> Any:
    answer, absent = known
    if absent is not None:
        raise Undefined(absent)
    return answer


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

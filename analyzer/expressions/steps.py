"""The steps of loops within loops, which are counted: no rule may take all the time there is."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from threading import local
from typing import Any

from analyzer.errors import UndecidedError
from analyzer.expressions.nodes import Each, Node, Property, children, walk
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import Context

Evaluate = Callable[[Context], Any]

#: Steps that an evaluation with loops within loops may take: about two seconds. All of a delegate's rules on
#: one model may take as many and some more for each operator.
MAX_STEPS, STEPS_EACH = 5_000_000, 500
#: Lists of the operators around a tensor, which may be all there are.
AROUND = ("consumers", "producers")


class _TooMany(Exception):
    """Loops within loops have used up the context's steps."""


class _Allowance(local):
    """Steps that are left in all; each thread has its own."""

    left = inf


_allowance = _Allowance()


class StepsFor:
    """Allows so many steps in all as one delegate's rules on a model of so many operators may take."""

    __slots__ = ("_before", "_given")

    def __init__(self, operators: int) -> None:
        self._given = MAX_STEPS + STEPS_EACH * operators

    def __enter__(self) -> None:
        self._before, _allowance.left = _allowance.left, self._given

    def __exit__(self, *_: object) -> None:
        _allowance.left = self._before


def takes_steps(node: Node) -> bool:
    """Whether a node has loops within loops, or through the operators around a tensor."""
    return any(_is_deep(each) for each in walk(node) if isinstance(each, Each))


def _is_deep(each: Each) -> bool:
    if len(each.loops) > 1 or any(_is_around(loop.iterable) for loop in each.loops):
        return True
    return any(isinstance(part, Each) for child in children(each) for part in walk(child))


def _is_around(iterable: Node) -> bool:
    return isinstance(iterable, Property) and iterable.name in AROUND


def counted(iterable: Evaluate) -> Evaluate:
    """A list that counts as so many steps as it has elements."""

    def evaluate(c: Context) -> Any:
        values = iterable(c)
        c.steps -= len(values)
        if c.steps < 0:
            raise _TooMany
        return values

    return evaluate


def within(node: Node, counting: Evaluate) -> Evaluate:
    """A function that counts its steps, kept within those that are allowed. Raises: UndecidedError."""

    def evaluate(c: Context) -> Any:
        c.steps = given = int(min(MAX_STEPS, _allowance.left))
        try:
            return counting(c)
        except _TooMany:
            much = f"more than {given:,} steps on one operator" if given == MAX_STEPS else "too many steps"
            problem = f"takes {much}; loop over shorter lists"
            raise UndecidedError([f"{show(node)}: {problem}"]) from None
        finally:
            _allowance.left -= given - max(c.steps, 0)

    return evaluate

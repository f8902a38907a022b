"""Comparisons, arithmetic and calls: total, because what can't be compared or computed is absent."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzer.expressions.vocabulary import Context, Undefined

Evaluate = Callable[[Context], Any]

SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
}
#: What values of unforeseen types or sizes bring about: constants and attributes may hold anything.
_FAILURES = (TypeError, ArithmeticError)


def of_two(sign: str, a: Evaluate, b: Evaluate) -> Evaluate:
    """`a sign b`."""
    apply = SIGNS[sign]

    def evaluate(c: Context) -> Any:
        left, right = a(c), b(c)
        try:
            return apply(left, right)
        except _FAILURES:
            raise _impossible(left, sign, right) from None

    return evaluate


def with_literal(sign: str, a: Evaluate, value: Any) -> Evaluate:
    """`a sign value`."""
    if sign == "==":
        return lambda c: a(c) == value
    if sign == "<=":
        return _at_most(a, value)
    apply = SIGNS[sign]

    def evaluate(c: Context) -> Any:
        left = a(c)
        try:
            return apply(left, value)
        except _FAILURES:
            raise _impossible(left, sign, value) from None

    return evaluate


def _at_most(a: Evaluate, value: Any) -> Evaluate:
    """The most frequent comparison, without a call for the sign."""

    def evaluate(c: Context) -> Any:
        left = a(c)
        try:
            return left <= value
        except TypeError:
            raise _impossible(left, "<=", value) from None

    return evaluate


def among(sign: str, a: Evaluate, members: frozenset[Any]) -> Evaluate:
    """`a in [...]`, or not."""
    wanted = sign == "in"

    def evaluate(c: Context) -> Any:
        left = a(c)
        try:
            return (left in members) is wanted
        except TypeError:
            # A list is none of the members.
            return not wanted

    return evaluate


def of_lists(sign: str, a: Evaluate, b: Evaluate) -> Evaluate:
    """Whether two lists have equal elements, or not: shapes are tuples, lists in rules are lists."""
    wanted = sign == "=="

    def evaluate(c: Context) -> Any:
        left, right = a(c), b(c)
        try:
            return (tuple(left) == tuple(right)) is wanted
        except TypeError:
            return not wanted

    return evaluate


def called(apply: Callable[..., Any], parts: Sequence[Evaluate], shown: str) -> Evaluate:
    """A function of what the parts come to."""
    if len(parts) == 1:
        return _called_with_one(apply, parts[0], shown)

    def evaluate(c: Context) -> Any:
        given = [part(c) for part in parts]
        try:
            return apply(*given)
        except _FAILURES:
            raise Undefined(f"{shown} can't be computed") from None

    return evaluate


def _called_with_one(apply: Callable[[Any], Any], only: Evaluate, shown: str) -> Evaluate:
    def evaluate(c: Context) -> Any:
        given = only(c)
        try:
            return apply(given)
        except _FAILURES:
            raise Undefined(f"{shown} can't be computed") from None

    return evaluate


def _impossible(left: Any, sign: str, right: Any) -> Undefined:
    if sign in ("/", "//", "%") and right == 0:
        return Undefined("division by zero")
    return Undefined(f"{_short(left)} {sign} {_short(right)} can't be computed")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 40 else f"{text[:36]}..."

"""Looks, comparisons, arithmetic and calls: total, because what isn't there or can't be is undefined."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from analyzer.expressions.context import OF_OPERATORS, is_trait, mark_of
from analyzer.expressions.nodes import Index, Operand, Property, Variable
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import LARGEST, Context, Undefined, attributes, elements
from analyzer.model.graph import Tensor

Evaluate = Callable[[Context], Any]


class Known:
    """What a part comes to whatever the operator is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, c: Context) -> Any:
        return self.value


def later(compiled: Callable[[], Evaluate]) -> Evaluate:
    """A part that is compiled when it is first asked."""
    ready: Evaluate | None = None

    def evaluate(c: Context) -> Any:
        nonlocal ready
        if ready is None:
            ready = compiled()
        return ready(c)

    return evaluate


def _times(a: Any, b: Any) -> Any:
    found = a * b
    return found if found.__class__ is not int or abs(found) < LARGEST else LARGEST if found > 0 else -LARGEST


COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": _times,
    "//": operator.floordiv,
    "/": operator.truediv,
    "%": operator.mod,
}
#: Text can be multiplied too, and a list: until no memory is left.
_NUMBERS = frozenset({int, float, bool})
#: What values of unforeseen types or sizes bring about: constants and attributes may hold anything.
_FAILURES = (TypeError, ValueError, ArithmeticError)


#: A fact of a tensor, of which the context says how it is seen.
Look = Callable[[Any, Any], Any]


def option(name: str) -> Evaluate:
    """An option of the operator; lists are no traits."""

    def evaluate(c: Context) -> Any:
        try:
            value = c.operator.options[name]
        except KeyError:
            raise Undefined(f"the operator has no option {name}") from None
        if not is_trait(value):
            c.beyond = True
        return value

    return evaluate


def attribute(name: str) -> Evaluate:
    """What a custom operator or a composite says of itself."""

    def evaluate(c: Context) -> Any:
        c.beyond = True
        value = attributes(c.operator).get(name)
        if value is None:
            raise Undefined(f"the operator has no attribute {name}")
        return value

    return evaluate


def of_tensor(node: Property, of: Evaluate, slot: int | None, fact: Look, word: str) -> Evaluate:
    """A fact of the tensor that a part comes to, or a slot holds; it looks as far as the word does."""
    mark = mark_of(word)

    def evaluate(c: Context) -> Any:
        value = of(c) if slot is None else c.variables[slot]
        if value is None:
            raise Undefined(f"{show(node.of)} is left out")
        return fact(c, value)

    def beyond(c: Context) -> Any:
        value = of(c) if slot is None else c.variables[slot]
        if value is None:
            raise Undefined(f"{show(node.of)} is left out")
        c.beyond = True
        return fact(c, value)

    return beyond if mark == "beyond" else evaluate if mark is None else looking_far(evaluate, mark)


def of_operator(of: Evaluate | None, slot: int, fact: Evaluate) -> Evaluate:
    """A fact of the operator that a part comes to, or a slot holds."""
    return (lambda c: fact(c.variables[slot])) if of is None else (lambda c: fact(of(c)))


#: What is asked most often is a field of the tensor, which needs no call to answer.
FIELDS: Mapping[str, Callable[[Any], Any]] = {
    name: attrgetter(name)
    for name in ("dtype", "shape", "constant", "variable", "index", "dynamic", "persistent")
} | {"rank": lambda tensor: len(tensor.shape)}


def field(node: Property, base: Operand | Variable) -> Evaluate:
    """A field of an operand or a loop variable, which `node.of` may give a name."""
    look, mark = FIELDS[node.name], mark_of(node.name)
    side, position = ("variables", base.slot) if isinstance(base, Variable) else (base.side, base.position)
    if isinstance(base, Operand) and side not in OF_OPERATORS:
        mark = "beyond"
    tensors = attrgetter(side)

    def evaluate(c: Context) -> Any:
        try:
            return look(tensors(c)[position])
        except (AttributeError, IndexError):
            raise Undefined(f"{show(node.of)} is left out") from None

    return evaluate if mark is None else looking_far(evaluate, mark)


def batch(node: Index) -> Callable[[Any, Any], Any]:
    """The first dimension of a shape, which is a trait where it is 1."""

    def evaluate(c: Context, tensor: Tensor) -> int:
        if not tensor.shape:
            raise Undefined(f"{show(node.of)} has no element 0")
        first = tensor.shape[0]
        if first != 1:
            c.shaped = True
        return first

    return evaluate


def index(c: Context, tensor: Tensor) -> int:
    """The tensor by its index."""
    return tensor.index


def is_not_empty(c: Context, tensor: Tensor) -> bool:
    """Whether a tensor has elements, which is a trait where all its dimensions are positive."""
    if min(tensor.shape, default=1) > 0:
        return True
    c.shaped = True
    return elements(tensor.shape) > 0


def looking_far(evaluate: Evaluate, mark: str = "beyond") -> Evaluate:
    """What looks at more than the traits of an operator, which it marks."""

    def looking(c: Context) -> Any:
        setattr(c, mark, True)
        return evaluate(c)

    return looking


def both(first: Evaluate, rest: Callable[[], Evaluate]) -> Evaluate:
    """Whether both hold; the rest is compiled when it is first come to."""
    second: Evaluate | None = None

    def evaluate(c: Context) -> Any:
        nonlocal second
        if not first(c):
            return False
        if second is None:
            second = rest()
        return second(c)

    return evaluate


def either(first: Evaluate, rest: Callable[[], Evaluate]) -> Evaluate:
    """Whether one of two holds; the rest is compiled when it is first come to."""
    second: Evaluate | None = None

    def evaluate(c: Context) -> Any:
        nonlocal second
        if first(c):
            return True
        if second is None:
            second = rest()
        return second(c)

    return evaluate


def chosen(condition: Evaluate, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    """`then if condition else otherwise`."""
    return lambda c: then(c) if condition(c) else otherwise(c)


def compared(sign: str, a: Evaluate, b: Evaluate) -> Evaluate:
    """`a sign b`."""
    apply = COMPARISONS[sign]

    def evaluate(c: Context) -> Any:
        left, right = a(c), b(c)
        try:
            return apply(left, right)
        except TypeError:
            raise _impossible(left, sign, right) from None

    return evaluate


def compared_with(sign: str, a: Evaluate, value: Any) -> Evaluate:
    """`a sign value`, as nearly all comparisons are."""
    if sign == "==":
        return lambda c: a(c) == value
    apply = COMPARISONS[sign]

    def evaluate(c: Context) -> Any:
        left = a(c)
        try:
            return apply(left, value)
        except TypeError:
            raise _impossible(left, sign, value) from None

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


def lists_compared(sign: str, a: Evaluate, b: Evaluate) -> Evaluate:
    """Whether two lists have equal elements, or not: shapes are tuples, lists in rules are lists."""
    wanted = sign == "=="

    def evaluate(c: Context) -> Any:
        left, right = a(c), b(c)
        try:
            # A comprehension that is asked for its length on the way would have nothing left.
            return (tuple(iter(left)) == tuple(iter(right))) is wanted
        except TypeError:
            return not wanted

    return evaluate


def computed(sign: str, a: Evaluate, b: Evaluate) -> Evaluate:
    """`a sign b` of two numbers."""
    apply = ARITHMETIC[sign]

    def evaluate(c: Context) -> Any:
        left, right = a(c), b(c)
        if left.__class__ in _NUMBERS and right.__class__ in _NUMBERS:
            try:
                return apply(left, right)
            except ArithmeticError:
                pass
        raise _impossible(left, sign, right)

    return evaluate


def called(apply: Callable[..., Any], parts: Sequence[Evaluate], shown: Callable[[], str]) -> Evaluate:
    """A function of what the parts come to."""
    first, rest = parts[0], parts[1:]

    def evaluate(c: Context) -> Any:
        given = [part(c) for part in parts]
        try:
            return apply(*given)
        except _FAILURES:
            raise Undefined(f"{shown()} can't be computed") from None

    def of_one(c: Context) -> Any:
        given = first(c)
        try:
            return apply(given)
        except _FAILURES:
            raise Undefined(f"{shown()} can't be computed") from None

    return evaluate if rest else of_one


def _impossible(left: Any, sign: str, right: Any) -> Undefined:
    if sign in ("/", "//", "%") and right == 0:
        return Undefined("division by zero")
    return Undefined(f"{_short(left)} {sign} {_short(right)} can't be computed")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) < 40 else f"{text[:36]}..."

"""Why a requirement failed: what it looked at, what it wanted and what it found, taken out of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, structs

from analyzer.expressions.evaluate import evaluate
from analyzer.expressions.nodes import (
    And,
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Each,
    List,
    Literal,
    Named,
    Node,
    Not,
    Option,
    Or,
    Property,
    children,
    negated,
    operand_name,
    shape_in,
    unnamed,
)
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model.graph import Tensor
from analyzer.rules.wording.naming import CLAIMS, Names, alternatives, render


class Explanation(Struct, frozen=True):
    """What a failed requirement looked at, what it wanted and what it found.

    `expected` is None where the condition doesn't tell it in few words. `subject` is empty where several
    things were looked at: then `expected` and `actual` name them.
    """

    subject: str
    expected: str | None
    actual: str | None
    #: `expected` with its subject: `rank of x = 4`.
    wanted: str | None = None
    #: The operand that the requirement is about, where it is about one.
    operand: str | None = None
    #: Whether `expected` and `actual` are what something is, rather than values.
    claim: bool = False
    #: Whether `actual` is a sentence of its own: something isn't there.
    absent: bool = False
    #: Whether it is a parameter that is at fault, no part of the operator.
    parameter: bool = False


#: For clauses whose own sentence says it all.
UNEXPLAINED = Explanation("", None, None)


def reason(node: Node, context: Context) -> Explanation:
    """Why `node` doesn't hold for the operator in `context`."""
    explainer = _Explainer(context)
    try:
        why = explainer.why(node)
    except Undefined as undefined:
        why = _Explainer(context, looks=False).why(explainer.touching(node))
        return _explanation(why, str(undefined), True)
    return _explanation(why, why.found, False)


def _explanation(why: _Reason, actual: str | None, absent: bool) -> Explanation:
    expected = alternatives(why.wanted) if why.wanted else None
    wanted = None if expected is None else _assigned(why, alternatives(why.named or why.wanted))
    return Explanation(why.subject, expected, actual, wanted, why.operand, why.claim, absent, why.parameter)


def absence(what: str) -> Explanation:
    """A condition could not be looked at, because something isn't there."""
    return Explanation("", None, what, absent=True)


class _Reason(Struct, frozen=True):
    subject: str
    #: Alternatives, any of which would do.
    wanted: tuple[str, ...]
    found: str | None
    operand: str | None
    claim: bool = False
    #: Whether the subject has a value, rather than being something.
    value: bool = False
    #: The shape that the subject is a dimension of.
    shape: Property | None = None
    parameter: bool = False
    #: Whether the subject is a number of things.
    counts: bool = False
    #: `wanted`, but what has a name by its name: `dimension 0 of x (4)`.
    named: tuple[str, ...] = ()


def _assigned(why: _Reason, what: str | None) -> str:
    """`rank of x = 4`, `rank of x at most 4`, `at most 4 inputs`, `x FLOAT32`."""
    if why.counts and what is not None and what[-1].isdecimal():
        counted = why.subject.removeprefix(_NUMBER_OF)
        return f"{what} {_one(counted) if what.split()[-1] == '1' else counted}"
    equals = why.value and what is not None and not what.startswith(_COMPARING)
    return " ".join(word for word in (why.subject, "=" if equals else "", what) if word)


def _one(things: str) -> str:
    """`elements of x` -> `element of x`."""
    noun, of, rest = things.partition(" of ")
    return noun.removesuffix("s") + of + rest


#: What is longer is left away: nobody reads it.
_LONGEST_NAME = 60
_ORDER = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least"}
_COMPARING = (*_ORDER.values(), "other than", "one that")
_NUMBER_OF, _DTYPE_OF = "number of ", "dtype of "
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Explainer:
    """Walks down what failed to the part that decides; without `looks` it only reads the nodes."""

    def __init__(self, context: Context, looks: bool = True) -> None:
        self.context = context
        self.looks = looks
        self.names = Names(context if looks else None)

    def why(self, node: Node) -> _Reason:
        match node:
            case Named(body=body) if not isinstance(body, Literal):
                return self.why(body)
            case And(parts):
                return self.why(next((part for part in parts if self.fails(part)), parts[0]))
            case Or(parts):
                return self._why_or(parts)
            case Comparison(sign, left, right):
                return self._why_comparison(sign, left, right)
            case Choice(condition, then, otherwise):
                return self.why(then if self.value(condition) else otherwise)
            case Not(of):
                turned = negated(inner := unnamed(of))
                return self._why_claim(inner, False) if turned is None else self.why(turned)
            case Call(function, (Each() as each,)) if self.looks:
                return self._why_all(each) if function == "all" else self._why_any(each)
            case Call("broadcasts_to", (narrow, wide)):
                return self._why_broadcast(narrow, wide)
        return self._why_claim(node, True)

    def value(self, node: Node) -> Any:
        if not self.looks:
            return None
        return node.value if isinstance(node, Literal) else evaluate(node, self.context)

    def fails(self, node: Node) -> bool:
        """Whether this part is at fault; one that can't be looked at is, by raising."""
        return self.looks and not self.value(node)

    def touching(self, node: Node) -> Node:
        """The part that touches an absent thing."""
        while isinstance(node, And | Or | Named | Not):
            parts = list(children(node))
            node = next((part for part in parts if not self._whole(part)), parts[-1])
        return node

    def _whole(self, node: Node) -> bool:
        try:
            self.value(node)
        except Undefined:
            return False
        return True

    def _why_or(self, parts: Sequence[Node]) -> _Reason:
        reasons = [self.why(part) for part in parts if not _is_absence(part) and self._tellable(part)]
        told = [why for why in reasons if not why.claim] or reasons
        if not told:
            return self._why_claim(parts[-1], True)
        grouped: dict[str, list[_Reason]] = {}
        for why in told:
            grouped.setdefault(why.subject, []).append(why)
        merged = [_merged(group) for group in grouped.values()]
        if len(merged) == 1:
            return merged[0]
        wanted = tuple(_assigned(why, alternatives(why.named or why.wanted)) for why in merged if why.wanted)
        actual = ", ".join(dict.fromkeys(self._state(why) for why in merged if why.found))
        return _Reason("", wanted, actual, merged[0].operand)

    def _state(self, why: _Reason) -> str:
        """What was found beside other things: of dimensions, the whole shape."""
        if why.shape is not None and self.looks:
            return f"{self.names.of(why.shape)} {render(self.value(why.shape))}"
        return _assigned(why, why.found)

    def _tellable(self, node: Node) -> bool:
        """Whether an alternative fails by something of the operator, not by a parameter or an absence."""
        if isinstance(node, Literal) or (isinstance(node, Named) and isinstance(node.body, Literal)):
            return False
        return not self.looks or self._whole(node)

    def _why_claim(self, node: Node, wanted: bool) -> _Reason:
        operand = operand_name(node)
        self.value(node)  # An absent thing is nothing at all, and says so.
        match node:
            case Property(of, name) if name in CLAIMS:
                expected, actual = CLAIMS[name] if wanted else reversed(CLAIMS[name])
                return _Reason(self.names.of(of), (expected,), actual + self._detail(node), operand, True)
            case Option() | Named():
                return _Reason(
                    self.names.of(node), (render(wanted),), render(not wanted), operand, value=True
                )
        return _Reason("", (), None, operand)

    def _detail(self, node: Property) -> str:
        if node.name != "per_channel" or not self.looks or not self.value(node):
            return ""
        return f" ({self.value(Property(node.of, 'scale_count'))} scales)"

    def _why_comparison(self, sign: str, left: Node, right: Node) -> _Reason:
        among = sign in ("in", "not in")
        if isinstance(left, Literal) and not isinstance(right, Literal) and not among:
            sign, left, right = _MIRRORED.get(sign, sign), right, left
        operand = operand_name(left) or operand_name(right)
        asked = left.name if isinstance(left, Property) else ""
        subject = self.names.of(left.of if isinstance(left, Property) and asked == "dtype" else left)
        if len(subject) > _LONGEST_NAME:
            return _Reason("", (), None, operand)
        listed = self._listing(right) if among else None
        value, name = self._called(right) if listed is None else ("", "")
        return _Reason(
            subject,
            tuple(_wanted(sign, [f"{value} ({name})" if name else value] if listed is None else listed)),
            self._found(left) if self.looks else None,
            operand,
            value=asked != "dtype",
            shape=None if isinstance(left, Property | Arithmetic) else shape_in(left),
            # Whether two tensors are one shows in no number.
            claim=asked == "index",
            parameter=isinstance(left, Named) and isinstance(unnamed(left), Literal),
            counts=isinstance(left, Property | Call) and subject.startswith(_NUMBER_OF),
            named=tuple(_wanted(sign, [f"{_type_of(name)} ({value})"])) if name else (),
        )

    def _called(self, node: Node) -> tuple[str, str]:
        """The value of a part, and what it is called where that says more."""
        if isinstance(node, Literal):
            return render(node.value), ""
        name = self.names.of(node)
        if not self.looks:
            return name, ""
        value = render(self.value(node))
        literal = isinstance(node, List) or isinstance(unnamed(node), Literal)
        return value, "" if literal or name == value or len(name) > _LONGEST_NAME else name

    def _listing(self, node: Node) -> list[str] | None:
        """The texts of a list's elements."""
        match unnamed(node):
            case Literal(values):
                return [render(value) for value in values]
            case List(parts):
                return [render(self.value(part)) if self.looks else self.names.of(part) for part in parts]
        return None

    def _why_broadcast(self, narrow: Node, wide: Node) -> _Reason:
        value, name = self._called(wide)
        wanted = f"one that broadcasts to {f'{value} ({name})' if name else value}"
        actual = render(self.value(narrow)) if self.looks else None
        operand = operand_name(narrow) or operand_name(wide)
        return _Reason(self.names.of(narrow), (wanted,), actual, operand, value=True)

    def _why_all(self, each: Each) -> _Reason:
        try:
            for _ in self._bound(each, 0):
                if self.fails(each.body):
                    return self.why(each.body)
        except Undefined:
            self._say_who_is_absent(each)
            raise
        return self._why_claim(each, True)

    def _why_any(self, each: Each) -> _Reason:
        iterable = each.loops[0].iterable
        values = list(self.value(iterable))
        if not isinstance(iterable, Property) or not all(isinstance(value, int | float) for value in values):
            return self._why_claim(each, True)
        name = self.names.of(iterable)
        return _Reason("", (), f"{name} {render(values)}" if values else f"no {name}", operand_name(iterable))

    def _say_who_is_absent(self, each: Each) -> None:
        for slot in (slot for loop in each.loops for slot in loop.slots):
            name = self.names.variables.get(slot)
            if name is not None and self.context.variables[slot] is None:
                raise Undefined(f"{name} is left out") from None

    def _bound(self, each: Each, depth: int) -> Iterator[None]:
        """Binds and names the loop variables, element by element."""
        slots, iterable = each.loops[depth].slots, each.loops[depth].iterable
        variables = self.context.variables
        for position, value in enumerate(self.value(iterable)):
            variables.extend([None] * (slots[-1] + 1 - len(variables)))
            for slot, bound, of in zip(slots, *_columns(slots, iterable, value), strict=True):
                variables[slot] = bound
                self.names.variables[slot] = self._name(bound, of, position)
            if depth + 1 < len(each.loops):
                yield from self._bound(each, depth + 1)
            elif each.condition is None or self.value(each.condition):
                yield

    def _name(self, value: Any, of: Node, position: int) -> str:
        if isinstance(value, Tensor):
            return self.names.role(value, of, position)
        if isinstance(of, Call) and of.function == "range":
            return render(value)
        return self.names.element(of, position)

    def _found(self, node: Node) -> str:
        shown, body = render(self.value(node)), unnamed(node)
        return f"{self._numbers(body)} = {shown}" if isinstance(body, Arithmetic) else shown

    def _numbers(self, node: Node) -> str:
        """An arithmetic expression with the numbers in place of the names."""
        if not isinstance(node, Arithmetic):
            return render(self.value(node))
        left, right = (
            f"({self._numbers(part)})" if isinstance(part, Arithmetic) else self._numbers(part)
            for part in (node.left, node.right)
        )
        return f"{left} {node.sign} {right}"


def _wanted(sign: str, literal: list[str]) -> Iterator[str]:
    """What a comparison asks for, one text for each thing that would do."""
    if sign in _ORDER:
        yield f"{_ORDER[sign]} {literal[0]}"
    elif sign in ("!=", "not in"):
        yield f"other than {alternatives(literal)}"
    else:
        yield from literal


def _type_of(name: str) -> str:
    """`dtype of x` as it stands behind another operand: `of the type of x`."""
    return f"of the type of {name.removeprefix(_DTYPE_OF)}" if name.startswith(_DTYPE_OF) else name


def _columns(slots: Sequence[int], iterable: Node, value: Any) -> tuple[Sequence[Any], Sequence[Node]]:
    """The values of the loop variables and the lists that they come from."""
    if len(slots) == 1:
        return [value], [iterable]
    zipped = unnamed(iterable)
    return value, zipped.arguments if isinstance(zipped, Call) else [iterable] * len(slots)


def _merged(group: list[_Reason]) -> _Reason:
    wanted = dict.fromkeys(name for why in group for name in why.wanted)
    named = dict.fromkeys(name for why in group for name in why.named or why.wanted)
    return structs.replace(group[0], wanted=tuple(wanted), named=tuple(named))


def _is_absence(node: Node) -> bool:
    return isinstance(node, Property) and node.name == "omitted"

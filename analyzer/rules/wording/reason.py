"""Why a requirement failed: what it looked at, what it wanted and what it found, taken out of its tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, structs

from analyzer.expressions.evaluate import look
from analyzer.expressions.nodes import Tree, negated, operand_of, shape_in, unnamed
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model.graph import Tensor
from analyzer.rules.wording.naming import CLAIMS, Names, alternatives, render


class Explanation(Struct, frozen=True):
    """What a failed requirement looked at, what it wanted and what it found.

    `expected` is None where the tree doesn't tell it in few words. `subject` is empty where several
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


def explain(tree: Tree, context: Context) -> Explanation:
    """Explain why `tree` doesn't hold for the operator in `context`."""
    explainer = _Explainer(context)
    try:
        reason = explainer.why(tree)
    except Undefined as absent:
        reason = _Explainer(context, looks=False).why(explainer.touching(tree))
        return _explanation(reason, str(absent), True)
    return _explanation(reason, reason.found, False)


def _explanation(reason: _Reason, found: str | None, absent: bool) -> Explanation:
    expected = _joined(reason)
    wanted = None if expected is None else _assigned(reason, alternatives(reason.named or reason.wanted))
    return Explanation(
        reason.subject, expected, found, wanted, reason.operand, reason.claim, absent, reason.parameter
    )


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
    shape: Tree | None = None
    parameter: bool = False
    #: Whether the subject is a number of things.
    counts: bool = False
    #: `wanted`, but what has a name by its name: `dimension 0 of x (4)`.
    named: tuple[str, ...] = ()


def _joined(reason: _Reason) -> str | None:
    return alternatives(reason.wanted) if reason.wanted else None


def _assigned(reason: _Reason, what: str | None) -> str:
    """`rank of x = 4`, `rank of x at most 4`, `at most 4 inputs`, `x FLOAT32`."""
    if reason.counts and what is not None and what[-1].isdecimal():
        counted = reason.subject.removeprefix(_NUMBER_OF)
        return f"{what} {_one(counted) if what.split()[-1] == '1' else counted}"
    equals = reason.value and what is not None and not what.startswith(_COMPARING)
    return " ".join(word for word in (reason.subject, "=" if equals else "", what) if word)


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
    """Walks down a failed tree to the part that decides; without `looks` it only reads the tree."""

    def __init__(self, context: Context, looks: bool = True) -> None:
        self.context = context
        self.looks = looks
        self.names = Names(context if looks else None)

    def why(self, tree: Tree) -> _Reason:
        node = tree[0]
        if node == "named" and tree[2][0] != "lit":
            return self.why(tree[2])
        if node == "and":
            return self.why(next((part for part in tree[1:] if self.fails(part)), tree[1]))
        if node == "or":
            return self._why_or(tree)
        if node == "cmp":
            return self._why_comparison(tree)
        if node == "if":
            return self.why(tree[2] if self.value(tree[1]) else tree[3])
        if node == "not":
            return self._why_not(tree)
        if node == "call" and tree[2][0] == "each" and self.looks:
            return self._why_all(tree[2]) if tree[1] == "all" else self._why_any(tree[2])
        if node == "call" and tree[1] == "broadcasts_to":
            return self._why_broadcast(tree)
        return self._why_claim(tree, True)

    def value(self, tree: Tree) -> Any:
        if not self.looks:
            return None
        return tree[1] if tree[0] == "lit" else look(tree, self.context)

    def fails(self, tree: Tree) -> bool:
        """Whether this part is at fault; one that can't be looked at is, by raising."""
        return self.looks and not self.value(tree)

    def touching(self, tree: Tree) -> Tree:
        """The part that touches an absent thing."""
        while tree[0] in ("and", "or", "named", "not"):
            parts = [part for part in tree[1:] if isinstance(part, list)]
            tree = next((part for part in parts if not self._whole(part)), parts[-1])
        return tree

    def _whole(self, tree: Tree) -> bool:
        try:
            self.value(tree)
        except Undefined:
            return False
        return True

    def _why_or(self, tree: Tree) -> _Reason:
        reasons = [self.why(part) for part in tree[1:] if not _is_absence(part) and self._tellable(part)]
        told = [reason for reason in reasons if not reason.claim] or reasons
        if not told:
            return self._why_claim(tree[-1], True)
        grouped: dict[str, list[_Reason]] = {}
        for reason in told:
            grouped.setdefault(reason.subject, []).append(reason)
        merged = [_merged(group) for group in grouped.values()]
        if len(merged) == 1:
            return merged[0]
        wanted = tuple(_assigned(one, alternatives(one.named or one.wanted)) for one in merged if one.wanted)
        found = ", ".join(dict.fromkeys(self._state(one) for one in merged if one.found))
        return _Reason("", wanted, found, merged[0].operand)

    def _state(self, reason: _Reason) -> str:
        """What was found beside other things: of dimensions, the whole shape."""
        if reason.shape is not None and self.looks:
            return f"{self.names.of(reason.shape)} {render(self.value(reason.shape))}"
        return _assigned(reason, reason.found)

    def _tellable(self, tree: Tree) -> bool:
        """Whether an alternative fails by something of the operator, not by a parameter or an absence."""
        if tree[0] == "lit" or (tree[0] == "named" and tree[2][0] == "lit"):
            return False
        return not self.looks or self._whole(tree)

    def _why_not(self, tree: Tree) -> _Reason:
        inner = tree[1]
        while inner[0] == "named":
            inner = inner[2]
        turned = negated(inner)
        return self._why_claim(inner, False) if turned is None else self.why(turned)

    def _why_claim(self, tree: Tree, wanted: bool) -> _Reason:
        operand = operand_of(tree)
        self.value(tree)  # An absent thing is nothing at all, and says so.
        if tree[0] == "attr" and tree[2] in CLAIMS:
            yes, no = CLAIMS[tree[2]]
            expected, found = (yes, no) if wanted else (no, yes)
            return _Reason(self.names.of(tree[1]), (expected,), found + self._detail(tree), operand, True)
        if tree[0] in ("option", "named"):
            return _Reason(self.names.of(tree), (render(wanted),), render(not wanted), operand, value=True)
        return _Reason("", (), None, operand)

    def _detail(self, tree: Tree) -> str:
        if tree[2] != "per_channel" or not self.looks or not self.value(tree):
            return ""
        return f" ({self.value(['attr', tree[1], 'scale_count'])} scales)"

    def _why_comparison(self, tree: Tree) -> _Reason:
        sign, left, right = tree[1], tree[2], tree[3]
        if left[0] == "lit" and right[0] != "lit" and sign not in ("in", "not in"):
            sign, left, right = _MIRRORED.get(sign, sign), right, left
        operand = operand_of(left) or operand_of(right)
        of_dtype = left[0] == "attr" and left[2] == "dtype"
        subject = self.names.of(left[1] if of_dtype else left)
        if len(subject) > _LONGEST_NAME:
            return _Reason("", (), None, operand)
        listed = self._listing(right) if sign in ("in", "not in") else None
        value, name = self._called(right) if listed is None else ("", "")
        return _Reason(
            subject,
            tuple(_wanted(sign, [f"{value} ({name})" if name else value] if listed is None else listed)),
            self._found(left) if self.looks else None,
            operand,
            value=not of_dtype,
            shape=None if left[0] in ("attr", "arith") else shape_in(left),
            # Whether two tensors are one shows in no number.
            claim=left[0] == "attr" and left[2] == "index",
            parameter=left[0] != "lit" and unnamed(left)[0] == "lit",
            counts=left[0] in ("attr", "call") and subject.startswith(_NUMBER_OF),
            named=tuple(_wanted(sign, [f"{_type_of(name)} ({value})"])) if name else (),
        )

    def _called(self, tree: Tree) -> tuple[str, str]:
        """The value of a part, and what it is called where that says more."""
        if tree[0] == "lit":
            return render(tree[1]), ""
        name = self.names.of(tree)
        if not self.looks:
            return name, ""
        value = render(self.value(tree))
        literal = tree[0] == "list" or unnamed(tree)[0] == "lit"
        return value, "" if literal or name == value or len(name) > _LONGEST_NAME else name

    def _listing(self, tree: Tree) -> list[str] | None:
        """The texts of a list's elements."""
        while tree[0] == "named":
            tree = tree[2]
        if tree[0] == "lit":
            return [render(value) for value in tree[1]]
        if tree[0] == "list":
            return [render(self.value(part)) if self.looks else self.names.of(part) for part in tree[1:]]
        return None

    def _why_broadcast(self, tree: Tree) -> _Reason:
        narrow, wide = tree[2], tree[3]
        value, name = self._called(wide)
        wanted = f"one that broadcasts to {f'{value} ({name})' if name else value}"
        found = render(self.value(narrow)) if self.looks else None
        return _Reason(self.names.of(narrow), (wanted,), found, operand_of(tree), value=True)

    def _why_all(self, each: Tree) -> _Reason:
        try:
            for _ in self._bound(each, 0):
                if self.fails(each[1]):
                    return self.why(each[1])
        except Undefined:
            self._say_who_is_absent(each)
            raise
        return self._why_claim(each, True)

    def _why_any(self, each: Tree) -> _Reason:
        iterable = each[2][0][1]
        values = list(self.value(iterable))
        if iterable[0] != "attr" or not all(isinstance(value, int | float) for value in values):
            return self._why_claim(each, True)
        name = self.names.of(iterable)
        return _Reason("", (), f"{name} {render(values)}" if values else f"no {name}", operand_of(iterable))

    def _say_who_is_absent(self, each: Tree) -> None:
        for slot in (slot for slots, _ in each[2] for slot in slots):
            name = self.names.variables.get(slot)
            if name is not None and self.context.variables[slot] is None:
                raise Undefined(f"{name} is left out") from None

    def _bound(self, each: Tree, depth: int) -> Iterator[None]:
        """Binds and names the loop variables, element by element."""
        slots, iterable = each[2][depth]
        variables = self.context.variables
        for position, value in enumerate(self.value(iterable)):
            variables.extend([None] * (slots[-1] + 1 - len(variables)))
            for slot, one, of in zip(slots, *_columns(slots, iterable, value), strict=True):
                variables[slot] = one
                self.names.variables[slot] = self._name(one, of, position)
            if depth + 1 < len(each[2]):
                yield from self._bound(each, depth + 1)
            elif each[3] is None or self.value(each[3]):
                yield

    def _name(self, value: Any, of: Tree, position: int) -> str:
        if isinstance(value, Tensor):
            return self.names.role(value, of, position)
        if of[0] == "call" and of[1] == "range":
            return render(value)
        return self.names.element(of, position)

    def _found(self, tree: Tree) -> str:
        shown = render(self.value(tree))
        while tree[0] == "named":
            tree = tree[2]
        return f"{self._numbers(tree)} = {shown}" if tree[0] == "arith" else shown

    def _numbers(self, tree: Tree) -> str:
        """An arithmetic expression with the numbers in place of the names."""
        if tree[0] != "arith":
            return render(self.value(tree))
        left, right = (
            f"({self._numbers(part)})" if part[0] == "arith" else self._numbers(part) for part in tree[2:]
        )
        return f"{left} {tree[1]} {right}"


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


def _columns(slots: list[int], iterable: Tree, value: Any) -> tuple[Any, list[Tree]]:
    """The values of the loop variables and the lists that they come from."""
    if len(slots) == 1:
        return [value], [iterable]
    return value, [iterable[2], iterable[3]]


def _merged(group: list[_Reason]) -> _Reason:
    wanted = dict.fromkeys(name for reason in group for name in reason.wanted)
    named = dict.fromkeys(name for reason in group for name in reason.named or reason.wanted)
    return structs.replace(group[0], wanted=tuple(wanted), named=tuple(named))


def _is_absence(tree: Tree) -> bool:
    return bool(tree[0] == "attr" and tree[2] == "omitted")

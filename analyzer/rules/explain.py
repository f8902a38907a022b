"""Why a requirement failed: expected and actual, taken out of its tree."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from analyzer.model.graph import Tensor
from analyzer.rules.evaluate import build
from analyzer.rules.trees import Tree, show
from analyzer.vocabulary import Absent, Context


class Explanation(Struct, frozen=True):
    """What a failed requirement looked at, what it wanted and what it found."""

    subject: str
    expected: str
    actual: str
    #: The operand that the requirement is about, where it is about one.
    operand: str | None = None


def explain(tree: Tree, context: Context) -> Explanation:
    """Explain why `tree` doesn't hold for the operator in `context`."""
    try:
        return _explain(tree, context)
    except Absent as absent:
        return Explanation(show(tree), _wanted(tree), str(absent), operand_of(tree))


def operand_of(tree: Any) -> str | None:
    """The first operand that a tree names."""
    if not isinstance(tree, list) or not tree:
        return None
    if tree[0] in ("operand", "rest"):
        return str(tree[3])
    for part in tree[1:]:
        found = operand_of(part)
        if found is not None:
            return found
    return None


def _explain(tree: Tree, c: Context) -> Explanation:
    node = tree[0]
    if node == "named":
        return _explain(tree[2], c)
    if node == "and":
        for part in tree[1:]:
            if not build(part)(c):
                return _explain(part, c)
    if node == "or":
        return _explain_or(tree, c)
    if node == "cmp":
        return _explain_comparison(tree, c)
    if node == "if":
        return _explain(tree[2] if build(tree[1])(c) else tree[3], c)
    if node == "call" and tree[1] == "all" and tree[2][0] == "each" and len(tree[2][2]) == 1:
        found = _explain_all(tree[2], c)
        if found is not None:
            return found
    if node == "not":
        return _explain_not(tree, c)
    return _explain_claim(tree, "true", c)


def _explain_claim(tree: Tree, expected: str, c: Context) -> Explanation:
    return Explanation(show(tree), expected, _found(tree, c), operand_of(tree))


def _explain_not(tree: Tree, c: Context) -> Explanation:
    inner = tree[1]
    while inner[0] == "named":
        inner = inner[2]
    if inner[0] in ("attr", "fact", "option"):
        return _explain_claim(inner, "false", c)
    if inner[0] == "and":
        shown = " and ".join(_state(part, c) for part in inner[1:])
        return Explanation(show(inner), f"not both: {show(inner)}", shown, operand_of(tree))
    return Explanation(show(inner), show(tree), _states(inner, c), operand_of(tree))


def _explain_or(tree: Tree, c: Context) -> Explanation:
    parts = [part for part in tree[1:] if not _is_absence(part)]
    if not parts:
        parts = tree[1:]
    explained = [_explain(part, c) for part in parts if _evaluates(part, c)]
    if not explained:
        return Explanation(show(tree), show(tree), "nothing that could be looked at", operand_of(tree))
    subjects = {one.subject for one in explained}
    if len(subjects) == 1:
        wanted = " or ".join(dict.fromkeys(one.expected for one in explained))
        return Explanation(explained[0].subject, wanted, explained[0].actual, explained[0].operand)
    wanted = " or ".join(f"{one.subject} {one.expected}" for one in explained)
    actual = ", ".join(f"{one.subject} {one.actual}" for one in explained)
    return Explanation(explained[0].subject, wanted, actual, explained[0].operand)


def _is_absence(tree: Tree) -> bool:
    return tree[0] == "attr" and tree[2] == "omitted"


def _evaluates(tree: Tree, c: Context) -> bool:
    try:
        return not bool(build(tree)(c))
    except Absent:
        return False


def _explain_comparison(tree: Tree, c: Context) -> Explanation:
    sign, left, right = tree[1], tree[2], tree[3]
    if left[0] == "lit" and right[0] != "lit":
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
        sign, left, right = mirrored.get(sign, sign), right, left
    actual = _found(left, c)
    wanted = _wanted_of(sign, right, c)
    return Explanation(show(left), wanted, actual, operand_of(left) or operand_of(right))


def _wanted_of(sign: str, right: Tree, c: Context | None) -> str:
    literal = _listing(right)
    if literal is not None:
        shown = _alternatives(literal)
        return {"in": shown, "==": shown, "not in": f"not {shown}", "!=": f"not {shown}"}.get(
            sign, f"{sign} {shown}"
        )
    shown = show(right)
    if c is not None:
        shown = f"{shown} ({_found(right, c)})"
    return shown if sign == "==" else f"not {shown}" if sign == "!=" else f"{sign} {shown}"


def _listing(tree: Tree) -> list[str] | None:
    """The texts of a literal or of a list of literals."""
    while tree[0] == "named":
        tree = tree[2]
    if tree[0] == "lit" and isinstance(tree[1], list):
        return [render(value) for value in tree[1]]
    if tree[0] == "lit":
        return [render(tree[1])]
    if tree[0] == "list" and all(part[0] == "lit" for part in tree[1:]):
        return [render(part[1]) for part in tree[1:]]
    return None


def _alternatives(names: list[str]) -> str:
    if len(names) < 2:
        return names[0] if names else "nothing"
    return ", ".join(names[:-1]) + " or " + names[-1]


def _wanted(tree: Tree) -> str:
    """What a requirement wants, without a context to look at."""
    while tree[0] == "named":
        tree = tree[2]
    if tree[0] == "cmp":
        return f"{show(tree[2])} {_wanted_of(tree[1], tree[3], None)}".replace(" not ", " other than ")
    return show(tree)


def _explain_all(each: Tree, c: Context) -> Explanation | None:
    body, ((slots, iterable),), condition = each[1], each[2], each[3]
    if len(slots) != 1:
        return None
    only = build(condition) if condition is not None else None
    holds = build(body)
    for value in build(iterable)(c):
        while len(c.variables) <= slots[0]:
            c.variables.append(None)
        c.variables[slots[0]] = value
        if (only is None or only(c)) and not holds(c):
            inner = _explain(body, c)
            named = f"{render(value)}" if isinstance(value, Tensor) else inner.subject
            attribute = inner.subject.rpartition(".")[2]
            subject = f"{attribute} of {named}" if isinstance(value, Tensor) else inner.subject
            return Explanation(subject, inner.expected, inner.actual, inner.operand)
    return None


def _found(tree: Tree, c: Context) -> str:
    shown = render(build(tree)(c))
    while tree[0] == "named":
        tree = tree[2]
    if tree[0] == "attr" and tree[2] == "per_channel" and shown == "true":
        count = build(["attr", tree[1], "scale_count"])(c)
        return f"true ({count} scales)"
    if tree[0] == "arith":
        return f"{_values(tree, c)} = {shown}"
    return shown


def _values(tree: Tree, c: Context) -> str:
    """An arithmetic expression with the numbers in place of the names."""
    if tree[0] == "arith":
        return f"{_values(tree[2], c)} {tree[1]} {_values(tree[3], c)}"
    return render(build(tree)(c))


def _state(tree: Tree, c: Context) -> str:
    try:
        return f"{show(tree)} is {render(build(tree)(c))}"
    except Absent as absent:
        return str(absent)


def _states(tree: Tree, c: Context) -> str:
    if tree[0] == "cmp":
        return f"{show(tree[2])} {_found(tree[2], c)}"
    return _state(tree, c)


def render(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Tensor):
        return value.name or f"tensor {value.index}"
    if isinstance(value, Context):
        return value.operator.name
    if isinstance(value, tuple | list):
        shown = ", ".join(render(element) for element in value[:8])
        return f"[{shown}{', ...' if len(value) > 8 else ''}]"
    if value is None:
        return "left out"
    return str(value)

"""Checked expressions as trees: plain nested lists, so that they can be kept as JSON.

The first element names the node:

    [lit, value]  [param, name]  [fact, name]  [operand, side, position, name]  [rest, side, start, name]
    [option, field]  [attribute, name]  [var, slot, name]  [attr, of, name]  [index, of, at]
    [cmp, sign, a, b]  [and|or, ...]  [not, a]  [arith, sign, a, b]  [neg, a]  [if, condition, a, b]
    [list, ...]  [call, function, ...]
    [each, body, [[slots, iterable], ...], condition or null]  [named, name, tree]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from analyzer.expressions.vocabulary import OPERATOR

Tree = list[Any]
Found = TypeVar("Found")
#: Trees that a function remembers before it begins anew.
_MOST = 20_000


def remembered(find: Callable[[Tree], Found]) -> Callable[[Tree], Found]:
    """The function that finds something out about a tree, doing so once for each tree."""
    known: dict[int, tuple[Tree, Found]] = {}

    def recall(tree: Tree) -> Found:
        found = known.get(id(tree))
        if found is None:
            if len(known) >= _MOST:
                known.clear()
            # The tree is kept beside what was found, so that no other can come to have its identity.
            found = known[id(tree)] = tree, find(tree)
        return found[1]

    return recall


def show(tree: Tree) -> str:
    """The tree as a rule's author would write it: text that reads back as the same tree."""
    node = tree[0]
    if node == "lit":
        return _literal(tree[1])
    if node == "fact":
        return str(tree[1])
    if node == "param":
        return f"parameters.{tree[1]}" if tree[1] in OPERATOR else str(tree[1])
    if node in ("operand", "rest"):
        return str(tree[3])
    if node == "option":
        return f"options.{tree[1]}"
    if node == "attribute":
        return f"attributes.{tree[1]}"
    if node == "var":
        return str(tree[2])
    if node == "named":
        return str(tree[1])
    if node == "attr":
        return f"{_nested(tree[1])}.{tree[2]}"
    if node == "index":
        return f"{_nested(tree[1])}[{show(tree[2])}]"
    if node in ("cmp", "arith"):
        return f"{_nested(tree[2])} {tree[1]} {_nested(tree[3])}"
    if node in ("and", "or"):
        return f" {node} ".join(_nested(part) for part in tree[1:])
    if node == "not":
        return f"not {_nested(tree[1])}"
    if node == "neg":
        return f"-{_nested(tree[1])}"
    if node == "if":
        return f"{_chosen(tree[2])} if {_chosen(tree[1])} else {_element(tree[3])}"
    if node == "list":
        return f"[{', '.join(_element(part) for part in tree[1:])}]"
    if node == "call":
        only = len(tree) == 3
        return f"{tree[1]}({', '.join(show(part) if only else _element(part) for part in tree[2:])})"
    loops = " ".join(f"for {loop_names(tree, slots)} in {_chosen(iterable)}" for slots, iterable in tree[2])
    return f"{_element(tree[1])} {loops}" + (f" if {_chosen(tree[3])}" if tree[3] is not None else "")


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _nested(tree: Tree) -> str:
    return f"({show(tree)})" if tree[0] in ("and", "or", "not", "arith", "if", "cmp") else _element(tree)


def _chosen(tree: Tree) -> str:
    """A part beside an `if` that isn't its own."""
    return f"({show(tree)})" if tree[0] == "if" else _element(tree)


def _element(tree: Tree) -> str:
    """A part that stands between commas: only a loop needs brackets of its own."""
    return f"[{show(tree)}]" if tree[0] == "each" else show(tree)


def loop_names(tree: Tree, slots: list[int]) -> str:
    """What the variables of one loop in a tree are called: `a, b`."""
    names = _variables(tree)
    return ", ".join(names.get(slot, "_") for slot in slots)


def _variables(tree: Any) -> dict[int, str]:
    """Slot -> name of the loop variables used anywhere in a tree."""
    if not isinstance(tree, list) or not tree:
        return {}
    if tree[0] == "var":
        return {tree[1]: tree[2]}
    found: dict[int, str] = {}
    for part in tree:
        found.update(_variables(part))
    return found


def _operand_in(tree: Any) -> Tree | None:
    if not isinstance(tree, list) or not tree:
        return None
    if tree[0] in ("operand", "rest"):
        return tree
    return next((found for part in tree[1:] if (found := _operand_in(part)) is not None), None)


_operand_node: Callable[[Tree], Tree | None] = remembered(_operand_in)


def operand_of(tree: Tree) -> str | None:
    """The first operand that a tree names."""
    found = _operand_node(tree)
    return None if found is None else str(found[3])


def place_of(tree: Tree) -> tuple[str, int] | None:
    """Side and position of the first operand that a tree names."""
    found = _operand_node(tree)
    return None if found is None else (found[1], found[2])


def facts_in(tree: Any) -> set[str]:
    """What a tree looks at of an operator, by name; operands and options count as such."""
    if not isinstance(tree, list) or not tree:
        return set()
    if tree[0] in ("fact", "operand", "rest", "option", "attribute"):
        return {str(tree[1])}
    return {name for part in tree for name in facts_in(part)}


def unnamed(tree: Tree) -> Tree:
    """The tree without the definitions' names around it."""
    while tree[0] == "named":
        tree = tree[2]
    return tree


def shape_in(tree: Any) -> Tree | None:
    """The shape that a tree takes a dimension of."""
    if not isinstance(tree, list) or not tree:
        return None
    if tree[0] == "attr" and tree[2] == "shape":
        return tree
    return next((found for part in tree[1:] if (found := shape_in(part)) is not None), None)


_NEGATED = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "not in",
    "not in": "in",
}


def negated(tree: Tree) -> Tree | None:
    """The tree that holds where this one doesn't, with `not` moved inwards; None where it can't move."""
    node = tree[0]
    if node == "cmp":
        return ["cmp", _NEGATED[tree[1]], tree[2], tree[3]]
    if node == "not":
        inner: Tree = tree[1]
        return inner
    if node in ("and", "or"):
        return ["or" if node == "and" else "and", *(["not", part] for part in tree[1:])]
    if node == "call" and tree[1] in ("any", "all") and tree[2][0] == "each":
        each = tree[2]
        other = "all" if tree[1] == "any" else "any"
        return ["call", other, ["each", ["not", each[1]], each[2], each[3]]]
    return None


def varies(tree: Any) -> bool:
    """Whether a parameter, or a value that differs by operator, has a say in a tree."""
    return isinstance(tree, list) and (tree[:1] == ["param"] or any(varies(part) for part in tree))

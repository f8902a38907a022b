"""Conditions read out: what a clause asks of an operator, without an operator at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.expressions.nodes import Tree, unnamed
from analyzer.rules.wording.naming import CLAIMS, alternatives, render
from analyzer.rules.wording.spoken import Spoken

_SIGNS = {"==": "is", "in": "is", "!=": "is not", "not in": "is not"} | {
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
#: What a comparison says where it doesn't hold.
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
#: What is said of an operator where a fact holds, and where it doesn't.
_FACTS = {
    "has_options": ("the operator has options", "the operator has no options"),
    "consumers_accepted": ("all operators that read it are taken", "an operator that reads it isn't taken"),
}
_CLAIMS = dict(CLAIMS) | {
    "readable": ("known and short enough to read", "not known or too long to read"),
    "from_shape": ("computed from shapes", "not computed from shapes"),
}


def sentence(tree: Tree) -> str:
    """A condition as a person would say it: `rank of input is at most 4, or bias is left out`."""
    return _claim(tree, True)


def terms(*trees: Tree | None) -> Mapping[str, str]:
    """The definitions that conditions use by name, and what each stands for."""
    found: dict[str, str] = {}
    for tree in trees:
        _gather(tree, found)
    return found


def _gather(tree: Any, found: dict[str, str]) -> None:
    if not isinstance(tree, list) or not tree:
        return
    if tree[0] == "named" and _listing(tree) is None and (name := _NAMES.of(tree)) != _NAMES.of(tree[2]):
        found.setdefault(name, _claim(tree[2], True))
    for part in tree:
        _gather(part, found)


def _claim(tree: Tree, holds: bool) -> str:
    """The condition, or that it doesn't hold."""
    node = tree[0]
    if node == "cmp":
        return _comparison(tree, holds)
    if node in ("and", "or"):
        parts = [part for part in tree[1:] if part != ["lit", node == "and"]]
        word = node if holds else "or" if node == "and" else "and"
        return f", {word} ".join(_inner(part, holds, len(parts)) for part in parts) or "always"
    if node == "not":
        return _claim(tree[1], not holds)
    if node == "if":
        chosen = f"if {_claim(tree[1], True)}: {_claim(tree[2], holds)}"
        return (
            chosen
            if tree[3][0] == "lit" and tree[3][1] is holds
            else f"{chosen}; otherwise: {_claim(tree[3], holds)}"
        )
    if node == "attr" and tree[2] in _CLAIMS:
        return f"{_name(tree[1])} is {_CLAIMS[tree[2]][not holds]}"
    if node == "fact" and tree[1] in _FACTS:
        return _FACTS[tree[1]][not holds]
    if node == "call" and tree[1] in ("all", "any"):
        return _each(tree, holds)
    if node == "call" and tree[1] == "broadcasts_to":
        verb = "broadcasts" if holds else "does not broadcast"
        return f"{_name(tree[2])} {verb} to {_name(tree[3])}"
    if node == "lit":
        return "always" if tree[1] is holds else "never" if isinstance(tree[1], bool) else render(tree[1])
    said = _name(tree)
    return said if holds else f"not {said}"


def _inner(tree: Tree, holds: bool, siblings: int) -> str:
    said = _claim(tree, holds)
    return f"({said})" if siblings > 1 and tree[0] in ("and", "or", "if") else said


def _comparison(tree: Tree, holds: bool) -> str:
    sign, left, right = tree[1] if holds else _NEGATED[tree[1]], tree[2], tree[3]
    subject = left[1] if left[0] == "attr" and left[2] == "dtype" else left
    among = sign in ("in", "not in")
    listed = _listing(right) if among else None
    if listed is not None:
        return f"{_name(subject)} {_SIGNS[sign]} {alternatives(listed)}"
    return f"{_name(subject)} {_SIGNS[sign]}{' in' if among else ''} {_name(right)}"


def _each(tree: Tree, holds: bool) -> str:
    each, every = tree[2], tree[1] == "all"
    word = ("every" if every else "some") if holds else ("not every" if every else "no")
    if each[0] != "each":
        return f"{word} one of {_name(each)} holds"
    return f"{word} {_NAMES.loops(each)}: {_claim(each[1], True)}"


def _name(tree: Tree) -> str:
    listed = _listing(tree)
    return _NAMES.of(tree) if listed is None else f"[{', '.join(listed)}]"


def _listing(tree: Tree) -> list[str] | None:
    """The texts of a list of literals, also one that has a name."""
    tree = unnamed(tree)
    if tree[0] == "list" and all(part[0] == "lit" for part in tree[1:]):
        return [render(part[1]) for part in tree[1:]]
    return None


_NAMES = Spoken(sentence)

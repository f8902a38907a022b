"""Trees with a pack's parameters in place: what follows from them alone is computed before any judging."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from analyzer.expressions.evaluate import build
from analyzer.expressions.nodes import Tree
from analyzer.expressions.vocabulary import Undefined

#: Nodes that are computed once all their parts are known.
_COMPUTED = ("not", "cmp", "arith", "neg", "call")


def fold(tree: Tree, parameters: Mapping[str, Any]) -> Tree:
    """The tree with parameters in place and everything that follows from them alone computed."""
    node = tree[0]
    if node in ("lit", "fact", "operand", "rest", "option", "attribute", "var"):
        return tree
    if node == "param":
        # Values that differ by operator aren't known where clauses of every operator are read.
        return ["lit", parameters[tree[1]]] if tree[1] in parameters else tree
    if node in ("and", "or"):
        return _fold_logic(node, tree, parameters)
    if node == "if":
        condition = fold(tree[1], parameters)
        if condition[0] == "lit":
            return fold(tree[2] if condition[1] else tree[3], parameters)
        return ["if", condition, fold(tree[2], parameters), fold(tree[3], parameters)]
    if node == "each":
        loops = [[slots, fold(iterable, parameters)] for slots, iterable in tree[2]]
        kept = None if tree[3] is None else fold(tree[3], parameters)
        return ["each", fold(tree[1], parameters), loops, kept]
    if node == "named":
        inner = fold(tree[2], parameters)
        return inner if inner[0] == "lit" else ["named", tree[1], inner]
    parts = [fold(part, parameters) if isinstance(part, list) else part for part in tree[1:]]
    folded = [node, *parts]
    if node in _COMPUTED and all(_literal(part) for part in parts if isinstance(part, list)):
        try:
            return ["lit", _value(folded)]
        except Undefined:
            return folded
    return folded


def constant(tree: Tree, parameters: Mapping[str, Any]) -> Any:
    """What a tree comes to that names nothing but parameters. Raises: Undefined."""
    return _value(fold(tree, parameters))


def _value(tree: Tree) -> Any:
    # No operator is looked at; loops keep their variables in what is handed to them.
    return build(tree)(SimpleNamespace())  # type: ignore[arg-type]


def _literal(tree: Tree) -> bool:
    return tree[0] == "lit" or (tree[0] == "list" and all(_literal(part) for part in tree[1:]))


def fill(tree: Tree, parameters: Mapping[str, Any]) -> Tree:
    """The tree with parameters in place and nothing computed, so that it can still be explained."""
    if tree[:1] == ["param"]:
        return ["named", tree[1], ["lit", parameters[tree[1]]]]
    if tree[:1] == ["lit"]:
        return tree
    if tree[:1] == ["named"] and (known := fold(tree, parameters))[0] == "lit":
        return ["named", tree[1], known]
    return [fill(part, parameters) if isinstance(part, list) else part for part in tree]


def _fold_logic(node: str, tree: Tree, parameters: Mapping[str, Any]) -> Tree:
    decides = node == "or"
    parts: list[Tree] = []
    for part in tree[1:]:
        folded = fold(part, parameters)
        if folded[0] != "lit":
            parts.append(folded)
        elif folded[1] is decides:
            # What stands before is kept: it may touch an absent thing and so fail first.
            parts.append(folded)
            break
    if not parts:
        return ["lit", not decides]
    return parts[0] if len(parts) == 1 else [node, *parts]

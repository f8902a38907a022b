"""Partial evaluation: parameters in place, and what follows from them alone computed before any judging."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from operator import is_
from types import SimpleNamespace
from typing import Any

from analyzer.errors import RuleError
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.nodes import (
    LEAVES,
    TRUE,
    And,
    Arithmetic,
    Call,
    Choice,
    Comparison,
    Each,
    List,
    Literal,
    Named,
    Negative,
    Node,
    Not,
    Or,
    Parameter,
    changed,
    children,
)
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import Undefined

#: An empty list, as it is written and as a parameter's value.
_NOTHING = (List(()), Literal([]))
#: Nodes that are computed once all their parts are known.
_COMPUTED = (Not, Comparison, Arithmetic, Negative, Call)


def partially_evaluated(node: Node, parameters: Mapping[str, Any]) -> Node:
    """The node with parameters in place and everything that follows from them alone computed."""
    if isinstance(node, Parameter):
        # Values that differ by operator aren't known where clauses of every operator are read.
        return Literal(parameters[node.name]) if node.name in parameters else node
    if node.__class__ in LEAVES:
        return node
    if isinstance(node, And | Or):
        return _logic(node, parameters)
    if isinstance(node, Choice):
        condition = partially_evaluated(node.condition, parameters)
        if isinstance(condition, Literal):
            return partially_evaluated(node.then if condition.value else node.otherwise, parameters)
        then, otherwise = (partially_evaluated(part, parameters) for part in (node.then, node.otherwise))
        same = condition is node.condition and then is node.then and otherwise is node.otherwise
        return node if same else Choice(condition, then, otherwise)
    known = changed(node, partial(partially_evaluated, parameters=parameters))
    if isinstance(known, Named) and isinstance(known.body, Literal):
        return known.body
    if isinstance(known, Each) and known.condition == TRUE:
        return Each(known.body, known.loops, None)
    if isinstance(known, _COMPUTED) and all(map(_is_known, children(known))):
        try:
            return Literal(_value(known))
        except Undefined:
            return known
    return known


def constant(node: Node, parameters: Mapping[str, Any]) -> Any:
    """What a node comes to that names nothing but parameters. Raises: RuleError."""
    try:
        return _value(partially_evaluated(node, parameters))
    except Undefined as absent:
        raise RuleError([f"{show(node)}: {absent}; write what always has a value"]) from None


def filled(node: Node, parameters: Mapping[str, Any]) -> Node:
    """The node with parameters in place and nothing computed, so that it can still be explained."""
    if isinstance(node, Parameter):
        return Named(node.name, Literal(parameters[node.name]))
    if node.__class__ in LEAVES:
        return node
    if isinstance(node, Named) and isinstance(known := partially_evaluated(node, parameters), Literal):
        return Named(node.text, known)
    return changed(node, partial(filled, parameters=parameters))


def _value(node: Node) -> Any:
    # No operator is looked at; loops keep their variables in what is handed to them.
    return compiled(node)(SimpleNamespace(variables=[], steps=0))  # type: ignore[arg-type]


def _is_known(node: Node) -> bool:
    """True of literals, of lists of such, and of a loop over none."""
    if isinstance(node, Each):
        return node.loops[0].iterable in _NOTHING
    return isinstance(node, Literal) or (isinstance(node, List) and all(map(_is_known, node.parts)))


def _logic(node: And | Or, parameters: Mapping[str, Any]) -> Node:
    decides = isinstance(node, Or)
    undecided: list[Node] = []
    for part in node.parts:
        known = partially_evaluated(part, parameters)
        if not isinstance(known, Literal):
            undecided.append(known)
        elif known.value is decides:
            # What stands before is kept: it may touch an absent thing and so fail first.
            undecided.append(known)
            break
    if not undecided:
        return Literal(not decides)
    if len(undecided) == 1:
        return undecided[0]
    same = len(undecided) == len(node.parts) and all(map(is_, undecided, node.parts))
    return node if same else type(node)(tuple(undecided))

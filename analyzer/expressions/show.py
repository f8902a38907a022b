"""Checked expressions as a rule's author would write them: text that reads back as the same node."""

from __future__ import annotations

from typing import Any

from analyzer.expressions.nodes import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Comparison,
    Each,
    Fact,
    Index,
    List,
    Literal,
    Loop,
    Named,
    Negative,
    Node,
    Not,
    Operand,
    Option,
    OptionOf,
    Or,
    Parameter,
    Part,
    Property,
    Rest,
    Variable,
    remembered,
    walk,
)
from analyzer.expressions.vocabulary import OPERATOR

_IN_PARENTHESES = (And, Or, Not, Arithmetic, Choice, Comparison)


def show(node: Node) -> str:
    """The text of a node."""
    match node:
        case Fact() | Operand() | Rest() | Variable():
            return node.name
        case Literal(value):
            return _literal(value)
        case Parameter(name):
            return f"parameters.{name}" if name in OPERATOR else name
        case Option(name):
            return f"options.{name}"
        case Attribute(name):
            return f"attributes.{name}"
        case Named(text):
            return text
        case Property(of, name):
            return f"{_nested(of)}.{name}"
        case OptionOf(of, name):
            return f"{_nested(of)}.options.{name}"
        case Index(of, at):
            return f"{_nested(of)}[{show(at)}]"
        case Comparison(sign, left, right) | Arithmetic(sign, left, right):
            return f"{_nested(left)} {sign} {_nested(right)}"
        case And(parts):
            return " and ".join(map(_nested, parts))
        case Or(parts):
            return " or ".join(map(_nested, parts))
        case Not(of):
            return f"not {_nested(of)}"
        case Negative(of):
            return f"-{_nested(of)}"
        case Choice(condition, then, otherwise):
            return f"{_chosen(then)} if {_chosen(condition)} else {_element(otherwise)}"
        case List(parts):
            return f"[{', '.join(map(_element, parts))}]"
        case Call(function, arguments):
            return f"{function}({', '.join(map(show if len(arguments) == 1 else _element, arguments))})"
        case Each(body, loops, condition):
            kept = "" if condition is None else f" if {_chosen(condition)}"
            return f"{_element(body)} {' '.join(_loop(node, loop) for loop in loops)}{kept}"


def loop_names(each: Each, loop: Loop) -> str:
    """What the variables of one loop are called: `a, b`."""
    names = variables_in(each)
    return ", ".join(names.get(slot, "_") for slot in loop.slots)


@remembered
def variables_in(part: Part) -> dict[int, str]:
    """Slot -> name of the loop variables used anywhere in a node."""
    return {variable.slot: variable.name for variable in walk(part) if isinstance(variable, Variable)}


def _loop(each: Each, loop: Loop) -> str:
    return f"for {loop_names(each, loop)} in {_chosen(loop.iterable)}"


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _nested(node: Node) -> str:
    return f"({show(node)})" if isinstance(node, _IN_PARENTHESES) else _element(node)


def _chosen(node: Node) -> str:
    """A part beside an `if` that isn't its own."""
    return f"({show(node)})" if isinstance(node, Choice) else _element(node)


def _element(node: Node) -> str:
    """A part that stands between commas: only a loop needs brackets of its own."""
    return f"[{show(node)}]" if isinstance(node, Each) else show(node)

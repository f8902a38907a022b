"""What an explanation hangs on: of operators that show the same, a requirement fails for one reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.nodes import (
    And,
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Comparison,
    Fact,
    Index,
    List,
    Literal,
    Named,
    Negative,
    Node,
    Not,
    Operand,
    Option,
    Or,
    Property,
    children,
    remembered,
)
from analyzer.expressions.vocabulary import OPERATOR, TENSOR, Context, Undefined

#: Parts that are looked at through their own parts alone.
_MADE_OF_PARTS = And | Or | Not | Negative | Comparison | Arithmetic | Choice | List | Named | Index | Call
#: Types of facts that one look tells whole, and the classes of their values.
_SIMPLE = {"int", "str", "bool", "float", "number", "dtype"}
_PLAIN = {int, str, bool, float, tuple, type(None)}
#: Values of an operand that are few, and what its words may say beside the value.
_SHAPE, _ABSENCE, _PER_CHANNEL, _SCALES = "shape", "omitted", "per_channel", "scale_count"


def evidence(node: Node, context: Context) -> tuple[str, ...] | None:
    """All that a requirement looks at of an operator, as texts; None where that can't be told in few."""
    looks = _looks(node)
    if looks is None:
        return None
    seen = []
    for look in looks:
        try:
            value: Any = look(context)
        except Undefined as absent:
            seen.append(str(absent))
            continue
        if value.__class__ not in _PLAIN:
            return None
        # A number and a truth value may be equal, and are told in other words.
        seen.append(repr(value))
    return tuple(seen)


@remembered
def _looks(node: Node) -> Sequence[Evaluate] | None:
    """What looks at an operator on behalf of a node; None where there is more to it than simple values."""
    parts: dict[Node, None] = {}
    for part in _looking(node):
        if part is None:
            return None
        parts[part] = None
    return [compiled(part) for part in parts]


def _looking(node: Node) -> Iterator[Node | None]:
    match node:
        case Literal():
            return
        case Option() | Attribute():
            yield node
        case Fact(name):
            yield node if name in OPERATOR and OPERATOR[name][0] in _SIMPLE else None
        case Property(Operand() as operand, name):
            simple = name in (_SHAPE, _ABSENCE) or TENSOR[name][0] in _SIMPLE
            yield node if simple else None
            if name == _PER_CHANNEL:
                yield Property(operand, _SCALES)
        case _ if isinstance(node, _MADE_OF_PARTS):
            for child in children(node):
                yield from _looking(child)
        case _:
            yield None

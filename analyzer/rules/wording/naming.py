"""Nodes and values as a person names them: `weights.shape[3]` is "dimension 3 of weights"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

from analyzer.expressions.evaluate import evaluate
from analyzer.expressions.loops import Elements
from analyzer.expressions.nodes import (
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Each,
    Fact,
    Index,
    List,
    Literal,
    Named,
    Node,
    Operand,
    Option,
    OptionOf,
    Parameter,
    Property,
    Rest,
    Variable,
    unnamed,
)
from analyzer.expressions.show import show, variables_in
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model.graph import Tensor

#: What a tensor is and is not, where an attribute says one or the other.
CLAIMS: Mapping[str, tuple[str, str]] = {
    "constant": ("a constant", "computed at run time"),
    "known": ("known before the model runs", "only known at run time"),
    "omitted": ("left out", "given"),
    "quantized": ("quantized", "not quantized"),
    "per_channel": ("quantized per channel", "quantized per tensor"),
    "blockwise": ("quantized in blocks", "not quantized in blocks"),
    "dynamic": ("of a size known at run time only", "of a fixed size"),
    "persistent": ("kept between runs", "not kept between runs"),
    "variable": ("a variable", "no variable"),
    "sparse": ("sparse", "dense"),
    "graph_input": ("an input of the graph", "no input of the graph"),
    "graph_output": ("an output of the graph", "no output of the graph"),
}

_PROPERTIES = {
    "elements": "number of elements",
    "bytes": "size in bytes",
    "data_bytes": "bytes of data",
    "signature": "shape signature",
    "known_value": "value",
    "known_values": "values",
    "words": "values",
    "scale_count": "number of scales",
    "zero_point_count": "number of zero points",
    "axis": "quantized dimension",
}
#: What functions make of many numbers.
OF_MANY = {"sum": "sum", "product": "product", "min": "smallest", "max": "largest"}
#: What the elements of a tensor's lists are called.
_ELEMENTS = {
    "values": "value",
    "known_values": "value",
    "words": "value",
    "scales": "scale",
    "zero_points": "zero point",
}
_FACTS = {
    "op": "operator",
    "version": "operator version",
    "raised_by": "what raises the version",
    "custom_bytes": "bytes of options",
    "custom_int32": "options",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SHOWN_ELEMENTS = 8


class Names:
    """Names things for one operator; loop variables are called what they stand for."""

    def __init__(self, context: Context | None) -> None:
        self.context = context
        #: Slot of a loop variable -> its name.
        self.variables: dict[int, str] = {}

    def of(self, node: Node) -> str:
        """What a node is called."""
        match node:
            case Operand() | Rest():
                return node.name
            case Option(name) | Attribute(name) | Parameter(name):
                return name
            case Literal(value):
                return show(node) if isinstance(value, list) else render(value)
            case Fact(name):
                return _FACTS.get(name, name)
            case Variable(slot, name):
                return self.variables.get(slot, name)
            case Named(text, body=body):
                return self.definition(text, body)
            case Property(of, "op"):
                return self.of(of)
            case Property(of, name):
                return f"{_PROPERTIES.get(name, name.replace('_', ' '))} of {self.of(of)}"
            case OptionOf(of, name):
                return f"{name} of {self.of(of)}"
            case Arithmetic(sign, left, right):
                return f"{self.nested(left)} {sign} {self.nested(right)}"
            case Choice(condition, then, otherwise):
                chosen = self.value(condition)
                return show(node) if chosen is None else self.of(then if chosen else otherwise)
            case Call():
                return self.call(node)
            case Index(of, at):
                return self.element(of, self.position(at))
        return show(node)

    def definition(self, text: str, body: Node) -> str:
        """A definition's name; one that only picks something is called what it picks."""
        name, _, arguments = text.partition("(")
        words = name.replace("_", " ")
        if isinstance(body, Property | Index | Choice) and (arguments or self.value(body) is not None):
            picked = self.of(body)
            if not arguments or not picked.isdecimal():
                return picked
        return f"{words} of {self._arguments(arguments, body)}" if arguments else words

    def _arguments(self, text: str, body: Node) -> str:
        """What a definition is asked of: loop variables by what they stand for."""
        names = {
            name: self.variables[slot] for slot, name in variables_in(body).items() if slot in self.variables
        }
        return " and ".join(names.get(word, word) for word in text.removesuffix(")").split(", "))

    def nested(self, node: Node) -> str:
        """What a node is called beside a sign."""
        return f"({self.of(node)})" if isinstance(node, Arithmetic) else self.of(node)

    def call(self, node: Call) -> str:
        match node:
            case Call("dim", (of, at)):
                return self.element(of, self.position(at))
            case Call("len", (of,)):
                return f"{'length' if isinstance(of, Option) else 'number'} of {self.of(of)}"
            case Call("float32", (of,)):
                return self.of(of)
            case Call(function, (of,)) if function in OF_MANY:
                return OF_MANY[function] + ("" if isinstance(of, Each) else f" of {self.of(of)}")
        return show(node)

    def position(self, node: Node) -> int | str:
        value = self.value(node)
        return show(node) if value is None or not isfinite(value) else int(value)

    def value(self, node: Node) -> Any:
        """What a node comes to, None where that can't be told."""
        if self.context is None:
            return node.value if isinstance(node, Literal) else None
        try:
            return evaluate(node, self.context)
        except Undefined:
            return None

    def element(self, of: Node, position: int | str) -> str:
        """What the element of a list is called."""
        of = unnamed(of)
        match of:
            case Property(base, "shape"):
                which = "last dimension" if position == -1 else f"dimension {position}"
                return f"{which} of {self.of(base)}"
            case Property(base, name) if name in _ELEMENTS:
                listed = name.endswith("values") and self.value(Property(base, "rank")) == 1
                owner = self.of(base)
                return f"{owner}[{position}]" if listed else f"{_ELEMENTS[name]} {position} of {owner}"
            case Property(base, "inputs" | "outputs" as side):
                return f"{ordinal(position, side[:-1])} of {self.of(base)}"
            case Property(base, "consumers" | "producers" as name):
                return f"{name[:-1]} of {self.of(base)}"
            case Fact("inputs" | "outputs" as side):
                return ordinal(position, side[:-1])
            case Rest(side, start) if isinstance(position, int):
                return ordinal(start + position, side[:-1])
            case List(parts) if isinstance(position, int) and -len(parts) <= position < len(parts):
                return self.of(parts[position])
        return f"{self.of(of)}[{position}]"

    def role(self, tensor: Tensor, of: Node, position: int) -> str:
        """What a tensor is called that stands in the list `of`: operators of one kind say the same."""
        if isinstance(of, Rest | List):
            return self.element(of, position)
        role = self._roles.get(id(tensor))
        if role is None and self.context is not None:
            self.context.beyond = True  # a tensor's own name is no trait
        return role or render(tensor)

    @cached_property
    def _roles(self) -> dict[int, str]:
        """What the operator's own tensors are called, by where each stands first."""
        roles: dict[int, str] = {}
        if isinstance(self.context, Context):
            for side, tensors in (("input", self.context.inputs), ("output", self.context.outputs)):
                for place, operand in enumerate(tensors):
                    if id(operand) in roles:
                        self.context.beyond = True  # nor is it that two operands are one
                    roles.setdefault(id(operand), side if len(tensors) == 1 else ordinal(place, side))
        return roles


def ordinal(position: int | str, word: str) -> str:
    """`third input`."""
    if isinstance(position, int) and 0 <= position < len(_ORDINALS):
        return f"{_ORDINALS[position]} {word}"
    return f"{word} {position}"


def alternatives(names: Sequence[str]) -> str:
    """`A, B or C`; numbers that follow each other are `1 to 6`."""
    if len(names) < 2:
        return names[0] if names else "nothing"
    if len(names) > 2 and names[0].isdecimal() and _follow_each_other(names):
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names[:-1]) + " or " + names[-1]


def _follow_each_other(numbers: Sequence[str]) -> bool:
    first = int(numbers[0])
    return [str(number) for number in range(first, first + len(numbers))] == list(numbers)


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
    if isinstance(value, tuple | list | Elements):
        shown = ", ".join(render(element) for element in value[:_SHOWN_ELEMENTS])
        return f"[{shown}{', ...' if len(value) > _SHOWN_ELEMENTS else ''}]"
    if value is None:
        return "left out"
    return str(value)

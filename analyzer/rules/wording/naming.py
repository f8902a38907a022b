"""Trees and values as a person names them: `weights.shape[3]` is "dimension 3 of weights"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analyzer.expressions.evaluate import look
from analyzer.expressions.nodes import Tree, show
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

_ATTRIBUTES = {
    "elements": "number of elements",
    "bytes": "size in bytes",
    "data_bytes": "bytes of data",
    "signature": "shape signature",
    "known_value": "value",
    "known_values": "values",
    "scale_count": "number of scales",
    "zero_point_count": "number of zero points",
    "axis": "quantized dimension",
}
#: What functions make of many numbers.
OF_MANY = {"sum": "sum", "product": "product", "min": "smallest", "max": "largest"}
#: What the elements of a tensor's lists are called.
_ELEMENTS = {"values": "value", "known_values": "value", "scales": "scale", "zero_points": "zero point"}
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

    def of(self, tree: Tree) -> str:
        """What a tree is called."""
        namer = getattr(self, f"_{tree[0]}", None)
        return show(tree) if namer is None else str(namer(tree))

    def _option(self, tree: Tree) -> str:
        return str(tree[1])

    _attribute = _param = _option

    def _lit(self, tree: Tree) -> str:
        return show(tree) if isinstance(tree[1], list) else render(tree[1])

    def _fact(self, tree: Tree) -> str:
        return _FACTS.get(tree[1], str(tree[1]))

    def _var(self, tree: Tree) -> str:
        return self.variables.get(tree[1], str(tree[2]))

    def _named(self, tree: Tree) -> str:
        """A definition's name; one that only picks something is called what it picks."""
        name, _, arguments = str(tree[1]).partition("(")
        words = name.replace("_", " ")
        if tree[2][0] in ("attr", "index", "if") and (arguments or self._value(tree[2]) is not None):
            picked = self.of(tree[2])
            if not arguments or not picked.isdecimal():
                return picked
        return f"{words} of {self._arguments(arguments, tree[2])}" if arguments else words

    def _arguments(self, text: str, body: Tree) -> str:
        """What a definition is asked of: loop variables by what they stand for."""
        names = {name: self.variables[slot] for slot, name in _loop_variables(body) if slot in self.variables}
        return " and ".join(names.get(word, word) for word in text.removesuffix(")").split(", "))

    def _attr(self, tree: Tree) -> str:
        of, attribute = tree[1], tree[2]
        if attribute == "op":
            return self.of(of)
        return f"{_ATTRIBUTES.get(attribute, attribute.replace('_', ' '))} of {self.of(of)}"

    def _arith(self, tree: Tree) -> str:
        return " ".join([self._nested(tree[2]), tree[1], self._nested(tree[3])])

    def _nested(self, tree: Tree) -> str:
        return f"({self.of(tree)})" if tree[0] == "arith" else self.of(tree)

    def _if(self, tree: Tree) -> str:
        chosen = self._value(tree[1])
        return show(tree) if chosen is None else self.of(tree[2] if chosen else tree[3])

    def _call(self, tree: Tree) -> str:
        if tree[1] == "dim":
            return self.element(tree[2], self._position(tree[3]))
        if tree[1] == "len":
            return f"{'length' if tree[2][0] == 'option' else 'number'} of {self.of(tree[2])}"
        if tree[1] == "float32":
            return self.of(tree[2])
        if tree[1] in OF_MANY:
            return OF_MANY[tree[1]] + ("" if tree[2][0] == "each" else f" of {self.of(tree[2])}")
        return show(tree)

    def _index(self, tree: Tree) -> str:
        return self.element(tree[1], self._position(tree[2]))

    def _position(self, tree: Tree) -> int | str:
        value = self._value(tree)
        return show(tree) if value is None else int(value)

    def _value(self, tree: Tree) -> Any:
        if self.context is None and tree[0] != "lit":
            return None
        try:
            return look(tree, self.context)  # type: ignore[arg-type]
        except Undefined:
            return None

    def element(self, of: Tree, position: int | str) -> str:
        """What the element of a list is called."""
        while of[0] == "named":
            of = of[2]
        if of[0] == "attr" and of[2] == "shape":
            which = "last dimension" if position == -1 else f"dimension {position}"
            return f"{which} of {self.of(of[1])}"
        if of[0] == "attr" and of[2] in _ELEMENTS:
            listed = of[2] in ("values", "known_values") and self._value(["attr", of[1], "rank"]) == 1
            name = self.of(of[1])
            return f"{name}[{position}]" if listed else f"{_ELEMENTS[of[2]]} {position} of {name}"
        if of[0] == "attr" and of[2] in ("inputs", "outputs"):
            return f"{ordinal(position, of[2][:-1])} of {self.of(of[1])}"
        if of[0] == "fact" and of[1] in ("inputs", "outputs"):
            return ordinal(position, of[1][:-1])
        if of[0] == "rest" and isinstance(position, int):
            return ordinal(of[2] + position, of[1][:-1])
        if of[0] == "list" and isinstance(position, int):
            return self.of(of[1 + position])
        if of[0] == "attr" and of[2] in ("consumers", "producers"):
            return f"{of[2][:-1]} of {self.of(of[1])}"
        return f"{self.of(of)}[{position}]"

    def role(self, tensor: Tensor, of: Tree, position: int) -> str:
        """What a tensor is called that stands in the list `of`: operators of one kind say the same."""
        context = self.context
        if of[0] in ("rest", "list"):
            return self.element(of, position)
        if context is not None and hasattr(context, "operator"):
            for side, tensors in (("input", context.inputs), ("output", context.outputs)):
                for place, one in enumerate(tensors):
                    if one is tensor:
                        return side if len(tensors) == 1 else ordinal(place, side)
        return render(tensor)


def _loop_variables(tree: Any) -> Iterator[tuple[int, str]]:
    if isinstance(tree, list) and tree[:1] == ["var"]:
        yield tree[1], tree[2]
    elif isinstance(tree, list):
        for part in tree:
            yield from _loop_variables(part)


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
    if isinstance(value, tuple | list):
        shown = ", ".join(render(element) for element in value[:_SHOWN_ELEMENTS])
        return f"[{shown}{', ...' if len(value) > _SHOWN_ELEMENTS else ''}]"
    if value is None:
        return "left out"
    return str(value)

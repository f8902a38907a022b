"""What the parts of a condition are called where no operator is at hand to look at."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.expressions.nodes import Tree, loop_names
from analyzer.rules.wording.naming import OF_MANY, Names, ordinal, render

_IN_PARENTHESES = ("if", "cmp", "and", "or", "not")


class Spoken(Names):
    """Names a definition by its name, and a choice with its condition, which `say` puts in words."""

    def __init__(self, say: Callable[[Tree], str]) -> None:
        super().__init__(None)
        self.say = say

    def loops(self, each: Tree) -> str:
        """`t of inputs where t is a constant`."""
        kept = f" where {self.say(each[3])}" if each[3] is not None else ""
        return " and ".join(self._loop(each, slots, iterable) for slots, iterable in each[2]) + kept

    def _loop(self, each: Tree, slots: list[int], iterable: Tree) -> str:
        names = loop_names(each, slots)
        if iterable[:2] == ["call", "range"]:
            first, last = iterable[2:] if len(iterable) == 4 else (["lit", 0], iterable[2])
            return f"{names} from {self._nested(first)} to below {self.of(last)}"
        return f"{names} of {self.of(iterable)}"

    def element(self, of: Tree, position: int | str) -> str:
        if of[0] == "attr" and of[2] in ("inputs", "outputs"):
            return f"{ordinal(position, of[2][:-1])} of {self.of(of[1])}"
        return super().element(of, position)

    def _lit(self, tree: Tree) -> str:
        return render(tree[1])

    def _list(self, tree: Tree) -> str:
        return f"[{', '.join(map(self.of, tree[1:]))}]"

    def _named(self, tree: Tree) -> str:
        name, _, arguments = str(tree[1]).partition("(")
        words, argument = name.replace("_", " "), arguments.removesuffix(")")
        if not argument:
            return words
        if tree[2][0] in ("attr", "index"):
            return self.of(tree[2])
        return f"{words} of {argument}" if argument.isidentifier() else str(tree[1])

    def _claim(self, tree: Tree) -> str:
        return f"({self.say(tree)})"

    _cmp = _and = _or = _not = _claim

    def _if(self, tree: Tree) -> str:
        if tree[1][0] == "lit":
            return super()._if(tree)
        return f"({self.of(tree[2])} if {self.say(tree[1])}, otherwise {self.of(tree[3])})"

    def _each(self, tree: Tree) -> str:
        return f"[{self.of(tree[1])} for {self.loops(tree)}]"

    def _neg(self, tree: Tree) -> str:
        return f"-{self._nested(tree[1])}"

    def _nested(self, tree: Tree) -> str:
        """`of` reaches as far as it can, so that words beside a sign stand in parentheses."""
        said = self.of(tree)
        alone = " " not in said or tree[0] in _IN_PARENTHESES or said == tree[1]
        return said if alone else f"({said})"

    def _index(self, tree: Tree) -> str:
        of, at = tree[1], tree[2]
        if of[0] == "attr" and at[:3] == ["arith", "-", ["attr", of[1], "rank"]] and at[3][0] == "lit":
            return self.element(of, -at[3][1])
        return super()._index(tree)

    def _position(self, tree: Tree) -> int | str:
        return int(tree[1]) if tree[0] == "lit" else self._nested(tree)

    def _call(self, tree: Tree) -> str:
        name, *arguments = tree[1:]
        if name in ("dim", "len"):
            return super()._call(tree)
        if name in ("any", "all", "broadcasts_to"):
            return self._claim(tree)
        if name in OF_MANY:
            return self._of_many(name, arguments[0])
        said = [self.of(argument) for argument in arguments]
        if name == "zip":
            return " beside ".join(said)
        if name == "starts_with":
            return " starts with ".join(said)
        return f"{name}({', '.join(said)})"

    def _of_many(self, name: str, values: Tree) -> str:
        if values[0] != "each":
            return f"{OF_MANY[name]} of {self.of(values)}"
        if name == "sum" and values[1] == ["lit", 1]:
            return f"number of {self.loops(values)}"
        return f"{OF_MANY[name]} of {self.of(values[1])} for {self.loops(values)}"

"""Conditions read out: what a clause asks of an operator, without an operator at hand."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.expressions.nodes import (
    NEGATED,
    And,
    Arithmetic,
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
    Or,
    Property,
    children,
    remembered,
    unnamed,
)
from analyzer.expressions.show import loop_names
from analyzer.rules.wording.naming import CLAIMS, OF_MANY, Names, alternatives, render

_SIGNS = {"==": "is", "in": "is", "!=": "is not", "not in": "is not"} | {
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
#: What is said of an operator where a fact holds, and where it doesn't.
_FACTS = {
    "has_options": ("the operator has options", "the operator has no options"),
    "has_attributes": (
        "the file has the composite's attributes",
        "the file lacks the composite's attributes",
    ),
    "consumers_accepted": ("all operators that read it are taken", "an operator that reads it isn't taken"),
}
_CLAIMS = dict(CLAIMS) | {
    "readable": ("known and short enough to read", "not known or too long to read"),
    "from_shape": ("computed from shapes", "not computed from shapes"),
}


@remembered
def sentence(node: Node) -> str:
    """A condition as a person would say it: `rank of input is at most 4, or bias is left out`."""
    return _WORDS.claim(node, True)


def terms(*nodes: Node | None) -> Mapping[str, str]:
    """The definitions that conditions use by name, and what each stands for."""
    meanings: dict[str, str] = {}
    for node in nodes:
        for name, meaning in () if node is None else _terms_in(node).items():
            meanings.setdefault(name, meaning)
    return meanings


@remembered
def _terms_in(node: Node) -> Mapping[str, str]:
    """The same of one node, outer ones first: what many share is gone through once."""
    meanings: dict[str, str] = {}
    if isinstance(node, Named) and _listing(node) is None:
        name = _WORDS.of(node)
        if name != _WORDS.of(node.body):
            meanings[name] = sentence(node.body)
    for part in children(node):
        for name, meaning in _terms_in(part).items():
            meanings.setdefault(name, meaning)
    return meanings


class _Words(Names):
    """Names a definition by its name, and a choice with its condition."""

    def __init__(self) -> None:
        super().__init__(None)

    def claim(self, node: Node, holds: bool) -> str:
        """The condition, or that it doesn't hold."""
        match node:
            case Comparison(sign, left, right):
                return self._comparison(sign if holds else NEGATED[sign], left, right)
            case And(parts) | Or(parts):
                return self._joined(parts, isinstance(node, And), holds)
            case Not(of):
                return self.claim(of, not holds)
            case Choice(condition, then, otherwise):
                chosen = f"if {sentence(condition)}: {self.claim(then, holds)}"
                if isinstance(otherwise, Literal) and otherwise.value is holds:
                    return chosen
                return f"{chosen}; otherwise: {self.claim(otherwise, holds)}"
            case Property(of, name) if name in _CLAIMS:
                return f"{self.listed(of)} is {_CLAIMS[name][not holds]}"
            case Fact(name) if name in _FACTS:
                return _FACTS[name][not holds]
            case Call("distinct", (of,)):
                return f"{'none' if holds else 'one'} of {self.listed(of)} stands there twice"
            case Call("holds", (of,)):
                return self.claim(of, holds)
            case Call("all" | "any" as function, (of,)):
                return self._quantified(function == "all", of, holds)
            case Call("broadcasts_to", (narrow, wide)):
                verb = "broadcasts" if holds else "does not broadcast"
                return f"{self.listed(narrow)} {verb} to {self.listed(wide)}"
            case Literal(value):
                return "always" if value is holds else "never" if isinstance(value, bool) else render(value)
        said = self.listed(node)
        return said if holds else f"not {said}"

    def _joined(self, parts: tuple[Node, ...], all_of_them: bool, holds: bool) -> str:
        deciding = [part for part in parts if part != Literal(all_of_them)]
        word = "and" if all_of_them is holds else "or"
        said = []
        for part in deciding:
            alone = len(deciding) == 1 or not isinstance(part, And | Or | Choice)
            said.append(self.claim(part, holds) if alone else f"({self.claim(part, holds)})")
        return f", {word} ".join(said) or "always"

    def _comparison(self, sign: str, left: Node, right: Node) -> str:
        subject = self.listed(left.of if isinstance(left, Property) and left.name == "dtype" else left)
        among = sign in ("in", "not in")
        members = _listing(right) if among else None
        if members is not None:
            return f"{subject} {_SIGNS[sign]} {alternatives(members)}"
        return f"{subject} {_SIGNS[sign]}{' in' if among else ''} {self.listed(right)}"

    def _quantified(self, every: bool, of: Node, holds: bool) -> str:
        word = ("every" if every else "some") if holds else ("not every" if every else "no")
        if not isinstance(of, Each):
            return f"{word} one of {self.listed(of)} holds"
        return f"{word} {self._loops(of)}: {sentence(of.body)}"

    def _loops(self, each: Each) -> str:
        """`t of inputs where t is a constant`."""
        kept = "" if each.condition is None else f" where {sentence(each.condition)}"
        return " and ".join(self._loop(each, loop) for loop in each.loops) + kept

    def _loop(self, each: Each, loop: Loop) -> str:
        names = loop_names(each, loop)
        if isinstance(loop.iterable, Call) and loop.iterable.function == "range":
            *first, last = loop.iterable.arguments[:2]
            return f"{names} from {self.nested(first[0]) if first else 0} to below {self.of(last)}"
        return f"{names} of {self.of(loop.iterable)}"

    def listed(self, node: Node) -> str:
        """What a node is called, a list of literals by its elements even where it has a name."""
        members = _listing(node)
        return self.of(node) if members is None else f"[{', '.join(members)}]"

    def of(self, node: Node) -> str:
        match node:
            case Literal(value):
                return render(value)
            case List(parts):
                return f"[{', '.join(map(self.of, parts))}]"
            case Comparison() | And() | Or() | Not():
                return f"({sentence(node)})"
            case Choice(condition, then, otherwise) if not isinstance(condition, Literal):
                return f"({self.of(then)} if {sentence(condition)}, otherwise {self.of(otherwise)})"
            case Each(body):
                return f"[{self.of(body)} for {self._loops(node)}]"
            case Negative(of):
                return f"-{self.nested(of)}"
            case Index(of, Arithmetic("-", Property(of_rank, "rank"), Literal(back))):
                # Counted from the end: `x.shape[x.rank - 1]`.
                if isinstance(of, Property) and of.of == of_rank:
                    return self.element(of, -back)
        return super().of(node)

    def definition(self, text: str, body: Node) -> str:
        name, _, arguments = text.partition("(")
        words, argument = name.replace("_", " "), arguments.removesuffix(")")
        if not argument:
            return words
        if isinstance(body, Property | Index):
            return self.of(body)
        return f"{words} of {argument}" if argument.isidentifier() else text

    def nested(self, node: Node) -> str:
        """`of` reaches as far as it can, so that words beside a sign stand in parentheses."""
        said = self.of(node)
        whole = isinstance(node, Choice | Comparison | And | Or | Not)
        written = isinstance(node, Named) and said == node.text
        return said if whole or written or " " not in said else f"({said})"

    def position(self, node: Node) -> int | str:
        return int(node.value) if isinstance(node, Literal) else self.nested(node)

    def call(self, node: Call) -> str:
        match node:
            case Call("dim" | "len"):
                return super().call(node)
            case Call("any" | "all" | "broadcasts_to"):
                return f"({sentence(node)})"
            case Call("sum", (Each(Literal(1)) as each,)):
                return f"number of {self._loops(each)}"
            case Call(function, (Each(body) as each,)) if function in OF_MANY:
                return f"{OF_MANY[function]} of {self.of(body)} for {self._loops(each)}"
            case Call(function, (of,)) if function in OF_MANY:
                return f"{OF_MANY[function]} of {self.of(of)}"
        said = list(map(self.of, node.arguments))
        if node.function == "zip":
            return " beside ".join(said)
        if node.function == "starts_with":
            return " starts with ".join(said)
        return f"{node.function}({', '.join(said)})"


def _listing(node: Node) -> list[str] | None:
    """The texts of a list of literals, also one that has a name."""
    body = unnamed(node)
    if not isinstance(body, List):
        return None
    texts = [render(part.value) for part in body.parts if isinstance(part, Literal)]
    return texts if len(texts) == len(body.parts) else None


_WORDS = _Words()

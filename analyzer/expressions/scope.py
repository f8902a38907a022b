"""Names that an expression may use beside the vocabulary's own words, and the types of the rule language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from analyzer.files import shortened

#: Characters that are told of what is wrong, which quotes texts of any length.
_LONGEST = 1000


class ExpressionError(Exception):
    """The text is not an expression of the rule language; says what, and the nearest right name."""

    def __init__(self, what: str) -> None:
        super().__init__(shortened(what, _LONGEST))


class Definition(Struct, frozen=True):
    """A named expression; with `arguments`, one that takes operands or numbers."""

    name: str
    text: str
    arguments: tuple[str, ...] = ()


class Scope(Struct, frozen=True):
    """The names that an expression may use beside the vocabulary's own."""

    #: Operand name -> (side, position or first position, whether it stands for all from there on).
    operands: Mapping[str, tuple[str, int, bool]] = {}
    #: Option field -> type; None where any field may be named (no single operator in view).
    options: Mapping[str, str] | None = {}
    #: Parameter, or the pack's per-operator value, -> type.
    parameters: Mapping[str, str] = {}
    definitions: Mapping[str, Definition] = {}
    #: Enum name -> its members, for checking names that options are compared with.
    enums: Mapping[str, Sequence[str]] = {}
    #: Facts that only these expressions know (conditions of fixes): name -> type.
    extra: Mapping[str, str] = {}
    #: Names known here in place of the operator's own (partition checks, summaries): name -> type.
    facts: Mapping[str, str] | None = None


#: Types are short texts: `int`, `list[tensor]`, `enum:Padding`.
NUMBERS = ("int", "float", "number")


def said(actual: str) -> str:
    return actual.replace("enum:", "a name of ")


def article(kind: str) -> str:
    return kind if kind.startswith("a ") else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def fits(actual: str, wanted: str) -> bool:
    if actual == wanted or wanted in ("T", "any"):
        return True
    if wanted in NUMBERS and actual in NUMBERS:
        return True
    if wanted.startswith("list[") and actual.startswith("list["):
        return actual == "list[nothing]" or fits(actual[5:-1], wanted[5:-1])
    return False

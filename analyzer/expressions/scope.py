"""What an expression may name beside the vocabulary's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct


class ExpressionError(Exception):
    """The text is not an expression of the rule language; says what, and the nearest right name."""


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

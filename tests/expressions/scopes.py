"""Names for tests of the rule language: those of CONV_2D and of a pack with a few of its own."""

from __future__ import annotations

from analyzer.expressions.scope import Definition, Scope
from analyzer.rules.loading.catalogue_file import parse_catalogue
from analyzer.rules.loading.option_types import enums, option_types

_OPTIONS = option_types("CONV_2D") or {}

CONVOLUTION = Scope(
    operands=parse_catalogue().places("CONV_2D"),
    options=_OPTIONS,
    parameters={"api": "int", "accelerator": "bool", "soc": "str"},
    definitions={
        one.name: one
        for one in (
            Definition("quant8", "['UINT8', 'INT8']"),
            Definition("float", "t.dtype == 'FLOAT32'", ("t",)),
            Definition("circle", "round_about"),
            Definition("round_about", "circle"),
            Definition("wrong", "input.colour == 1"),
        )
    },
    enums=enums(list(_OPTIONS.values())),
)

"""The `[graph]` section of a rule file: what the delegate does with the operators it accepts."""

from __future__ import annotations

from typing import Any

from msgspec.structs import asdict

from analyzer.expressions.scope import Scope
from analyzer.rules.loading.file import RuleFile
from analyzer.rules.loading.format import GraphTable
from analyzer.rules.pack import BUILD_FAILURES, FP16_DEQUANTIZE, Graph
from analyzer.std_sort import LIBRARIES

_HEADER = "graph"
#: Key -> the type of the expression that it takes.
_EXPRESSIONS = {
    "max_partitions": "int",
    "min_operators": "int",
    "reads_through_before_limit": "bool",
    "builds_while_choosing": "bool",
}
#: Key -> the words that it may say.
WORDS = {
    "dynamic_tensors": ("not-asked", "fails-load", "refuses-model", "accepted", "compiled-ahead"),
    "constant_fp16_dequantize": FP16_DEQUANTIZE,
    "build_failure": BUILD_FAILURES,
    "keep": ("largest",),
    "sort": tuple(LIBRARIES),
}


def convert(file: RuleFile, scope: Scope) -> Graph:
    """The section, checked."""
    table, unsaid = file.table.graph, GraphTable()
    stated: dict[str, Any] = {
        key: value for key, value in asdict(table).items() if value != getattr(unsaid, key)
    }
    for key, words in WORDS.items():
        if key in stated and stated[key] not in words:
            file.problem(_HEADER, f"{key} is {stated[key]!r}, expected {' or '.join(words)}", key)
    for key, wanted in _EXPRESSIONS.items():
        if key in stated:
            value = stated[key]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            stated[key] = file.tree(text, scope, _HEADER, key, wanted=wanted)
    # The only order there is goes without saying.
    stated.pop("keep", None)
    return Graph(**stated)

"""The `[graph]` section of a rule file: what the delegate does with the operators it accepts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from analyzer.introsort import LIBRARIES
from analyzer.rules.expression import ExpressionError, Scope, parse
from analyzer.rules.pack import BUILD_FAILURES, FP16_DEQUANTIZE, Graph
from analyzer.rules.spelling import nearest
from analyzer.rules.trees import Tree

#: Key -> the type of the expression (or plain value) that it takes.
_EXPRESSIONS = {
    "max_partitions": "int",
    "min_operators": "int",
    "fp16_limit_rolls_back": "bool",
    "builds_while_choosing": "bool",
}
#: Key -> the words that it may say.
WORDS = {
    "dynamic_tensors": ("not-asked", "refuses-model", "accepted", "compiled-ahead"),
    "constant_fp16_dequantize": FP16_DEQUANTIZE,
    "build_failure": BUILD_FAILURES,
    "keep": ("largest",),
    "sort": tuple(LIBRARIES),
}
_LISTS = ("stand_ins",)
_FLAGS = ("full_delegation_ignores_limits", "takes_dequantize_alone")


def convert(raw: dict[str, Any], scope: Scope, problem: Callable[..., None]) -> Graph:
    """The section as a `Graph`; what is wrong goes to `problem(header, what, key)`."""
    found: dict[str, Any] = {}
    known = [*_EXPRESSIONS, *WORDS, *_LISTS, *_FLAGS]
    for key, value in raw.items():
        if key not in known:
            problem("graph", f"there is no key {key}{nearest(key, known)}", key)
        elif key in _EXPRESSIONS:
            found[key] = _tree(key, value, scope, problem)
        elif key in _LISTS:
            if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
                problem("graph", f"{key} is {value!r}, expected a list of texts", key)
            else:
                found[key] = tuple(value)
        elif key in _FLAGS:
            if not isinstance(value, bool):
                problem("graph", f"{key} is {value!r}, expected true or false", key)
            found[key] = value
        elif value not in WORDS[key]:
            problem("graph", f"{key} is {value!r}, expected {' or '.join(WORDS[key])}", key)
        elif key != "keep":
            found[key] = value
    return Graph(**found)


def _tree(key: str, value: Any, scope: Scope, problem: Callable[..., None]) -> Tree | None:
    wanted = _EXPRESSIONS[key]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        return parse(text, scope, wanted)
    except ExpressionError as error:
        problem("graph", f"{key}: {error}", key)
        return None

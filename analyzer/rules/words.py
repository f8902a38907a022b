"""The sentence that a finding says, where its rule has none of its own."""

from __future__ import annotations

from analyzer.rules.explain import Explanation
from analyzer.rules.pack import Clause


def message(clause: Clause, found: Explanation) -> str:
    """One sentence: the rule's own, or what was found and expected."""
    if clause.message:
        return clause.message
    subject, expected, actual = found.subject, found.expected, found.actual
    if clause.kind == "version":
        return f"operator version {actual}, expected {expected}"
    if clause.kind == "count":
        side = subject.removeprefix("len(").removesuffix(")")
        return f"{actual} {side}, expected {expected}"
    if clause.kind == "constant":
        return f"{clause.operand} is computed at run time, expected a constant"
    if clause.kind == "dtype":
        return f"{subject.removesuffix('.dtype')} is {actual}, expected {expected}"
    if clause.kind == "option":
        return f"{subject.removeprefix('options.')} is {actual}, expected {expected}"
    return f"{subject} is {actual}, expected {expected}"

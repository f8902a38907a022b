"""What a finding says: the rule's own sentence or one made of what was expected and found."""

from __future__ import annotations

from analyzer.expressions.show import show
from analyzer.rules.fix_choice import Raised
from analyzer.rules.pack import Clause
from analyzer.rules.wording.reason import Explanation

#: A longer list of what would do says less than what was found.
_MOST_ALTERNATIVES = 8
#: What is longer leads away from the sentence that it stands beside.
_LONGEST = 120


def message(clause: Clause, found: Explanation, raised: Raised | None = None) -> str:
    """One sentence; `raised` is why the operator has its version, for clauses on versions."""
    if clause.message:
        return clause.message
    subject, expected, actual = found.subject, found.expected, found.actual
    if found.absent:
        return _absence(found)
    if expected is None:
        return f"needs {show(clause.require)}"
    if clause.kind == "version":
        return f"operator version {actual}{_because(raised)}, expected {expected}"
    if clause.kind == "count":
        side = subject.removeprefix("number of ")
        return f"{actual} {side[:-1] if actual == '1' else side}, expected {expected}"
    if not subject:
        return f"{actual}, expected {expected}"
    if expected == f"other than {actual}":
        expected = "anything else"
    return f"{subject} {_verb(found)} {actual}, expected {expected}"


def proof(clause: Clause, found: Explanation) -> tuple[str | None, str | None]:
    """What was expected and found; beside a sentence of the rule's own, only what that leaves open."""
    if clause.kind == "unlisted" or (clause.message and found.claim and not found.absent):
        return None, None
    if not clause.message or found.expected is None:
        return found.expected, found.actual
    if not found.subject:
        return None, found.actual if len(found.actual or "") <= _LONGEST else None
    if found.parameter or found.expected.count(",") > _MOST_ALTERNATIVES:
        return None, f"{found.subject} {found.actual}"
    return found.wanted, found.actual


def _because(raised: Raised | None) -> str:
    if raised is None:
        return ""
    return f" ({raised.says})" if raised.own else f" (another one here: {raised.says})"


def _absence(found: Explanation) -> str:
    actual = str(found.actual)
    if found.expected is None:
        return actual
    wanted = found.expected if actual.startswith(f"{found.subject} ") else found.wanted
    return f"{actual}, expected {wanted}"


def _verb(found: Explanation) -> str:
    """`weights are`, `axis is`."""
    subject = found.subject
    plural = subject == found.operand and subject.endswith("s") and not subject.endswith(("is", "as"))
    return "are" if plural else "is"

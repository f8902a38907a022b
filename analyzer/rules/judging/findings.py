"""Clauses as they are asked, what is found where they fail, and why they do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct, field

from analyzer.expressions.evaluate import Evaluate, evaluate
from analyzer.expressions.nodes import TRUE, Call, Literal, Node, Not, unnamed
from analyzer.expressions.partial import filled, partially_evaluated
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.memo import Memo
from analyzer.rules.fix_choice import Raised
from analyzer.rules.pack import Clause
from analyzer.rules.wording.evidence import evidence
from analyzer.rules.wording.reason import UNEXPLAINED, Explanation, absence, reason

#: Reasons that are kept of a clause, by what it saw of operators.
_MOST_REASONS = 1000
#: What to do about an operator that can't be looked through in time.
SPLIT = "Split the operator into several with fewer operands, and audit again."


class Finding(Struct, frozen=True):
    """A clause that an operator doesn't meet, with what it wanted and what it found."""

    rule: str
    severity: str
    stage: str
    message: str
    fix: str
    source: str
    expected: str | None = None
    actual: str | None = None
    operand: str | None = None


class CompiledClause(Struct, eq=False):
    """A clause for one set of parameters and one kind of operator."""

    clause: Clause
    require: Evaluate
    when: Evaluate | None
    #: The parameters, and the values of its operator.
    known: Mapping[str, Any]
    #: What is explained where it fails, once it does, and where it can't be told whether it is to be asked.
    explained: Node | None = None
    explained_when: Node | None = None
    #: Why it failed before, by what it saw.
    reasons: Memo[tuple[str, ...], Explanation] = field(default_factory=partial(Memo, _MOST_REASONS))


class FailedClause(Struct, frozen=True, eq=False):
    """A clause that fails, with its finding: of all operators that have something in common."""

    clause: Clause
    finding: Finding
    #: Why the operator has its version, where that has a part in it.
    raised: Raised | None = None


def undecided(clause: Clause) -> Finding:
    """A pattern among very many operands that can't be looked for in time: said, since it may be there."""
    return Finding(
        rule=clause.id,
        severity="note",
        stage=clause.stage,
        message="this operator has too many operands for this check, which was left out",
        fix=SPLIT,
        source=clause.source,
    )


def why_failed(failed: CompiledClause, context: Context) -> Explanation:
    """Why a clause that fails does so."""
    clause = failed.clause
    try:
        if failed.when is not None:
            failed.when(context)
    except Undefined:
        _tell_apart(context)
        if failed.explained_when is None:
            failed.explained_when = _explained(clause, clause.when or TRUE, failed.known)
        return absence(_undefined(failed.explained_when, context))
    first = failed.explained is None
    if failed.explained is None:
        failed.explained = _explained(clause, clause.require, failed.known)
    if clause.kind == "unlisted" or _is_pattern(failed.explained):
        return UNEXPLAINED
    _tell_apart(context)
    # Many fail once: what is looked at is worth telling apart where a clause fails again.
    return reason(failed.explained, context) if first else _reason(failed, failed.explained, context)


def _tell_apart(context: Any) -> None:
    """A reason may name what stands next to an operator: of others like it that is called otherwise."""
    if isinstance(context, Context) and context.nearby:
        context.beyond = True


def _reason(failed: CompiledClause, explained: Node, context: Any) -> Explanation:
    """The reason, found once for all operators that show the same of what is looked at."""
    seen = evidence(explained, context) if isinstance(context, Context) else None
    if seen is None:
        return reason(explained, context)
    why = failed.reasons.get(seen)
    if why is None:
        why = failed.reasons.keep(seen, reason(explained, context))
    return why


def _explained(clause: Clause, condition: Node, known: Mapping[str, Any]) -> Node:
    """A condition of a clause as it is explained: what can't be otherwise is left out, unless that is all."""
    if not clause.reads:
        return condition
    settled = partially_evaluated(condition, known)
    return filled(condition, known) if isinstance(settled, Literal) else settled


def _undefined(condition: Node, context: Context) -> str:
    """What isn't there that a condition touches."""
    try:
        evaluate(condition, context)
    except Undefined as absent:
        return str(absent)
    return ""


def _is_pattern(node: Node) -> bool:
    """True of `not holds(...)`: what is found there is said by the clause itself."""
    return isinstance(node, Not) and isinstance(call := unnamed(node.of), Call) and call.function == "holds"

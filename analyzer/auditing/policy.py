"""The policies of `--fail-on`, which make an audit fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from analyzer.auditing.delegate_audit import deciding
from analyzer.auditing.types import Audit, DelegateAudit, Summary
from analyzer.errors import UsageError
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.partial import partially_evaluated
from analyzer.expressions.vocabulary import Undefined
from analyzer.rules.judge import Finding
from analyzer.suggest import nearest

#: Why an audit fails, in one line, or None where it doesn't.
Test = Callable[[DelegateAudit], str | None]

_FACTS = dict.fromkeys((name for name in Summary.__struct_fields__ if name != "selected"), "int") | {
    "delegated_operators_share": "float",
    "delegated_macs_share": "float",
    "verdict": "str",
}
#: How a value of a type is made a policy.
_COMPARED = {"int": "> 3", "float": "< 0.9", "str": "== 'none'"}
_DELEGATE = re.compile(r"^([A-Za-z][\w.-]*):(.+)$", re.DOTALL)


class _Facts:
    """The facts that an expression over the summary is evaluated against, with its loops' variables."""

    def __init__(self, summary: Summary) -> None:
        self.__dict__.update(asdict(summary))
        self.variables: list[object] = []


class Policy(Struct, frozen=True):
    """One `--fail-on`: as written, for which delegate (None: all), and its test."""

    text: str
    delegate: str | None
    test: Test

    def reasons(self, audit: Audit) -> list[str]:
        """One line for every configuration of the delegate that fails."""
        lines = []
        for delegate_audit in audit.delegates:
            name = delegate_audit.configuration.pack.delegate
            if self.delegate in (None, name) and (reason := self.test(delegate_audit)) is not None:
                lines.append(f"{audit.model.path.rstrip(':')}: {name}: {reason}")
        return lines


def read_policies(texts: Sequence[str], delegates: Sequence[str]) -> list[Policy]:
    """`[DELEGATE:]POLICY` texts -> policies for the delegates that are audited.

    Raises: UsageError.
    """
    return [_read(text, delegates) for text in texts]


def _read(text: str, delegates: Sequence[str]) -> Policy:
    prefixed = _DELEGATE.match(text.strip())
    delegate, rest = (prefixed[1], prefixed[2]) if prefixed else (None, text)
    if delegate is not None and delegate not in delegates:
        known = ", ".join(dict.fromkeys(delegates))
        raise UsageError(
            f"--fail-on {text}: {delegate} isn't audited{nearest(delegate, delegates)}; audited: {known}"
        )
    return Policy(text, delegate, _NAMED.get(rest.strip()) or _expression(text, rest))


def _expression(text: str, rest: str) -> Test:
    from analyzer.expressions.check import parse
    from analyzer.expressions.scope import ExpressionError, Scope

    name = rest.strip()
    if name in _FACTS:
        example = f"{name} {_COMPARED[_FACTS[name]]}"
        raise UsageError(f"--fail-on {text}: {name} is a value, not a policy; compare it, as in {example}")
    if name.isidentifier():
        known = [*_NAMED, *_FACTS]
        raise UsageError(
            f"--fail-on {text}: there is no policy {name}{nearest(name, known)}; "
            f"use {', '.join(_NAMED)} or an expression over {', '.join(_FACTS)}"
        )
    try:
        holds = compiled(partially_evaluated(parse(rest, Scope(facts=_FACTS, options={})), {}))
    except ExpressionError as error:
        raise UsageError(f"--fail-on {text}: {error}; names: {', '.join(_FACTS)}") from None

    asked = [fact for fact in _FACTS if re.search(rf"\b{fact}\b", rest)]

    def values(audit: DelegateAudit) -> str:
        facts = {fact: getattr(audit.summary, fact) for fact in asked}
        return ", ".join(
            f"{fact} is {value:.4g}" if isinstance(value, float) else f"{fact} is {value}"
            for fact, value in facts.items()
        )

    def test(audit: DelegateAudit) -> str | None:
        try:
            return f"{name} holds: {values(audit)}" if holds(_Facts(audit.summary)) else None  # type: ignore[arg-type]
        except Undefined as absent:
            return f"{name} can't be told: {absent}"

    return test


def _broken(audit: DelegateAudit) -> str | None:
    """The verdict with what decides it: its message, its rule."""
    decision = deciding(audit)
    return None if decision is None else f"verdict is {audit.summary.verdict}: {_said(decision.finding)}"


def _unsupported(audit: DelegateAudit) -> str | None:
    summary = audit.summary
    if (reason := _broken(audit)) is not None:
        return reason
    if summary.unsupported:
        return f"{summary.unsupported} of {summary.operators} operators unsupported"
    if summary.operators and not summary.delegated:
        return f"none of {summary.operators} operators delegated"
    return None


def _partial(audit: DelegateAudit) -> str | None:
    summary = audit.summary
    if summary.verdict == "full":
        return None
    if summary.broken:
        return _broken(audit)
    return f"verdict is {summary.verdict}, {summary.delegated} of {summary.operators} operators delegated"


def _hazard(audit: DelegateAudit) -> str | None:
    if (reason := _broken(audit)) is not None:
        return reason
    findings = [blocker.finding for blocker in audit.blockers]
    findings += [finding for operator in audit.operators for finding in operator.findings]
    said: dict[str, Finding] = {}
    for finding in findings:
        if finding.severity == "hazard":
            said.setdefault(finding.rule, finding)
    if not said:
        return None
    first, *others = said.values()
    more = f", and {', '.join(finding.rule for finding in others)}" if others else ""
    return f"hazard: {_said(first)}{more}"


def _said(finding: Finding) -> str:
    """A finding in one line, with its rule."""
    message = " ".join(finding.message.split()).rstrip(".")
    return f"{message} [{finding.rule}]"


_NAMED: dict[str, Test] = {
    "never": lambda audit: None,
    "broken": _broken,
    "unsupported": _unsupported,
    "partial": _partial,
    "hazard": _hazard,
}
#: Policies that have a name of their own.
POLICIES = tuple(_NAMED)

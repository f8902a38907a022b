"""The policies of `--fail-on`, which make an audit fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import asdict

from analyzer.auditing.delegate_audit import deciding
from analyzer.auditing.types import Audit, DelegateAudit, OperatorAudit, Summary
from analyzer.errors import Gathered, UsageError
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.vocabulary import Undefined
from analyzer.gating.excuses import NOTHING, Excused
from analyzer.model.graph import Prepared
from analyzer.rules.judging.judge import Finding
from analyzer.rules.pack import BROKEN
from analyzer.suggest import nearest


class Case(Struct, frozen=True):
    """One delegate's audit, with what the project has excused of it."""

    audit: DelegateAudit
    position: int = 0
    excused: Excused = NOTHING
    file_bytes: int = 0
    prepared: Prepared | None = None

    @property
    def arena_bytes(self) -> int:
        """What the interpreter's arenas take where the CPU runs it all: one for each subgraph."""
        from analyzer.interpreter.arena import nodes, plan

        subgraphs = self.prepared.subgraphs if self.prepared else ()
        return sum(plan(subgraph, nodes(subgraph)).bytes for subgraph in subgraphs)

    @property
    def forgiving(self) -> bool:
        """Whether anything is excused here."""
        return any(spot[0] == self.position for spot in self.excused.spots)

    def counts(self, finding: Finding, operator: OperatorAudit | None = None) -> bool:
        """Whether a finding isn't excused."""
        place = (-1, -1) if operator is None else (operator.subgraph, operator.index)
        return (self.position, *place, finding.rule) not in self.excused

    def unsupported(self) -> list[OperatorAudit]:
        """Operators that are refused for something that isn't excused."""
        refused = [o for o in self.audit.operators if not (o.supported or o.folded)]
        return [o for o in refused if not o.findings or any(self.counts(f, o) for f in o.findings)]


#: Why an audit fails, in one line, or None where it doesn't.
Test = Callable[[Case], str | None]

_FACTS = dict.fromkeys((name for name in Summary.__struct_fields__ if name != "selected"), "int") | {
    "file_bytes": "int",
    "arena_bytes": "int",
    "delegated_operators_share": "float",
    "delegated_macs_share": "float",
    "verdict": "str",
}
#: How a value of a type is made a policy.
_COMPARED = {"int": "> 3", "float": "< 0.9", "str": "== 'none'"}
_DELEGATE = r"(?s)([A-Za-z][\w.-]*):(.+)"


class _Facts:
    """The facts that an expression over the summary is evaluated against, with its loops' variables."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.__dict__.update(asdict(case.audit.summary), file_bytes=case.file_bytes)
        self.variables: list[object] = []

    @cached_property
    def arena_bytes(self) -> int:
        # Planned only where a policy asks.
        return self._case.arena_bytes


class Policy(Struct, frozen=True):
    """One `--fail-on`: as written, for which delegate (None: all), and its test."""

    text: str
    delegate: str | None
    test: Test

    def reasons(self, audit: Audit, excused: Excused = NOTHING) -> list[str]:
        """One line for every configuration of the delegate that fails for what isn't excused."""
        lines = []
        for position, delegate_audit in enumerate(audit.delegates):
            configuration = delegate_audit.configuration
            name, device = configuration.pack.delegate, configuration.device
            # Those that their makers gave up, and nobody asked for, fail nothing unless a policy names them.
            wanted = (name,) if configuration.legacy else (None, name)
            case = Case(delegate_audit, position, excused, audit.model.size, audit.prepared)
            if self.delegate in wanted and (reason := self.test(case)) is not None:
                called = f"{name} on {device}" if device else name
                lines.append(f"{audit.model.path.rstrip(':')}: {called}: {reason}")
        return lines


def read_policies(texts: Sequence[str], delegates: Sequence[str], key: str = "--fail-on") -> list[Policy]:
    """`[DELEGATE:]POLICY` texts -> policies for the delegates that are audited; `key` is where they stand.

    Raises: UsageError.
    """
    policies, wrong = [], Gathered(f"{key} ")
    for text in texts:
        with wrong.here():
            policies.append(_read(text, delegates))
    wrong.tell()
    return policies


def _read(text: str, delegates: Sequence[str]) -> Policy:
    prefixed = re.fullmatch(_DELEGATE, text.strip())
    delegate, rest = (prefixed[1], prefixed[2]) if prefixed else (None, text)
    if delegate is not None and delegate not in delegates:
        known = ", ".join(dict.fromkeys(delegates))
        raise UsageError(f"{text}: {delegate} isn't audited{nearest(delegate, delegates)}; audited: {known}")
    return Policy(text, delegate, _NAMED.get(rest.strip()) or _expression(text, rest))


def _expression(text: str, rest: str) -> Test:
    from analyzer.expressions.check import parse
    from analyzer.expressions.scope import ExpressionError, Scope

    name = rest.strip()
    if name in _FACTS:
        example = f"{name} {_COMPARED[_FACTS[name]]}"
        raise UsageError(f"{text}: {name} is a value, not a policy; compare it, as in {example}")
    if name.isidentifier():
        known = [*_NAMED, *_FACTS]
        raise UsageError(
            f"{text}: there is no policy {name}{nearest(name, known)}; "
            f"use {', '.join(_NAMED)} or an expression over {', '.join(_FACTS)}"
        )
    try:
        holds = compiled(parse(rest, Scope(facts=_FACTS, options={})))
    except ExpressionError as error:
        raise UsageError(f"{text}: {error}; names: {', '.join(_FACTS)}") from None

    asked = [fact for fact in _FACTS if re.search(rf"\b{fact}\b", rest)]

    def values(case: Case) -> str:
        known = _Facts(case)
        facts = {fact: getattr(known, fact) for fact in asked}
        return ", ".join(
            f"{fact} is {value:.4g}" if isinstance(value, float) else f"{fact} is {value}"
            for fact, value in facts.items()
        )

    def test(case: Case) -> str | None:
        try:
            return f"{name} holds: {values(case)}" if holds(_Facts(case)) else None  # type: ignore[arg-type]
        except Undefined as absent:
            return f"{name} can't be told: {absent}"

    return test


def _broken(case: Case) -> str | None:
    """The verdict with what decides it, its message and its rule; where that is excused, with what is not."""
    verdict, decision = case.audit.summary.verdict, deciding(case.audit)
    if decision is None:
        return None
    if not case.forgiving:
        return f"verdict is {verdict}: {_said(decision.finding)}"
    counting = [blocker.finding for blocker in case.audit.blockers if case.counts(blocker.finding)]
    operators = [operator for operator in case.audit.operators if operator.delegated]
    counting += [finding for o in operators for finding in o.findings if case.counts(finding, o)]
    left = [finding for finding in counting if finding.severity in BROKEN]
    first = min(left, key=lambda finding: BROKEN.index(finding.severity), default=None)
    return None if first is None else f"verdict is {verdict}: {_said(first)}"


def _unsupported(case: Case) -> str | None:
    summary = case.audit.summary
    if (reason := _broken(case)) is not None:
        return reason
    if unsupported := case.unsupported():
        return f"{len(unsupported)} of {summary.operators} operators unsupported"
    if summary.operators and not summary.delegated and not _all_excused(case):
        return f"none of {summary.operators} operators delegated"
    return None


def _partial(case: Case) -> str | None:
    summary = case.audit.summary
    if summary.verdict == "full":
        return None
    if (reason := _broken(case)) is not None:
        return reason
    if _all_excused(case):
        return None
    return f"verdict is {summary.verdict}, {summary.delegated} of {summary.operators} operators delegated"


def _all_excused(case: Case) -> bool:
    """Whether all that keeps operators off the delegate is excused; what is lost because of that is too."""
    holding = [blocker.finding for blocker in case.audit.blockers if blocker.kind is not None]
    return case.forgiving and not case.unsupported() and not any(map(case.counts, holding))


def _hazard(case: Case) -> str | None:
    if (reason := _broken(case)) is not None:
        return reason
    audit = case.audit
    findings = [blocker.finding for blocker in audit.blockers if case.counts(blocker.finding)]
    findings += [finding for o in audit.operators for finding in o.findings if case.counts(finding, o)]
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
    "never": lambda case: None,
    "broken": _broken,
    "unsupported": _unsupported,
    "partial": _partial,
    "hazard": _hazard,
}
#: Policies that have a name of their own.
POLICIES = tuple(_NAMED)

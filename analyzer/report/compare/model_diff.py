"""Two audited models -> what got better and what worse, for every delegate and operator by operator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from analyzer.report.compare import operator_matching
from analyzer.report.compare.operator_matching import Pair
from analyzer.report.document.audit_document import (
    SCHEMA,
    Audit,
    Blocker,
    Document,
    Finding,
    Model,
    Operator,
    Place,
    Summary,
    Tool,
)
from analyzer.report.wording import causes, figures, labels, phrases
from analyzer.report.wording.causes import Case, Cause, Holding
from analyzer.report.wording.outcome import VERDICTS
from analyzer.rules.pack import BROKEN

#: One operator on both sides, as one delegate has it.
Both: TypeAlias = tuple[Operator | None, Operator | None]
#: The same with the operator that is off the delegate, and why.
Held: TypeAlias = tuple[Both, Operator, tuple[Cause, Case] | None]

BETTER, WORSE, SAME = "better", "worse", "same"
#: Severities of what makes a model go wrong, or may.
_RISKS = (*BROKEN, "hazard")
_RANKS = {"refused": 0, "lost": 1, "folded": 2, "delegated": 2}


class Match(Struct, frozen=True, kw_only=True):
    """An operator of both models, or of the one that alone has it."""

    op: str
    before: Place | None = None
    after: Place | None = None


class Change(Struct, frozen=True, kw_only=True):
    """Operators that fare alike, otherwise than before.

    `before` and `after` are `delegated`, `folded`, `lost` or `refused`, null where that model lacks them.
    What is said is why they are off the delegate on the worse side; `rules` is empty for losses that follow
    from others.
    """

    change: str
    before: str | None
    after: str | None
    rules: tuple[str, ...]
    message: str
    fix: str
    macs: int
    operators: tuple[Match, ...]


class Risk(Struct, frozen=True, kw_only=True):
    """A finding that may make a model go wrong, or does, on one side alone or on more operators there."""

    change: str
    rule: str
    severity: str
    message: str
    fix: str
    before: int
    after: int


class Side(Struct, frozen=True, kw_only=True):
    """One delegate on both models.

    `change` goes by the verdict, then the share of MACs, then how many operators are left to the CPU, then
    partitions, then what may go wrong or does: `risks`. Where neither model has anything delegated, only the
    verdict counts.
    """

    delegate: str
    change: str
    before: Summary
    after: Summary
    changes: tuple[Change, ...]
    risks: tuple[Risk, ...] = ()


class Comparison(Struct, frozen=True, kw_only=True):
    """`before` and `after` are the models as audits have them; `delegates` in the order of their audits.

    `operators` are all of both models, each once: in the order of the second, what is gone where it was.
    """

    schema: int = SCHEMA
    tool: Tool
    before: Model
    after: Model
    operators: tuple[Match, ...]
    delegates: tuple[Side, ...]

    def __repr__(self) -> str:
        fared = ", ".join(f"{side.delegate} {side.change}" for side in self.delegates)
        return f"<Comparison of {self.before.path!r} with {self.after.path!r}: {fared}>"

    @property
    def worse(self) -> list[str]:
        """The delegates on which the second model fares worse."""
        return [side.delegate for side in self.delegates if side.change == WORSE]

    @property
    def gone(self) -> list[Match]:
        return [match for match in self.operators if match.after is None]

    @property
    def new(self) -> list[Match]:
        return [match for match in self.operators if match.before is None]


def compare(document: Document) -> Comparison:
    """Compare the two models of a document, audited alike."""
    before, after = document.models
    (_, names), _ = labels.named(document)
    pairs = operator_matching.pairs(before, after)
    reasons = [causes.holding(causes.causes(model)) for model in (before, after)]
    sides = []
    for position, name in enumerate(names):
        audit_before, audit_after = before.audits[position], after.audits[position]
        changes = _changes(_paired(audit_before, audit_after, pairs), position, reasons)
        risks = tuple(_risks(audit_before, audit_after))
        change = _change(_merit(audit_before), _merit(audit_after))
        sides.append(
            Side(
                delegate=name,
                change=change if change != SAME else _riskier(risks),
                before=audit_before.summary,
                after=audit_after.summary,
                changes=tuple(sorted(changes, key=_worst_first)),
                risks=risks,
            )
        )
    known = _paired(before.audits[0], after.audits[0], pairs) if names else []
    return Comparison(
        tool=document.tool,
        before=before,
        after=after,
        operators=tuple(_match(*both) for both in known),
        delegates=tuple(sides),
    )


def _merit(audit: Audit) -> tuple[float, ...]:
    """The larger the better."""
    summary = audit.summary
    if not summary.delegated:
        # What is refused, of nothing that runs on the delegate, makes no model better than another.
        return (-VERDICTS.index(summary.verdict),)
    left = sum(not (node.delegated or node.folded) for node in audit.operators)
    share = round(summary.delegated_macs_share, 6)
    return -VERDICTS.index(summary.verdict), share, -left, -summary.partitions


def _risks(before: Audit, after: Audit) -> Iterator[Risk]:
    """Findings that break a model, or may, and that one side alone has, or has more of."""
    sides = _risky(before), _risky(after)
    for key in dict.fromkeys((*sides[1], *sides[0])):
        counts = [len(side.get(key, ())) for side in sides]
        if counts[0] != counts[1]:
            finding = (sides[1].get(key) or sides[0][key])[0]
            yield Risk(
                change=WORSE if counts[1] > counts[0] else BETTER,
                rule=finding.rule,
                severity=finding.severity,
                message=finding.message,
                fix=finding.fix,
                before=counts[0],
                after=counts[1],
            )


def _risky(audit: Audit) -> dict[tuple[str, str], list[Finding | Blocker]]:
    """By severity and rule, what breaks a model or may, of its graph and of operators that are delegated."""
    findings: list[Finding | Blocker] = list(audit.blockers)
    findings += [finding for node in audit.operators if node.delegated for finding in node.findings]
    risky: dict[tuple[str, str], list[Finding | Blocker]] = {}
    for finding in findings:
        if finding.severity in _RISKS:
            risky.setdefault((finding.severity, finding.rule), []).append(finding)
    return risky


def _riskier(risks: Sequence[Risk]) -> str:
    """What is new weighs more than what is gone."""
    changes = {risk.change for risk in risks}
    return WORSE if WORSE in changes else BETTER if changes else SAME


def _change(before: tuple[float, ...], after: tuple[float, ...]) -> str:
    return SAME if before == after else BETTER if after > before else WORSE


def _paired(before: Audit, after: Audit, pairs: Sequence[Pair]) -> list[Both]:
    return [
        (
            None if at_before is None else before.operators[at_before],
            None if at_after is None else after.operators[at_after],
        )
        for at_before, at_after in pairs
    ]


def _match(before: Operator | None, after: Operator | None) -> Match:
    node = after or before
    assert node is not None
    return Match(op=labels.operator(node), before=_place(before), after=_place(after))


def _place(node: Operator | None) -> Place | None:
    return None if node is None else Place(subgraph=node.subgraph, operator=node.index)


def _changes(pairs: Sequence[Both], position: int, reasons: Sequence[Holding]) -> Iterator[Change]:
    """Operators whose place changes, those alike together."""
    groups: dict[tuple[str, str | None, str | None, int | None], list[Held]] = {}
    for both in pairs:
        change = fares(*both)
        node = both[change == WORSE]
        if change == SAME or node is None:
            continue
        held = reasons[change == WORSE].get((position, node.subgraph, node.index, node.supported))
        alike = (change, _state(both[0]), _state(both[1]), id(held[0]) if held else None)
        groups.setdefault(alike, []).append((both, node, held))
    for (change, before, after, _), group in groups.items():
        yield _together(change, before, after, group)


def fares(before: Operator | None, after: Operator | None) -> str:
    """`better`, `worse` or `same`; an operator that only one model has counts as delegated in the other."""
    ranks = [_RANKS["delegated"] if node is None else _RANKS[phrases.state(node)] for node in (before, after)]
    return _change((ranks[0],), (ranks[1],))


def _state(node: Operator | None) -> str | None:
    return None if node is None else phrases.state(node)


def _together(change: str, before: str | None, after: str | None, group: Sequence[Held]) -> Change:
    """One change for operators that one cause keeps off the delegate."""
    held = [reason for _, _, reason in group if reason is not None]
    said = list(dict.fromkeys(phrases.complaint(case) for _, case in held))
    more = f", and {figures.count(len(said) - 1, 'other case')}" if len(said) > 1 else ""
    return Change(
        change=change,
        before=before,
        after=after,
        rules=tuple(dict.fromkeys(rule for _, node, reason in group for rule in _rules(node, reason))),
        message=f"{said[0]}{more}" if said else "",
        fix=held[0][0].fix if held else "",
        macs=sum(node.macs or 0 for _, node, _ in group),
        operators=tuple(_match(*both) for both, _, _ in group),
    )


def _rules(node: Operator, reason: tuple[Cause, Case] | None) -> Sequence[str]:
    """Those of a cause's rules that are about this operator."""
    if reason is None:
        return ()
    own = [finding.rule for finding in node.findings if finding.rule in reason[0].rules]
    return own or reason[0].rules


def _worst_first(change: Change) -> tuple[bool, int, int]:
    return change.change != WORSE, -change.macs, -len(change.operators)

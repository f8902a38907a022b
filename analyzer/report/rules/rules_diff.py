"""Differences between two sides, in their rules and for models, as table or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from analyzer.auditing.outcome_diff import ModelChange, OperatorPair
from analyzer.model.graph import Model, Operator
from analyzer.report.document import audit_document, convert
from analyzer.report.document.audit_document import Rules, Tool, Upstream, Verdict
from analyzer.report.rules import rule_sentences
from analyzer.report.view import View
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import fill, plain
from analyzer.rules.pack_diff import Change, Difference, OperatorChange, Side
from analyzer.rules.rulebook import Rule

FORMATS = ("table", "json")


class SideSaid(Struct, frozen=True, kw_only=True):
    """One side: a delegate with its parameters, all of them resolved."""

    asked: str
    delegate: str
    parameters: dict[str, str | int | bool]
    rules: Rules


class RuleChange(Struct, frozen=True, kw_only=True):
    """A rule in words; null where a side hasn't got it. `rule` is its id without the delegate."""

    rule: str
    before: str | None
    after: str | None


class OperatorSaid(Struct, frozen=True, kw_only=True):
    """An operator that each side takes `always`, `conditionally` or `never`, and the rules that differ."""

    operator: str
    before: str
    after: str
    why: str | None = None
    changes: tuple[RuleChange, ...] = ()


class Pair(Struct, frozen=True, kw_only=True):
    before: bool
    after: bool


class OperatorOutcome(Struct, frozen=True, kw_only=True):
    """An operator of a model whose outcome differs; `findings` are those of the side that refuses it."""

    subgraph: int
    index: int
    op: str
    custom: str | None
    supported: Pair
    delegated: Pair
    findings: tuple[audit_document.Finding, ...]


class Outcome(Struct, frozen=True, kw_only=True):
    verdict: Verdict
    delegated: int
    partitions: int


class ModelSaid(Struct, frozen=True, kw_only=True):
    """Changes for one model; `regrouped`: the same operators in other partitions."""

    path: str
    different: bool
    before: Outcome
    after: Outcome
    regrouped: bool
    operators: tuple[OperatorOutcome, ...]


class DifferenceSaid(Struct, frozen=True, kw_only=True):
    """The document of `rules diff`. `policies` are sentences that only one side holds to."""

    schema: int = audit_document.SCHEMA
    tool: Tool = convert.TOOL
    before: SideSaid
    after: SideSaid
    different: bool
    policies: dict[str, tuple[str, ...]]
    operators: tuple[OperatorSaid, ...]
    every_operator: tuple[RuleChange, ...]
    partitions: tuple[RuleChange, ...]
    models: tuple[ModelSaid, ...]


def describe(
    asked: Sequence[str],
    sides: Sequence[Side],
    difference: Difference,
    models: Sequence[tuple[Model, ModelChange]],
) -> DifferenceSaid:
    """The document: `asked` is what the sides were called. With models, only rules of their operators."""
    before, after = (_side(*one) for one in zip(asked, sides, strict=True))
    kept, other = (tuple(rule_sentences.sentences(graph)) for graph in difference.policies)
    said = {
        "before": tuple(one for one in kept if one not in other),
        "after": tuple(one for one in other if one not in kept),
    }
    changed = [_model(model, change) for model, change in models]
    present = {operator.custom or operator.name for model, _ in models for operator in _operators(model)}
    return DifferenceSaid(
        before=before,
        after=after,
        different=any(one.different for one in changed) if changed else bool(difference),
        policies=said,
        operators=tuple(_operator(one) for one in difference.operators if not models or one.name in present),
        every_operator=tuple(map(_change, difference.everywhere)),
        partitions=tuple(map(_change, difference.partitions)),
        models=tuple(changed),
    )


def render(difference: DifferenceSaid, format: str, view: View) -> bytes:
    """The document in one of `FORMATS`."""
    if format == "json":
        return msgspec.json.format(msgspec.json.encode(difference)) + b"\n"
    return ("\n\n".join(block for block in _blocks(difference, view.width) if block) + "\n").encode()


def _operators(model: Model) -> Iterator[Operator]:
    return (operator for subgraph in model.subgraphs for operator in subgraph.operators)


def _side(asked: str, side: Side) -> SideSaid:
    pack, parameters = side
    upstream = Upstream(repository=pack.repository, revision=pack.revision)
    rules = Rules(version=pack.version, sha256=pack.sha256, upstream=upstream)
    return SideSaid(asked=asked, delegate=pack.delegate, parameters=dict(parameters), rules=rules)


def _operator(change: OperatorChange) -> OperatorSaid:
    why = None if change.refused is None else change.refused.meaning or None
    return OperatorSaid(
        operator=change.name,
        before=change.before,
        after=change.after,
        why=why,
        changes=tuple(map(_change, change.changes)),
    )


def _change(change: Change) -> RuleChange:
    return RuleChange(rule=change.name, before=_words(change.before), after=_words(change.after))


def _words(rule: Rule | None) -> str | None:
    if rule is None:
        return None
    said = rule_sentences.condition(rule)
    mark = "" if rule.severity in ("blocker", "note") else f" ({rule.severity})"
    return "; ".join([said.whole + mark, *(f"where {text}" for text in said.where)])


def _model(model: Model, change: ModelChange) -> ModelSaid:
    before, after = (
        Outcome(verdict=outcome.verdict, delegated=outcome.delegated, partitions=outcome.partitions)
        for outcome in (change.before, change.after)
    )
    return ModelSaid(
        path=model.path,
        different=bool(change),
        before=before,
        after=after,
        regrouped=change.regrouped,
        operators=tuple(_outcome(model, pair) for pair in change.operators),
    )


def _outcome(model: Model, pair: OperatorPair) -> OperatorOutcome:
    before, after = pair.before, pair.after
    operator = model.subgraphs[before.subgraph].operators[before.index]
    refusing = before if not before.supported else after
    return OperatorOutcome(
        subgraph=before.subgraph,
        index=before.index,
        op=operator.name,
        custom=operator.custom,
        supported=Pair(before=before.supported, after=after.supported),
        delegated=Pair(before=before.delegated, after=after.delegated),
        findings=()
        if before.supported and after.supported
        else tuple(map(convert.finding, refusing.findings)),
    )


def _blocks(difference: DifferenceSaid, width: int) -> Iterator[str]:
    yield "\n".join(
        _line(mark, operator) for mark, operator in (("-", difference.before), ("+", difference.after))
    )
    if not (
        any(difference.policies.values())
        or difference.operators
        or difference.every_operator
        or difference.partitions
    ):
        yield "The rules are the same."
    yield _listed("What becomes of accepted operators", _policies(difference), width)
    yield _listed("Every operator", _changes(difference.every_operator), width)
    yield _listed("A partition", _changes(difference.partitions), width)
    if difference.operators:
        yield f"{figures.count(len(difference.operators), 'operator')} with other rules"
    for operator in difference.operators:
        yield _listed(plain(operator.operator), _said(operator), width)
    for model in difference.models:
        yield _of_model(model, width)


def _line(mark: str, side: SideSaid) -> str:
    return (
        f"{mark} {plain(side.asked)}   pack version {side.rules.version}, {side.rules.upstream.revision[:9]}"
    )


def _policies(difference: DifferenceSaid) -> Iterator[str]:
    yield from (f"- {text}" for text in difference.policies["before"])
    yield from (f"+ {text}" for text in difference.policies["after"])


def _said(operator: OperatorSaid) -> Iterator[str]:
    if operator.before != operator.after:
        yield f"{operator.before} taken -> {operator.after} taken" + (
            f": {operator.why}" if operator.why else ""
        )
    yield from _changes(operator.changes)


def _changes(changes: Iterable[RuleChange]) -> Iterator[str]:
    for change in changes:
        name = change.rule.partition("/")[2]
        if change.before is not None:
            yield f"- {name}: {change.before}"
        if change.after is not None:
            yield f"+ {name}: {change.after}"


def _listed(title: str, lines: Iterable[str], width: int) -> str:
    filled = [_indented(plain(line), width) for line in lines]
    return "\n".join([title, *filled]) if filled else ""


def _indented(text: str, width: int) -> str:
    return fill(text, width, initial_indent="  ", subsequent_indent="      ")


def _of_model(model: ModelSaid, width: int) -> str:
    if not model.different:
        return f"{plain(model.path)}: nothing changes ({_outcome_words(model.after)})"
    lines = [f"- {_outcome_words(model.before)}", f"+ {_outcome_words(model.after)}"]
    lines += ["the same operators in other partitions"] if model.regrouped else []
    lines += [_operator_words(one) for one in model.operators]
    return _listed(plain(model.path), lines, width)


def _outcome_words(outcome: Outcome) -> str:
    operators, partitions = (
        figures.count(outcome.delegated, "operator"),
        figures.count(outcome.partitions, "partition"),
    )
    return f"{outcome.verdict}: {operators} delegated in {partitions}"


def _operator_words(outcome: OperatorOutcome) -> str:
    place = f"#{outcome.index}" if outcome.subgraph == 0 else f"#{outcome.subgraph}/{outcome.index}"
    mark = (
        "+"
        if (outcome.supported.after, outcome.delegated.after)
        > (outcome.supported.before, outcome.delegated.before)
        else "-"
    )
    why = f": {outcome.findings[0].message}" if outcome.findings else ""
    before, after = (_where(*word) for word in _words_of(outcome))
    return f"{mark} {place} {outcome.custom or outcome.op}  {before} -> {after}{why}"


def _words_of(outcome: OperatorOutcome) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
    return (outcome.supported.before, outcome.delegated.before), (
        outcome.supported.after,
        outcome.delegated.after,
    )


def _where(supported: bool, delegated: bool) -> str:
    return "delegated" if delegated else "accepted, but lost" if supported else "refused"

"""What an app's developer needs to know of a candidate: ways to load it, options, hazards, what helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analyzer.recommendation import sentences
from analyzer.recommendation.candidates import (
    Attempted,
    Candidate,
    Repaired,
    Requantized,
    available,
    candidates,
    cost,
    written,
)
from analyzer.recommendation.deployment import Deployment, Option
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.document.recommendation import Alternative, Improvement, Loading, Passed, Setting
from analyzer.report.wording import figures, labels, outcome
from analyzer.report.wording.hostile_text import plain

#: So many hazards are told; of more, their number.
_HAZARDS = 4
#: So much more of the MACs is worth telling.
_TELLING = 0.05
_EIGHT_BITS = ("INT8", "UINT8", "INT16", "UINT16")


def loading(candidate: Candidate, rest: str) -> Iterator[Loading]:
    """Each way to load the model, and what comes of it."""
    summary = candidate.audit.summary
    applied = outcome.applied(summary) and summary.delegated > 0
    counts = {
        "operators": f"{summary.operators:,}",
        "delegated": f"{summary.delegated:,}",
        "partitions": figures.count(summary.partitions, "partition"),
        "fallback": rest,
    }
    for way in candidate.deployment.way:
        whole = summary.verdict == "full"
        works = applied and (way.needs == "any" or whole)
        text = way.fails if not works else way.whole or way.works if whole else way.works
        yield Loading(way=way.name, works=works, text=text.format_map(counts))


def settings(candidate: Candidate, model: Model, platform: str) -> Iterator[Setting]:
    """Options worth a word: by the value that they have here, or because of what the model is."""
    for option in candidate.deployment.option:
        if not _applies(option, candidate, model, platform):
            continue
        value = candidate.audit.parameters.get(option.parameter) if option.parameter else None
        text = option.says if value is None else option.values.get(written(value), option.says)
        if text:
            shown = "" if value is None else written(value)
            yield Setting(name=option.name or option.parameter, value=value, text=text.format(value=shown))


def _applies(option: Option, candidate: Candidate, model: Model, platform: str) -> bool:
    return (
        (not option.platforms or platform in option.platforms)
        and (not option.verdict or candidate.audit.summary.verdict in option.verdict)
        and (not option.dtypes or not set(option.dtypes).isdisjoint(model.dtypes))
        and (not option.changed or option.parameter in candidate.parameters)
    )


def doubts(audit: Audit) -> list[str]:
    """What may go wrong though it is accepted, each once."""
    return [plain(message) for message in _doubted(audit)]


def hazards(audit: Audit) -> list[str]:
    """The same with the operators that it is about."""
    lines = [_hazard(message, operators) for message, operators in _doubted(audit).items()]
    more = len(lines) - _HAZARDS
    if more > 0:
        lines[_HAZARDS:] = [f"and {figures.count(more, 'hazard')} more: see the audit"]
    return [*lines, *(outcome.told(audit) if audit.also is not None else ())]


def _doubted(audit: Audit) -> dict[str, list[str]]:
    """What may go wrong -> the operators with which it may; none of what is about the whole graph."""
    told: dict[str, list[str]] = {}
    for node in audit.operators:
        for finding in node.findings:
            if finding.severity == "hazard" and node.delegated:
                told.setdefault(finding.message, []).append(f"{labels.place(node)} {labels.operator(node)}")
    for blocker in audit.blockers:
        if blocker.severity == "hazard":
            told.setdefault(blocker.message, [])
    return told


def _hazard(message: str, operators: Sequence[str]) -> str:
    if not operators:
        return plain(message)
    more = f" and {len(operators) - 1} more" if len(operators) > 1 else ""
    return f"{plain(operators[0])}{more}: {plain(message)}"


def alternative(candidate: Candidate) -> Alternative:
    """A delegate to fall back to."""
    summary = candidate.audit.summary
    return Alternative(
        delegate=candidate.audit.delegate,
        title=candidate.name,
        parameters=dict(candidate.parameters),
        delegated=summary.delegated,
        delegated_macs_share=summary.delegated_macs_share,
    )


def passed(candidate: Candidate) -> Passed:
    """A delegate that isn't recommended."""
    told = outcome.sentence(candidate.audit) if candidate.broken else sentences.reason(candidate)
    return Passed(
        delegate=candidate.audit.delegate,
        title=candidate.name,
        verdict=candidate.audit.summary.verdict,
        reason=told,
    )


def options(ranked: Sequence[Candidate], attempts: Sequence[Attempted]) -> Iterator[Improvement]:
    """Parameters, not chosen already, by which a delegate takes more or fewer hazards are left."""
    for candidate in ranked:
        asked = candidate.instead_of or candidate
        for attempt in attempts:
            if attempt.parameters == candidate.parameters and candidate is ranked[0] and candidate.worth:
                continue
            if attempt.concerns(asked.audit) and (said := _gained(asked, attempt)):
                yield Improvement(
                    kind="option",
                    delegate=asked.audit.delegate,
                    text=f"{attempt.given} on {asked.deployment.name}: {said} ({attempt.how}).",
                    delegated_macs_share=attempt.audit.summary.delegated_macs_share,
                )


def _gained(asked: Candidate, attempt: Attempted) -> str:
    """What other parameters change; empty where it is nothing to speak of."""
    before, after = asked.audit.summary, attempt.audit.summary
    if outcome.broken(after):
        return ""
    if asked.broken:
        return f"{sentences.takes(after)}, and it works"
    if after.delegated_macs_share > before.delegated_macs_share + _TELLING:
        pays = cost(after, asked.deployment.cost).delegated < asked.cost.delegated
        crossing = "" if pays else f", though going there and back {after.partitions} times eats it"
        return f"{sentences.takes(after)} instead of {sentences.takes(before)}{crossing}"
    fewer = _dangers(asked.audit) - _dangers(attempt.audit)
    return f"{figures.count(fewer, 'hazard')} fewer" if fewer > 0 else ""


def repairs(ranked: Sequence[Candidate], repaired: Sequence[Repaired]) -> Iterator[Improvement]:
    """What the model's own file rewritten would bring, for the delegates that are there to stay.

    What changes more for the app is told where it brings more.
    """
    for candidate in ranked:
        before = (candidate.instead_of or candidate).audit
        for repair in repaired if candidate.current else ():
            after = repair.audits.get(before.delegate)
            if after is not None and _mended(before, after):
                yield _repair(candidate.instead_of or candidate, after, repair)
                before = after


def _repair(asked: Candidate, after: Audit, repair: Repaired) -> Improvement:
    summary = asked.audit.summary
    if asked.broken:
        was = f", where now {sentences.why(asked)}"
    else:
        was = f" instead of {sentences.takes(summary) if summary.delegated else sentences.NOTHING}"
    command = " ".join(("delegate-analyzer fix -d", ",".join(repair.delegates), *repair.options))
    return Improvement(
        kind="fix",
        delegate=asked.audit.delegate,
        text=f"{asked.deployment.name}, {sentences.takes(after.summary)}{was}: "
        f"{command} ({', '.join((*repair.rewrites, *repair.changes))}).",
        delegated_macs_share=after.summary.delegated_macs_share,
    )


def _mended(before: Audit, after: Audit) -> bool:
    """Whether it works where it didn't, is taken whole where it wasn't, or more of it is."""
    now, then = before.summary, after.summary
    if outcome.broken(then):
        return False
    whole = then.verdict == "full" and now.verdict != "full"
    return outcome.broken(now) or whole or then.delegated_macs_share > now.delegated_macs_share + _TELLING


def _dangers(audit: Audit) -> int:
    counted = Counter(finding.severity for node in audit.operators for finding in node.findings)
    return counted["hazard"] + counted["wrong"]


def quantizing(candidate: Candidate, model: Model) -> Iterator[Improvement]:
    """What another element type would bring, by rule."""
    # What multiplies nothing has hardly any weights: no other type makes its file much smaller.
    text = candidate.deployment.quantizing.get(made_of(model)) if model.macs else None
    if text:
        yield Improvement(kind="quantize", delegate=candidate.audit.delegate, text=text)


def converted(
    model: Requantized, deployments: Mapping[str, Deployment], platform: str, rest: str, rest_named: str
) -> Improvement:
    """What another element type comes to: the best choice for the model that was converted with it."""
    accelerators = [audit for audit in model.audits if audit.fallback]
    best = next(iter(candidates(available(accelerators, deployments, platform), (), deployments)), None)
    size = figures.size(model.bytes)
    if best is None or not best.worth:
        text = f"{model.dtype} (converted, {size}): stay on {rest_named}."
        return Improvement(kind="quantize", delegate=rest, text=text)
    told = f"{best.name}, {sentences.takes(best.audit.summary)}"
    warned = " It may go wrong." if doubts(best.audit) else ""
    return Improvement(
        kind="quantize",
        delegate=best.audit.delegate,
        text=f"{model.dtype} (converted, {size}): {told}.{warned}",
        delegated_macs_share=best.audit.summary.delegated_macs_share,
    )


def made_of(model: Model) -> str:
    """`int8` where operators compute in 8 or 16 bits, else by the weights: float32, float16, dynamic."""
    if any(dtype in _EIGHT_BITS for dtype in model.dtypes):
        return "int8"
    if "FLOAT16" in model.weights:
        return "float16"
    return "dynamic" if model.weights else "float32"

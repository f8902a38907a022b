"""What an app's developer needs to know of a candidate: ways to load it, options, hazards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.recommendation import sentences
from analyzer.recommendation.candidates import Candidate
from analyzer.recommendation.deployment import Option
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.document.recommendation import Alternative, Loading, Passed, Setting
from analyzer.report.wording import figures, labels, outcome
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.parameters import as_written

#: So many hazards are told; of more, their number.
_HAZARDS = 4


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
        text = option.says if value is None else option.values.get(as_written(value), option.says)
        if text:
            shown = "" if value is None else as_written(value)
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
    told = outcome.sentence(candidate.audit) if candidate.broken else sentences.why_not_alone(candidate)
    return Passed(
        delegate=candidate.audit.delegate,
        title=candidate.name,
        verdict=candidate.audit.summary.verdict,
        reason=told,
    )

"""What becomes of a model with a delegate, in sentences: the same in every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.report.document.audit_document import Also, Audit, Decided, Operator, Summary
from analyzer.report.wording import figures, labels
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.pack import BROKEN, BUILD, LOAD
from analyzer.rules.parameters import as_written

#: From the best to the worst.
VERDICTS = ("full", "partial", "none", *reversed(BROKEN))

#: What the app sees of a model that doesn't work.
_EFFECTS = {
    "crash": "the app dies",
    "fails": "the app gets an error, or everything runs on the CPU",
    "wrong": "an output comes out wrong",
}
_LOADING = "the app gets an error when it loads the model"
_REFUSED = "the app gets an error, for the CPU itself refuses the model"

#: The same in few words.
_BRIEF = {"crash": "the app dies", "fails": "the delegate gives up", "wrong": "an output comes out wrong"}


def broken(summary: Summary) -> bool:
    """Whether the model doesn't work with the delegate."""
    return summary.verdict in BROKEN


def counted(verdicts: Mapping[str, int]) -> str:
    """`2 full, 1 none`: how many models have which verdict."""
    return ", ".join(f"{verdicts[word]:,} {word}" for word in VERDICTS if verdicts.get(word))


def applied(summary: Summary) -> bool:
    """Whether the delegate is applied at all."""
    return summary.verdict not in ("crash", "fails")


def effect(severity: str, stage: str, kind: str | None = None) -> str:
    """What the app sees because of a finding that breaks the model."""
    if severity == "fails" and stage == LOAD:
        return _REFUSED if kind == "refused" else _LOADING
    return _EFFECTS[severity]


def repeats(words: str) -> bool:
    """Whether an effect in a few words says no more than the sentence about it does."""
    return words in _BRIEF.values()


def brief(audit: Audit) -> str:
    """The effect in a few words; empty where the model works."""
    decided, summary = audit.decided, audit.summary
    if not broken(summary):
        return ""
    if summary.verdict != "fails" or decided is None:
        return _BRIEF[summary.verdict]
    if decided.kind == "refused":
        return "the CPU refuses the model"
    if decided.stage == BUILD:
        failures = summary.build_failures
        said = f"{figures.count(failures, 'operator')} fail{'s' * (failures == 1)} to build"
        return said if failures else "building fails"
    return "the model doesn't load" if decided.stage == LOAD else _BRIEF["fails"]


def selected(summary: Summary) -> str:
    """What the delegate's selection came to where nothing of it runs."""
    return f"selected: {summary.selected.delegated:,} of {summary.operators:,}"


def sentence(audit: Audit) -> str:
    """What the app sees of a model that doesn't work, and why; empty where it works."""
    return _capital(_said(audit.decided, audit.summary, audit.operators)) if broken(audit.summary) else ""


def told(audit: Audit) -> Iterator[str]:
    """What there is to say of a delegate beside its figures, each in a sentence."""
    summary = audit.summary
    if broken(summary):
        yield sentence(audit)
    elif summary.verdict == "partial" and audit.partial:
        counts = {"delegated": f"{summary.delegated:,}", "operators": f"{summary.operators:,}"}
        yield plain(audit.partial.format(**counts))
    elif audit.also is not None:
        yield _otherwise(audit.also, audit)


def _otherwise(also: Also, audit: Audit) -> str:
    summary = also.summary
    words = f"{_capital(plain(also.when))} ({', '.join(_changed(also, audit))})"
    if broken(summary):
        return f"{words}: {_said(also.decided, summary, audit.operators)}"
    if summary.verdict == "full":
        return f"{words}: full as well."
    everything = figures.count(summary.operators, "operator")
    return f"{words}: {summary.verdict}, {summary.delegated:,} of {everything}."


def _changed(also: Also, audit: Audit) -> Iterator[str]:
    for name, value in also.parameters.items():
        if value != audit.parameters.get(name):
            yield f"{name}={as_written(value)}"


def _said(decided: Decided | None, summary: Summary, operators: tuple[Operator, ...]) -> str:
    if decided is None:
        return f"{_EFFECTS[summary.verdict]}."
    words = effect(decided.severity, decided.stage, decided.kind)
    message = plain(decided.message).rstrip(".").removeprefix("wrong numbers: ")
    named = _named(decided, operators)
    return f"{words}: {named}{message}."


def _named(decided: Decided, operators: tuple[Operator, ...]) -> str:
    if not decided.operators:
        return ""
    first = decided.operators[0]
    place = first.subgraph, first.operator
    node = next((node for node in operators if (node.subgraph, node.index) == place), None)
    if node is None:
        return ""
    more = len(decided.operators) - 1
    return f"{labels.place(node)} {labels.operator(node)}" + (f" and {more:,} more" if more else "") + ": "


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

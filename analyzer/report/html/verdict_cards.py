"""One card a delegate on the HTML page: its verdict, and how its real runs went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.html.charts import Histogram, histograms, latencies, same
from analyzer.report.page_template import Phase
from analyzer.report.wording import figures, phrases, run_sentences


class RealRun(Struct, frozen=True):
    """The outcome of a real run, and its charts. `mark`: as a verdict, partial where nothing is proven."""

    id: str
    mark: str
    block: run_sentences.Block
    latencies: list[Phase]
    errors: list[Histogram]
    same: list[str]


class VerdictCard(Struct, frozen=True):
    """One delegate's verdict. `share` and `percent` are of MACs, of operators where none has any."""

    name: str
    verdict: str
    share: str
    of: str
    percent: float
    sentence: str
    held_back: str
    to_full: str
    status: str
    runs: list[RealRun]


def real_runs(ident: str, model: Model) -> Iterator[RealRun]:
    """Every real run of a model."""
    for number, (block, run) in enumerate(zip(run_sentences.blocks(model), model.runs, strict=True)):
        mark = "full" if block.agrees else "none" if block.reasons else "partial"
        yield RealRun(f"{ident}-r{number}", mark, block, latencies(run), histograms(run), same(run))


def verdict_cards(names: Sequence[str], model: Model, runs: Sequence[RealRun]) -> list[VerdictCard]:
    """Each delegate with the runs that it predicted."""
    asked = [(run.delegate, run.parameters) for run in model.runs]
    return [
        _card(name, audit, [run for run, of in zip(runs, asked, strict=True) if of == _identity(audit)])
        for name, audit in zip(names, model.audits, strict=True)
    ]


def _identity(audit: Audit) -> tuple[str, dict[str, str | int | bool]]:
    return audit.delegate, audit.parameters


def _card(name: str, audit: Audit, runs: list[RealRun]) -> VerdictCard:
    summary = audit.summary
    share = summary.delegated_macs_share if summary.macs else summary.delegated_operators_share
    return VerdictCard(
        name=name,
        verdict=summary.verdict,
        share=figures.percent(share) if summary.operators else "",
        of="MACs" if summary.macs else "operators",
        percent=round(share * 100, 1),
        sentence=_sentence(audit),
        held_back=phrases.held_back(audit),
        to_full=phrases.to_full(audit),
        status="" if audit.status == "current" else audit.status,
        runs=runs,
    )


def _sentence(audit: Audit) -> str:
    summary = audit.summary
    everything = figures.count(summary.operators, "operator")
    if not summary.operators:
        return "There is nothing to delegate."
    if summary.verdict == "crash":
        rest = phrases.rest(audit, "everything")
        return f"0 of {everything}; applying this delegate ends the app. Without it, {rest}."
    if summary.verdict == "fails" and any(blocker.kind == "refused" for blocker in audit.blockers):
        return f"0 of {everything}; the CPU itself refuses this model as it is."
    if summary.verdict == "fails":
        selected = f"{summary.selected.delegated:,} of {everything} are selected"
        return f"0 of {everything}: {selected}, but building fails, and then everything runs on the CPU."
    if summary.verdict == "none":
        return f"0 of {everything}; {phrases.rest(audit, 'everything')}."
    partitions = figures.count(summary.partitions, "partition")
    if summary.verdict == "full":
        return f"Full residency: all {everything} in {partitions}."
    taken = f"{summary.delegated:,} of {everything} in {partitions}"
    if summary.verdict == "wrong":
        return f"{taken}, and an output comes out wrong."
    return f"{taken}; {phrases.rest(audit, 'the rest')}."

"""One card a delegate on the HTML page: its verdict, and how its real runs went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.wording import figures, outcome, phrases

if TYPE_CHECKING:
    from analyzer.report.html.charts import Histogram
    from analyzer.report.page_template import Phase
    from analyzer.report.wording.run_sentences import Block


class RealRun(Struct, frozen=True):
    """The outcome of a real run, and its charts. `mark`: as a verdict, partial where nothing is proven."""

    id: str
    mark: str
    block: Block
    latencies: list[Phase]
    errors: list[Histogram]
    same: list[str]


class VerdictCard(Struct, frozen=True):
    """One delegate's verdict. `share` and `percent` are of MACs, of operators where none has any.

    `broken` says what the app sees of a model that doesn't work, `told` what there is to say beside figures.
    """

    name: str
    verdict: str
    share: str
    of: str
    percent: float
    broken: str
    sentence: str
    held_back: str
    told: list[str]
    status: str
    legacy: bool
    runs: list[RealRun]


def real_runs(ident: str, model: Model) -> Iterator[RealRun]:
    """Every real run of a model."""
    if not model.runs:
        return
    from analyzer.report.html.charts import histograms, latencies, same
    from analyzer.report.wording.run_sentences import blocks

    for number, (block, run) in enumerate(zip(blocks(model), model.runs, strict=True)):
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
    broken = outcome.broken(summary)
    return VerdictCard(
        name=name,
        verdict=summary.verdict,
        share=figures.percent(share) if summary.operators and not broken else "",
        of="MACs" if summary.macs else "operators",
        percent=0.0 if broken else round(share * 100, 1),
        broken=outcome.sentence(audit),
        sentence=_sentence(audit),
        held_back=phrases.held_back(audit, effect=not broken),
        told=[] if broken else phrases.told(audit),
        status="" if audit.status == "current" else audit.status,
        legacy=audit.legacy,
        runs=runs,
    )


def _sentence(audit: Audit) -> str:
    summary = audit.summary
    everything = figures.count(summary.operators, "operator")
    if not summary.operators:
        return "There is nothing to delegate."
    if not outcome.applied(summary):
        rest = phrases.rest(audit, "everything")
        return f"0 of {everything} on the delegate. Without it, {rest}."
    if summary.verdict == "none":
        return f"0 of {everything}; {phrases.rest(audit, 'everything')}."
    partitions = figures.count(summary.partitions, "partition")
    if summary.verdict == "full":
        return f"Full residency: all {everything} in {partitions}."
    taken = f"{summary.delegated:,} of {everything} in {partitions}"
    if summary.delegated == summary.operators:
        return f"{taken}."
    return f"{taken}; {phrases.rest(audit, 'the rest')}."

"""Many models side by side: a row each, a column for every delegate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Document, Model
from analyzer.report.wording import causes, figures, labels, outcome, phrases
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.outcome import VERDICTS


class Verdict(Struct, frozen=True):
    """One delegate's word on one model; `share` of the MACs where it takes a part."""

    verdict: str
    share: str
    held_back: str


class Line(Struct, frozen=True):
    """One model, by its path in the common folder."""

    path: str
    file: str
    facts: str
    error: str


class Columns(Struct, frozen=True):
    """Delegates with their verdicts, model by model; one that isn't asked about a model has none."""

    delegates: list[str]
    #: For each delegate, how many models have which verdict.
    totals: list[str]
    verdicts: list[list[Verdict | None]]


class Overview(Struct, frozen=True):
    #: What all paths begin with.
    folder: str
    lines: list[Line]
    asked: Columns
    #: Deprecated delegates that nobody asked for, under their heading.
    legacy: Columns
    heading: str
    common: list[str]
    words: tuple[str, ...] = VERDICTS


def overview(document: Document) -> Overview:
    """All models of a document, and what blocks the most of them."""
    folder = _common([labels.model(model) for model in document.models])
    lines = [_line(model, folder) for model in document.models]
    asked, legacy = (_columns(document, legacy) for legacy in (False, True))
    common = [phrases.common(cause) for cause in causes.common(document.models)]
    return Overview(folder, lines, asked, legacy, phrases.LEGACY, common)


def _columns(document: Document, legacy: bool) -> Columns:
    known = [
        {
            name: _verdict(audit)
            for name, audit in zip(names, model.audits, strict=True)
            if audit.legacy == legacy
        }
        for model, names in labels.named(document)
    ]
    delegates = list(dict.fromkeys(name for verdicts in known for name in verdicts))
    totals = [_total(verdicts.get(name) for verdicts in known) for name in delegates]
    return Columns(delegates, totals, [[verdicts.get(name) for name in delegates] for verdicts in known])


def _common(paths: Sequence[str]) -> str:
    """The folder that all of these are in, with its slash; empty where there is none."""
    levels = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    folder = "".join(f"{level[0]}/" for level in takewhile(lambda level: len(set(level)) == 1, levels))
    return "" if folder == "/" else folder


def _line(model: Model, folder: str) -> Line:
    path, slash, file = labels.model(model).removeprefix(folder).rpartition("/")
    facts = "" if model.error else phrases.card(model)
    return Line(path + slash, file, facts, plain(model.error.message) if model.error else "")


def _verdict(audit: Audit) -> Verdict:
    summary = audit.summary
    partial = summary.verdict == "partial" and summary.macs
    share = figures.percent(summary.delegated_macs_share) if partial else ""
    return Verdict(summary.verdict, share, phrases.held_back(audit))


def _total(verdicts: Iterable[Verdict | None]) -> str:
    return outcome.counted(Counter(verdict.verdict for verdict in verdicts if verdict))

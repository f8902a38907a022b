"""Many models side by side: a row each, a column for every delegate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Document, Model
from analyzer.report.wording import causes, figures, labels, phrases
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.pack import BROKEN

#: From the best to the worst.
VERDICTS = ("full", "partial", "none", *reversed(BROKEN))


class Verdict(Struct, frozen=True):
    """One delegate's word on one model; `share` of the MACs where it takes a part."""

    verdict: str
    share: str
    held_back: str


class Line(Struct, frozen=True):
    """One model, by its path in the common folder; a delegate that isn't asked about it has no verdict."""

    path: str
    file: str
    facts: str
    error: str
    verdicts: list[Verdict | None]


class Overview(Struct, frozen=True):
    #: What all paths begin with.
    folder: str
    delegates: list[str]
    #: For each delegate, how many models have which verdict.
    totals: list[str]
    lines: list[Line]
    common: list[str]


def overview(document: Document) -> Overview:
    """All models of a document, and what blocks the most of them."""
    named = labels.delegates(document)
    delegates = list(dict.fromkeys(name for names in named.values() for name in names))
    folder = _common([labels.model(model) for model in document.models])
    lines = [_line(model, named[model.path], delegates, folder) for model in document.models]
    totals = [_total(line.verdicts[column] for line in lines) for column in range(len(delegates))]
    common = [phrases.common(cause) for cause in causes.common(document.models)]
    return Overview(folder, delegates, totals, lines, common)


def _common(paths: Sequence[str]) -> str:
    """The folder that all of these are in, with its slash; empty where there is none."""
    levels = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    folder = "".join(f"{level[0]}/" for level in takewhile(lambda level: len(set(level)) == 1, levels))
    return "" if folder == "/" else folder


def _line(model: Model, names: Sequence[str], delegates: Sequence[str], folder: str) -> Line:
    path, slash, file = labels.model(model).removeprefix(folder).rpartition("/")
    known = dict(zip(names, map(_verdict, model.audits), strict=True))
    return Line(
        path=path + slash,
        file=file,
        facts="" if model.error else phrases.card(model),
        error=plain(model.error.message) if model.error else "",
        verdicts=[known.get(name) for name in delegates],
    )


def _verdict(audit: Audit) -> Verdict:
    summary = audit.summary
    partial = summary.verdict == "partial" and summary.macs
    share = figures.percent(summary.delegated_macs_share) if partial else ""
    return Verdict(summary.verdict, share, phrases.held_back(audit))


def _total(verdicts: Iterable[Verdict | None]) -> str:
    counted = Counter(verdict.verdict for verdict in verdicts if verdict)
    return ", ".join(f"{counted[word]} {word}" for word in VERDICTS if counted[word])

"""The sections of the HTML page, ready for its template: texts, numbers for people, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Document, Model, Tool
from analyzer.report.document.contents import Port
from analyzer.report.html import links
from analyzer.report.html.cause_lists import CauseList, ListedChange, cause_ids, cause_lists
from analyzer.report.html.operator_matrix import Part, Row, Strip, parts, rows, strips
from analyzer.report.html.verdict_cards import RealRun, VerdictCard, real_runs, verdict_cards
from analyzer.report.wording import labels, phrases, recommended
from analyzer.report.wording.handover import handover
from analyzer.report.wording.hostile_text import plain

#: How many inputs and outputs of an entry point are named.
_PORTS = 4


class Entry(Struct, frozen=True):
    """An entry point of a model: (name, type) of inputs and outputs, and the number of those left out."""

    title: str
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]


class Recommended(Struct, frozen=True):
    """What to choose on one platform, and its facts: a heading, its lines, whether these are to be copied."""

    platform: str
    sentence: str
    facts: list[tuple[str, list[str], bool]]


class Section(Struct, frozen=True):
    """Everything about one model."""

    index: int
    id: str
    name: str
    folder: str
    file: str
    facts: list[str]
    description: str
    entries: list[Entry]
    error: str
    recommended: list[Recommended]
    #: Whether it is out of delegates that somebody named.
    named: bool
    delegates: list[str]
    verdict_cards: list[VerdictCard]
    #: Those of deprecated delegates that nobody asked for, under their heading.
    legacy_cards: list[VerdictCard]
    legacy: str
    #: What to change first for what is recommended.
    first: ListedChange | None
    cause_lists: list[CauseList]
    legacy_lists: list[CauseList]
    #: Markdown to copy; empty where nothing is to be changed.
    handover: str
    strips: list[Strip]
    rows: list[Row]
    parts: list[Part]
    kinds: list[str]
    audits: Sequence[Audit]
    runs: list[RealRun]
    #: Whether there is enough known to draw a graph, and whose graph is shown first.
    drawn: bool
    shown_first: int


def sections(document: Document) -> list[Section]:
    """One section a model."""
    return [
        _section(index, model, names, document.tool)
        for index, (model, names) in enumerate(labels.named(document))
    ]


def _section(index: int, model: Model, names: Sequence[str], tool: Tool) -> Section:
    ident = links.section(index)
    folder, slash, file = plain(model.path).rpartition("/")
    listed = list(cause_lists(ident, model, names))
    table = list(rows(ident, model, cause_ids(listed)))
    runs = list(real_runs(ident, model))
    cards = verdict_cards(names, model, runs)
    return Section(
        index=index,
        id=ident,
        name=plain(model.path),
        folder=folder + slash,
        file=file,
        facts=phrases.card(model).split(", "),
        description=plain(model.description),
        entries=list(_entries(model)),
        error=plain(model.error.message) if model.error else "",
        recommended=list(_recommended(model)),
        named=bool(model.recommendation and model.recommendation.named),
        delegates=list(names),
        verdict_cards=[card for card in cards if not card.legacy],
        legacy_cards=[card for card in cards if card.legacy],
        legacy=phrases.LEGACY,
        first=_first([causes for causes in listed if not causes.legacy]),
        cause_lists=[causes for causes in listed if not causes.legacy],
        legacy_lists=[causes for causes in listed if causes.legacy],
        handover=handover(model, names, tool),
        strips=strips(names, model.audits),
        rows=table,
        parts=list(parts(ident, names, model.audits)),
        kinds=sorted({row.name for row in table}),
        audits=model.audits,
        runs=runs,
        drawn=bool(model.graphs),
        shown_first=_shown_first(model),
    )


def _first(listed: Sequence[CauseList]) -> ListedChange | None:
    """What to change first."""
    every = (change for causes in listed for change in (*causes.changes, *causes.rest))
    return next((change for change in every if change.first), None)


def _recommended(model: Model) -> Iterator[Recommended]:
    for platform, choice in recommended.each(model.recommendation) if model.recommendation else ():
        facts = [
            (heading, list(map(plain, lines)), heading in recommended.VERBATIM)
            for heading, lines in recommended.facts(choice)
            if lines
        ]
        yield Recommended(platform, plain(choice.sentence), facts)


def _shown_first(model: Model) -> int:
    """The delegate that is recommended; else that with the most partitions of those that take a part."""
    audits = model.audits
    for choice in model.recommendation.choices if model.recommendation else ():
        if choice.audit is not None:
            return choice.audit
    partitions = [
        audit.summary.partitions if audit.summary.verdict == "partial" and not audit.legacy else 0
        for audit in audits
    ]
    return partitions.index(max(partitions, default=0)) if partitions else 0


def _entries(model: Model) -> Iterator[Entry]:
    for signature in model.signatures or ():
        yield Entry(labels.signature(signature), _ports(signature.inputs), _ports(signature.outputs))


def _ports(ports: Sequence[Port]) -> list[tuple[str, str]]:
    shown = [(plain(port.name), labels.kind(port.tensor)) for port in ports[:_PORTS]]
    more = len(ports) - len(shown)
    return [*shown, ("", f"{more} more")] if more else shown

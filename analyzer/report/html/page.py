"""What the HTML page shows, ready for its template: texts, numbers for people, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Document, Model
from analyzer.report.document.contents import Port, Signature
from analyzer.report.html import links
from analyzer.report.html.cause_lists import List, answers, lists
from analyzer.report.html.operator_matrix import Part, Row, Strip, parts, rows, strips
from analyzer.report.html.verdict_cards import Card, RealRun, cards, real_runs
from analyzer.report.wording import labels, phrases
from analyzer.report.wording.hostile_text import plain

#: How many inputs and outputs of an entry point are named.
_PORTS = 4


class Entry(Struct, frozen=True):
    """Where a model is entered: (name, type) of its inputs and outputs, and how many more there are."""

    title: str
    inputs: list[tuple[str, str]]
    outputs: list[tuple[str, str]]


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
    delegates: list[str]
    cards: list[Card]
    lists: list[List]
    strips: list[Strip]
    rows: list[Row]
    parts: list[Part]
    kinds: list[str]
    audits: Sequence[Audit]
    runs: list[RealRun]
    #: Whether there is enough known to draw a graph, and whose graph tells most.
    drawn: bool
    telling: int


def sections(document: Document) -> list[Section]:
    """One section a model."""
    named = labels.delegates(document)
    return [_section(index, model, named[model.path]) for index, model in enumerate(document.models)]


def _section(index: int, model: Model, names: Sequence[str]) -> Section:
    ident = links.section(index)
    folder, slash, file = plain(model.path).rpartition("/")
    listed = list(lists(ident, model, names))
    table = list(rows(ident, model, answers(listed)))
    runs = list(real_runs(ident, model))
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
        delegates=list(names),
        cards=cards(names, model, runs),
        lists=listed,
        strips=strips(names, model.audits),
        rows=table,
        parts=list(parts(ident, names, model.audits)),
        kinds=sorted({row.name for row in table}),
        audits=model.audits,
        runs=runs,
        drawn=bool(model.graphs),
        telling=_telling(model.audits),
    )


def _telling(audits: Sequence[Audit]) -> int:
    """The delegate with the most partitions among those that take a part, else the first."""
    found = [one.summary.partitions if one.summary.verdict == "partial" else 0 for one in audits]
    return found.index(max(found, default=0)) if found else 0


def _entries(model: Model) -> Iterator[Entry]:
    for one in model.signatures or ():
        yield Entry(_title(one), _ports(one.inputs), _ports(one.outputs))


def _title(one: Signature) -> str:
    return f"Signature {plain(one.key)}" if one.key else "Inputs and outputs"


def _ports(found: Sequence[Port]) -> list[tuple[str, str]]:
    shown = [(plain(port.name), labels.kind(port.tensor)) for port in found[:_PORTS]]
    more = len(found) - len(shown)
    return [*shown, ("", f"{more} more")] if more else shown

"""What the HTML page shows, ready for its template: texts, numbers for people, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from analyzer.report import causes, figures, labels, phrases, running
from analyzer.report.causes import Case, Cause
from analyzer.report.charts import Histogram, Phase, histograms, latencies, same
from analyzer.report.document import Audit, Document, Model, Operator
from analyzer.report.text import plain

_VERDICTS = {
    "full": "Fully delegated",
    "partial": "Partly delegated",
    "none": "Not delegated",
    "crash": "Crashes the app",
}


class Card(Struct, frozen=True):
    """One delegate's verdict. `percent` is the share of MACs, of operators where none has any."""

    name: str
    verdict: str
    title: str
    sentence: str
    held_back: str
    to_full: str
    percent: float
    status: str
    runs: list[RealRun]


class Link(Struct, frozen=True):
    text: str
    to: str


class Proof(Struct, frozen=True):
    """One way in which a rule failed, and where."""

    message: str
    evidence: str
    links: list[Link]


class Item(Struct, frozen=True):
    """One cause, as a numbered entry of a list."""

    number: int
    id: str
    delegates: list[str]
    severity: str
    whom: str
    cost: str
    gain: str
    percent: float
    cause: Cause
    proofs: list[Proof]


class List(Struct, frozen=True):
    title: str
    items: list[Item]


class Run(Struct, frozen=True):
    """Neighbours in execution order that are placed alike."""

    start: int
    length: int
    state: str
    title: str


class Strip(Struct, frozen=True):
    name: str
    runs: list[Run]


class Cell(Struct, frozen=True):
    state: str
    text: str
    to: str | None


class Row(Struct, frozen=True):
    id: str
    place: str
    name: str
    #: Whether the name is the model's own.
    odd: bool
    macs: str
    output: str
    cells: list[Cell]


class Part(Struct, frozen=True):
    """A partition."""

    delegate: str
    name: str
    operators: str
    where: list[Link]
    crossing: str


class RealRun(Struct, frozen=True):
    """What a real run comes to, and its charts. `mark`: as a verdict, partial where nothing is proven."""

    id: str
    mark: str
    block: running.Block
    latencies: list[Phase]
    errors: list[Histogram]
    same: list[str]


class Section(Struct, frozen=True):
    """Everything about one model."""

    index: int
    id: str
    name: str
    folder: str
    file: str
    facts: list[str]
    description: str
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
    ident = f"m{index}"
    folder, slash, file = plain(model.path).rpartition("/")
    lists = list(_lists(ident, model, names))
    answers = _answers(lists)
    audits = list(zip(names, model.audits, strict=True))
    rows = list(_rows(ident, model, answers))
    real = list(_real(ident, model))
    return Section(
        index=index,
        id=ident,
        name=plain(model.path),
        folder=folder + slash,
        file=file,
        facts=phrases.card(model).split(", "),
        description=plain(model.description),
        error=plain(model.error.message) if model.error else "",
        delegates=list(names),
        cards=[_card(name, audit, _runs_of(audit, model, real)) for name, audit in audits],
        lists=lists,
        strips=[Strip(name, list(_runs(audit))) for name, audit in audits],
        rows=rows,
        parts=[part for name, audit in audits for part in _parts(ident, name, audit)],
        kinds=sorted({row.name for row in rows}),
        audits=model.audits,
        runs=real,
        drawn=bool(model.graphs),
        telling=_telling(model.audits),
    )


def _telling(audits: Sequence[Audit]) -> int:
    """The delegate with the most partitions among those that take a part, else the first."""
    parts = [one.summary.partitions if one.summary.verdict == "partial" else 0 for one in audits]
    return parts.index(max(parts, default=0)) if parts else 0


def _real(ident: str, model: Model) -> Iterator[RealRun]:
    for number, (block, run) in enumerate(zip(running.blocks(model), model.runs, strict=True)):
        mark = "full" if block.agrees else "none" if block.reasons else "partial"
        yield RealRun(f"{ident}-r{number}", mark, block, latencies(run), histograms(run), same(run))


def _runs_of(audit: Audit, model: Model, real: Sequence[RealRun]) -> list[RealRun]:
    """The real runs that an audit predicted."""
    asked = audit.delegate, audit.parameters
    return [
        shown for shown, run in zip(real, model.runs, strict=True) if (run.delegate, run.parameters) == asked
    ]


def _card(name: str, audit: Audit, runs: list[RealRun]) -> Card:
    summary = audit.summary
    share = summary.delegated_macs_share if summary.macs else summary.delegated_operators_share
    return Card(
        name=name,
        verdict=summary.verdict,
        title=_VERDICTS[summary.verdict],
        sentence=_sentence(audit),
        held_back=phrases.held_back(audit),
        to_full=phrases.to_full(audit),
        percent=round(share * 100, 1),
        status="" if audit.status == "current" else audit.status,
        runs=runs,
    )


def _sentence(audit: Audit) -> str:
    summary = audit.summary
    everything = figures.count(summary.operators, "operator")
    if summary.verdict == "crash":
        return f"Applying this delegate ends the app; without it, {phrases.rest(audit, 'everything')}."
    if summary.verdict == "none":
        return f"0 of {everything}; {phrases.rest(audit, 'everything')}."
    partitions = figures.count(summary.partitions, "partition")
    if summary.verdict == "full":
        return (
            f"Full residency: all {everything} in {partitions}."
            if summary.operators
            else "There is nothing to delegate."
        )
    share = f", {figures.percent(summary.delegated_macs_share)} of MACs," if summary.macs else ""
    taken = f"{summary.delegated:,} of {everything}{share} in {partitions}"
    return f"{taken}; {phrases.rest(audit, 'the rest')}. {_first_off(audit)}"


def _first_off(audit: Audit) -> str:
    """What a load that wants everything on the delegate stumbles over."""
    node = next(node for node in audit.operators if not node.delegated)
    return f"Full residency fails first at {labels.place(node)} {labels.operator(node)}."


def _lists(ident: str, model: Model, names: Sequence[str]) -> Iterator[List]:
    number = 0
    for title, group in phrases.sections(causes.causes(model)):
        items = [
            _item(ident, number + position, cause, model, names) for position, cause in enumerate(group, 1)
        ]
        number += len(items)
        yield List(title, items)


def _item(ident: str, number: int, cause: Cause, model: Model, names: Sequence[str]) -> Item:
    share = cause.cost[0] / model.macs if model.macs else 0.0
    return Item(
        number=number,
        id=f"{ident}-c{number}",
        delegates=[names[position] for position in cause.audits],
        severity=cause.severity,
        whom=phrases.whom(cause, model),
        cost=f"{figures.percent(share)} of MACs" if share else "",
        gain=phrases.gain(cause, model),
        percent=round(share * 100, 1),
        cause=cause,
        proofs=[_proof(ident, case) for case in cause.cases],
    )


def _proof(ident: str, case: Case) -> Proof:
    return Proof(plain(case.message), plain(phrases.evidence(case)), list(_links(ident, case.operators)))


def _links(ident: str, nodes: Sequence[Operator]) -> Iterator[Link]:
    """Links to operators; neighbours of the same subgraph share one."""
    numbered = enumerate(nodes)
    for _, run in groupby(numbered, lambda entry: (entry[1].subgraph, entry[1].index - entry[0])):
        group = [node for _, node in run]
        first, last = labels.place(group[0]), labels.place(group[-1])
        yield Link(first if len(group) == 1 else f"{first}-{last}", _anchor(ident, group[0]))


def _anchor(ident: str, node: Operator) -> str:
    """`op-0-41`; models after the first put their own id before it."""
    prefix = "" if ident == "m0" else f"{ident}-"
    return f"{prefix}op-{node.subgraph}-{node.index}"


#: (position of the audit, subgraph, operator, whether the delegate accepts it) -> the first listed
#: cause that keeps it off the delegate.
Answers = dict[tuple[int, int, int, bool], str]


def _answers(lists: Sequence[List]) -> Answers:
    found: Answers = {}
    for item in (item for group in lists for item in group.items if item.cause.blocks):
        for position in item.cause.audits:
            for node in item.cause.operators:
                lost = item.cause.level == "graph"
                found.setdefault((position, node.subgraph, node.index, lost), item.id)
    return found


def state(node: Operator) -> str:
    """d: delegated, f: folded, l: accepted yet on the CPU, r: refused."""
    return "d" if node.delegated else "f" if node.folded else "l" if node.supported else "r"


_WORDS = {"d": "delegated", "f": "folded", "l": "lost", "r": "refused"}


def _rows(ident: str, model: Model, answers: Answers) -> Iterator[Row]:
    for nodes in zip(*(audit.operators for audit in model.audits), strict=True):
        node = nodes[0]
        yield Row(
            id=_anchor(ident, node),
            place=labels.place(node),
            name=labels.operator(node),
            odd=node.custom is not None,
            macs=figures.macs(node.macs),
            output=labels.tensor(node.output or ""),
            cells=[_cell(node, position, answers) for position, node in enumerate(nodes)],
        )


def _cell(node: Operator, position: int, answers: Answers) -> Cell:
    kind = state(node)
    text = f"P{node.partition}" if node.partition is not None else _WORDS[kind] + phrases.on_reference(node)
    to = None if kind in "df" else answers.get((position, node.subgraph, node.index, node.supported))
    return Cell(kind, text, to)


def _runs(audit: Audit) -> Iterator[Run]:
    start = 0
    for (kind, partition), group in groupby(audit.operators, lambda node: (state(node), node.partition)):
        nodes = list(group)
        where = labels.place(nodes[0])
        if len(nodes) > 1:
            where += f" to {labels.place(nodes[-1])}"
        title = _WORDS[kind] if partition is None else f"partition {partition}"
        shade = f"{kind} odd" if kind == "d" and (partition or 0) % 2 else kind
        yield Run(start, len(nodes), shade, f"{where}: {title}")
        start += len(nodes)


def _parts(ident: str, name: str, audit: Audit) -> Iterator[Part]:
    nodes = {(node.subgraph, node.index): node for node in audit.operators}
    for partition in audit.partitions:
        inside = [nodes[partition.subgraph, index] for index in partition.operators]
        links = list(_links(ident, inside))
        crossing = figures.size(partition.boundary_bytes)
        yield Part(name, f"P{partition.index}", figures.count(len(inside), "operator"), links, crossing)

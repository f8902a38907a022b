"""Every operator on the HTML page: as a table of operators by delegates, as strips, as partitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby

from msgspec import Struct

from analyzer.report.document.audit_document import Audit, Model, Operator
from analyzer.report.html.cause_lists import CauseIds
from analyzer.report.html.links import Link, anchor, links
from analyzer.report.wording import figures, labels, phrases


class Cell(Struct, frozen=True):
    """An operator's placement by one delegate; `to` leads to the cause that keeps it off."""

    state: str
    text: str
    to: str | None


class Row(Struct, frozen=True):
    """An operator."""

    id: str
    place: str
    name: str
    #: Whether the name is the model's own.
    odd: bool
    macs: str
    output: str
    cells: list[Cell]


class Stretch(Struct, frozen=True):
    """Neighbours in execution order that are placed alike."""

    start: int
    length: int
    state: str
    title: str


class Strip(Struct, frozen=True):
    """All operators in execution order, as one delegate places them."""

    name: str
    stretches: list[Stretch]


class Part(Struct, frozen=True):
    """A partition."""

    delegate: str
    name: str
    operators: str
    where: list[Link]
    crossing: str


#: How an operator fares -> the class of what shows it, and the words of the page's legend.
MARKS = {
    "delegated": ("d", "on the delegate"),
    "lost": ("l", "accepted, yet on the CPU"),
    "refused": ("r", "refused"),
    "broken": ("b", "selected in vain, or wrong"),
    "folded": ("f", "folded into its readers"),
}


def mark(node: Operator, audit: Audit) -> str:
    """The class of what shows how an operator fares."""
    return MARKS[phrases.standing(node, audit)][0]


def rows(ident: str, model: Model, ids: CauseIds) -> Iterator[Row]:
    """Every operator with each delegate's word."""
    for nodes in zip(*(audit.operators for audit in model.audits), strict=True):
        node = nodes[0]
        yield Row(
            id=anchor(ident, node),
            place=labels.place(node),
            name=labels.operator(node),
            odd=node.custom is not None,
            macs=figures.macs(node.macs),
            output=labels.tensor(node.output or ""),
            cells=[
                _cell(node, audit, position, ids)
                for position, (node, audit) in enumerate(zip(nodes, model.audits, strict=True))
            ],
        )


def _cell(node: Operator, audit: Audit, position: int, ids: CauseIds) -> Cell:
    kind = mark(node, audit)
    to = None if kind in "df" else ids.get((position, node.subgraph, node.index, node.supported))
    return Cell(kind, phrases.where(node, audit), to)


def strips(names: Sequence[str], audits: Sequence[Audit]) -> list[Strip]:
    """One strip a delegate."""
    pairs = zip(names, audits, strict=True)
    return [Strip(name, list(stretches(audit.operators, audit))) for name, audit in pairs]


def stretches(nodes: Sequence[Operator | None], audit: Audit) -> Iterator[Stretch]:
    """Neighbours that are placed alike; None leaves a gap."""
    start = 0
    for (kind, partition), run in groupby(nodes, partial(_alike, audit)):
        group = list(run)
        if (first := group[0]) is not None and (last := group[-1]) is not None:
            where = labels.place(first)
            if len(group) > 1:
                where += f" to {labels.place(last)}"
            shade, words = MARKS[kind]
            told = [words] if partition is None or kind == "broken" else []
            told[:0] = [] if partition is None else [f"partition {partition}"]
            odd = " odd" if (partition or 0) % 2 else ""
            yield Stretch(start, len(group), shade + odd, f"{where}: {', '.join(told)}")
        start += len(group)


def _alike(audit: Audit, node: Operator | None) -> tuple[str, int | None]:
    return ("", None) if node is None else (phrases.standing(node, audit), node.partition)


def parts(ident: str, names: Sequence[str], audits: Sequence[Audit]) -> Iterator[Part]:
    """Every partition of every delegate."""
    for name, audit in zip(names, audits, strict=True):
        nodes = {(node.subgraph, node.index): node for node in audit.operators}
        for partition in audit.partitions:
            inside = [nodes[partition.subgraph, index] for index in partition.operators]
            crossing = figures.size(partition.boundary_bytes)
            yield Part(
                delegate=name,
                name=f"P{partition.index}"
                + (f" of subgraph {partition.subgraph}" if partition.subgraph else ""),
                operators=figures.count(len(inside), "operator"),
                where=list(links(ident, inside)),
                crossing=crossing,
            )

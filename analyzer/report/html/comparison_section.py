"""The section of the HTML page on two models side by side, ready for its template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from analyzer.report.compare import text
from analyzer.report.compare.model_diff import BETTER, WORSE, Change, Comparison, Match, Side, fares
from analyzer.report.compare.regressions import unlike
from analyzer.report.document.audit_document import Audit, Operator, Place
from analyzer.report.html import links
from analyzer.report.html.links import Link
from analyzer.report.html.operator_matrix import Stretch, mark, stretches
from analyzer.report.wording import figures, phrases


class ListedChange(Struct, frozen=True):
    """Operators that fare alike."""

    text: str
    fix: str
    rule: str
    where: list[Link]


class ChangeList(Struct, frozen=True):
    """Improvements, or setbacks."""

    change: str
    changes: list[ListedChange]


class Cell(Struct, frozen=True):
    """An operator's placement by one delegate, before and after."""

    change: str
    before: str
    after: str
    mark_before: str
    mark_after: str


class Row(Struct, frozen=True):
    """An operator of either model, or of both."""

    before: Link | None
    after: Link | None
    op: str
    macs: str
    cells: list[Cell]


class Delegate(Struct, frozen=True):
    """One delegate on both models."""

    name: str
    change: str
    cells: list[str]
    #: Findings that came and went.
    risks: list[str]
    change_lists: list[ChangeList]
    before: list[Stretch]
    after: list[Stretch]


class Compared(Struct, frozen=True):
    before: str
    after: str
    headers: tuple[str, ...]
    delegates: list[Delegate]
    rows: list[Row]
    #: The operators that one model alone has, and what is said where that is all of them.
    alone: list[tuple[str, str]]
    unlike: str


#: Subgraph and index -> the operator as one delegate has it.
_Nodes = Mapping[tuple[int, int], Operator]
#: One delegate's audits of both models.
_Audits = tuple[Audit, Audit]


def compared(comparison: Comparison) -> Compared:
    """The comparison, ready for its template."""
    sides = list(zip(comparison.before.audits, comparison.after.audits, strict=True))
    nodes = [(_nodes(before), _nodes(after)) for before, after in sides]
    return Compared(
        before=text.file(comparison.before),
        after=text.file(comparison.after),
        headers=text.HEADERS,
        delegates=[
            _delegate(side, comparison.operators, both, audits)
            for side, both, audits in zip(comparison.delegates, nodes, sides, strict=True)
        ],
        rows=[_row(match, nodes, sides) for match in comparison.operators] if nodes else [],
        alone=text.alone(comparison),
        unlike=text.NOTHING_SHARED if unlike(comparison) else "",
    )


def _nodes(audit: Audit) -> _Nodes:
    return {(node.subgraph, node.index): node for node in audit.operators}


def _delegate(
    side: Side, matches: Sequence[Match], nodes: tuple[_Nodes, _Nodes], audits: _Audits
) -> Delegate:
    before, after = nodes
    return Delegate(
        name=side.delegate,
        change=side.change,
        cells=text.cells(side),
        risks=list(map(text.risky, side.risks)),
        change_lists=list(_change_lists(side, before, after)),
        before=list(stretches([_node(match.before, before) for match in matches], audits[0])),
        after=list(stretches([_node(match.after, after) for match in matches], audits[1])),
    )


def _node(place: Place | None, nodes: _Nodes) -> Operator | None:
    return None if place is None else nodes[place.subgraph, place.operator]


def _change_lists(side: Side, before: _Nodes, after: _Nodes) -> Iterator[ChangeList]:
    for change in (WORSE, BETTER):
        listed = [_listed(entry, side, before, after) for entry in side.changes if entry.change == change]
        if listed:
            yield ChangeList(change, listed)


def _listed(change: Change, side: Side, before: _Nodes, after: _Nodes) -> ListedChange:
    """Links lead into the second model, for operators that are gone into the first."""
    gone = change.after is None
    places = [match.before if gone else match.after for match in change.operators]
    nodes = [node for place in places if (node := _node(place, before if gone else after)) is not None]
    where = list(links.links(links.section(0 if gone else 1), nodes))
    rule = change.rules[0] if change.rules else ""
    return ListedChange(text.said(change, side), text.fix(change), rule, where)


def _row(match: Match, nodes: Sequence[tuple[_Nodes, _Nodes]], audits: Sequence[_Audits]) -> Row:
    sides = [(_node(match.before, before), _node(match.after, after)) for before, after in nodes]
    before, after = sides[0]
    known = after or before
    return Row(
        before=_link(0, before),
        after=_link(1, after),
        op=match.op,
        macs=figures.macs(known.macs) if known else "",
        cells=[_cell(both, of) for both, of in zip(sides, audits, strict=True)],
    )


def _link(model: int, node: Operator | None) -> Link | None:
    if node is None:
        return None
    (link,) = links.links(links.section(model), [node])
    return link


def _cell(nodes: tuple[Operator | None, Operator | None], audits: _Audits) -> Cell:
    both = list(zip(nodes, audits, strict=True))
    where, marks = (
        [say(node, audit) if node else "" for node, audit in both] for say in (phrases.where, mark)
    )
    return Cell(fares(*nodes), *where, *marks)

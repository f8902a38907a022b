"""Anchors of operators on the HTML page, and links to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from analyzer.report.document.audit_document import Operator
from analyzer.report.wording import labels


class Link(Struct, frozen=True):
    text: str
    to: str


def section(index: int) -> str:
    """The id of a model's section."""
    return f"m{index}"


def anchor(ident: str, node: Operator) -> str:
    """`op-0-41`; models after the first put their section's id before it."""
    prefix = "" if ident == section(0) else f"{ident}-"
    return f"{prefix}op-{node.subgraph}-{node.index}"


def links(ident: str, nodes: Sequence[Operator]) -> Iterator[Link]:
    """Links to operators; neighbours of the same subgraph share one."""
    numbered = enumerate(nodes)
    for _, run in groupby(numbered, lambda entry: (entry[1].subgraph, entry[1].index - entry[0])):
        group = [node for _, node in run]
        first, last = labels.place(group[0]), labels.place(group[-1])
        yield Link(first if len(group) == 1 else f"{first}-{last}", anchor(ident, group[0]))

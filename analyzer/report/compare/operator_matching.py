"""Which operator of one model is which of another: by what it writes, else by where it stands.

Names of tensors outlive most conversions. Where they don't, or are only numbers, operators are the same that
stay on the shortest way from one sequence to the other: those of the same kind and shape first, then those
of the same kind, because at another resolution everything has another shape.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from analyzer.report.compare import edit_script
from analyzer.report.document.audit_document import Model
from analyzer.report.wording import labels

#: Positions in the lists of all operators; None where only the other model has it.
Pair: TypeAlias = tuple[int | None, int | None]

#: Names are believed where at least this share of those on both sides names the same kind of operator.
_TRUSTED = 0.8
#: Models with more differences than this have nothing to do with each other.
_MOST = 1000


class _Node(Struct, frozen=True):
    """The traits that an operator is known by."""

    kind: tuple[int, str]
    name: str | None
    shape: Hashable


def pairs(before: Model, after: Model) -> list[Pair]:
    """Every operator of both models once: in the second one's order, what is gone where it was."""
    first, second = _nodes(before), _nodes(after)
    matched = _by_name(first, second)
    matched |= _by_place(first, second, matched, lambda node: (node.kind, node.shape))
    matched |= _by_place(first, second, matched, lambda node: node.kind)
    return list(_merged(len(first), len(second), matched))


def _nodes(model: Model) -> list[_Node]:
    operators = model.audits[0].operators if model.audits else ()
    shapes = _shapes(model)
    return [
        _Node(
            (operator.subgraph, labels.operator(operator)),
            operator.output,
            shapes.get((operator.subgraph, operator.index)),
        )
        for operator in operators
    ]


def _shapes(model: Model) -> dict[tuple[int, int], Hashable]:
    """(subgraph, operator) -> the shape of its first output, where operands are known."""
    shapes: dict[tuple[int, int], Hashable] = {}
    for graph in model.graphs or ():
        for operator in graph.operators:
            written = [operand.tensor for operand in operator.outputs[:1] if operand.tensor is not None]
            shapes[graph.subgraph, operator.index] = tuple(graph.tensors[index].shape for index in written)
    return shapes


def _by_name(first: Sequence[_Node], second: Sequence[_Node]) -> dict[int, int]:
    """Operators that alone write what has this name."""
    before, after = _named(first), _named(second)
    common = [name for name in before if name in after]
    alike = [name for name in common if first[before[name]].kind == second[after[name]].kind]
    if len(alike) < _TRUSTED * len(common):
        return {}
    return {before[name]: after[name] for name in alike}


def _named(nodes: Sequence[_Node]) -> dict[tuple[int, str], int]:
    names = [(node.kind[0], node.name) for node in nodes]
    counted = Counter(names)
    return {
        (subgraph, name): position
        for position, (subgraph, name) in enumerate(names)
        if name and counted[subgraph, name] == 1
    }


def _by_place(
    first: Sequence[_Node],
    second: Sequence[_Node],
    matched: dict[int, int],
    key: Callable[[_Node], Hashable],
) -> dict[int, int]:
    """Operators that stay on the way from one sequence to the other, with those matched already."""
    back = {after: before for before, after in matched.items()}
    before = [position if position in matched else key(node) for position, node in enumerate(first)]
    after = [back.get(position, key(node)) for position, node in enumerate(second)]
    return edit_script.kept(before, after, _MOST)


def _merged(before: int, after: int, matched: dict[int, int]) -> Iterator[Pair]:
    """Operators that are gone follow what was before them."""
    back = {later: earlier for earlier, later in matched.items()}
    gone: dict[int, list[int]] = {}
    last = -1
    for position in range(before):
        last = matched.get(position, last)
        if position not in matched:
            gone.setdefault(last, []).append(position)
    for place in range(-1, after):
        if place >= 0:
            yield back.get(place), place
        yield from ((position, None) for position in gone.get(place, ()))

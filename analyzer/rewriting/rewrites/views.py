"""Views under another name: what gives the same elements in another shape is a RESHAPE."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from msgspec.structs import replace

from analyzer.model.graph import Operator
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site

#: Operators that give all elements of their first input in another shape.
VIEWS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")


@rewrite("SQUEEZE", "EXPAND_DIMS", title="SQUEEZE and EXPAND_DIMS become RESHAPE")
def views_as_reshape(site: Site) -> Patch | None:
    source, target = site.input(), site.output()
    site.require(source.dtype == target.dtype, not source.constant)
    return site.replaced(site.reshape(source.index, target.index))


@rewrite("RESHAPE", title="RESHAPE of what is a view already reads what that is a view of")
def views_of_views(site: Site) -> Patch | None:
    before = site.graph.producer(site.input().index)
    site.require(before is not None)
    assert before is not None
    site.require(_is_view(site, before), before.index != site.operator.index)
    source, shape = site.tensor(before.inputs[0]), site.input(1)
    site.require(shape.constant, source.dtype == site.output().dtype)
    return site.replaced(replace(site.operator, inputs=(source.index, shape.index)))


@rewrite("TRANSPOSE", "SLICE", title="Dimensions of size 1 are left out where there are more than four")
def rearranged_without_ones(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    rank = len(source.shape)
    site.require(rank > 4, not site.graph.open_axes(source.index), not source.constant)
    kept = [axis for axis in range(rank) if source.shape[axis] != 1] or [0]
    if site.operator.name == "TRANSPOSE":
        order = [axis for value in site.whole(site.input(1)) if (axis := value % rank) in kept]
        columns = {"order": [kept.index(axis) for axis in order]}
        made = [source.shape[axis] for axis in order]
    else:
        begins = site.values(site.input(1))
        made = [output.shape[axis] for axis in kept]
        columns = {"begin": [int(begins[axis]) for axis in kept], "size": made}
    site.require(len(kept) <= 4, 0 not in made)
    before = [source.shape[axis] for axis in kept]
    more = [
        site.constant("INT32", [len(kept)], column, f"{output.name}/{name}")
        for name, column in columns.items()
    ]
    version = 1 if source.dtype == "FLOAT32" else site.operator.version
    lowered = replace(site.operator, version=version)
    return _between(
        site, before, made, lambda index, result: replace(lowered, inputs=(index, *more), outputs=(result,))
    )


@rewrite("BROADCAST_TO", title="BROADCAST_TO of more than four dimensions becomes TILE of fewer")
def broadcast_of_fewer_dimensions(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    site.require(len(output.shape) > 4, not site.graph.open_axes(output.index), not source.constant)
    sizes = (1,) * (len(output.shape) - len(source.shape)) + source.shape
    before, times = _grouped(sizes, output.shape)
    site.require(len(before) <= 4)
    multiples = site.constant("INT32", [len(times)], times, f"{output.name}/multiples")
    made = [size * count for size, count in zip(before, times, strict=True)]
    return _between(site, before, made, lambda index, result: site.make("TILE", [index, multiples], [result]))


def _between(
    site: Site, before: Sequence[int], after: Sequence[int], make: Callable[[int, int], Operator]
) -> Patch:
    """An operator on another shape of the first input, and what reads the output on another shape of that.

    Views before and after are read through, so that nothing is left of the shape that was too long.
    """
    graph, output = site.graph, site.output()
    operators: dict[int, Sequence[Operator]] = {}
    start, dropped = site.input().index, True
    while (view := graph.producer(start)) is not None and _is_view(site, view):
        dropped = dropped and len(graph.readers(start)) == 1 and not graph.leaves(start)
        if dropped:
            operators[view.index] = ()
        start = view.inputs[0]
    reshaping, index = site.reshaped(start, before)
    result = site.add(output, after, "lower")
    made = [*reshaping, make(index, result)]
    readers = graph.readers(output.index)
    if graph.leaves(output.index) or not all(_is_view(site, reader) for reader in readers):
        made.append(site.reshape(result, output.index))
    else:
        operators |= {reader.index: [site.reshape(result, reader.outputs[0])] for reader in readers}
    return site.patch({**operators, site.operator.index: made})


def _is_view(site: Site, operator: Operator) -> bool:
    """Whether an operator is a view of what is computed and is no state."""
    if operator.name not in VIEWS:
        return False
    source, output = site.tensor(operator.inputs[0]), site.tensor(operator.outputs[0])
    return source.dtype == output.dtype and not source.constant and not source.variable


def _grouped(sizes: Sequence[int], into: Sequence[int]) -> tuple[list[int], list[int]]:
    """Neighbouring dimensions that are all kept, or all repeated, as one: sizes, and how often each."""
    groups: list[tuple[bool, list[int], list[int]]] = []
    for size, wide in zip(sizes, into, strict=True):
        if size == wide == 1:
            continue
        repeated = size != wide
        if not groups or groups[-1][0] != repeated:
            groups.append((repeated, [], []))
        groups[-1][1].append(size)
        groups[-1][2].append(wide // size)
    return [prod(group[1]) for group in groups] or [1], [prod(group[2]) for group in groups] or [1]

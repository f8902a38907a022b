"""Slices and look-ups in the shapes that delegates take: sizes of 1 are kept, and dropped by a RESHAPE."""

from __future__ import annotations

from math import prod

from msgspec.structs import replace

from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site


@rewrite("GATHER", title="The indices of GATHER are flattened")
def gather_flattened(site: Site) -> Patch | None:
    table, indices, output = site.input(0), site.input(1), site.output()
    site.require(len(indices.shape) != 1, site.option("batch_dims") == 0, len(table.shape) > 0)
    axis = site.option("axis") % len(table.shape)
    count = prod(indices.shape)
    is_open = bool(site.graph.open_axes(indices.index))
    flattening, flat = site.reshaped(indices.index, [count], [0] if is_open else [])
    shape = (*table.shape[:axis], count, *table.shape[axis + 1 :])
    own = {place + (place >= axis) for place in _without(site.graph.open_axes(table.index), axis)}
    rows = site.add(output, shape, "rows", own | ({axis} if is_open else set()))
    gather = replace(site.operator, inputs=(table.index, flat), outputs=(rows,))
    return site.replaced(*flattening, gather, site.reshape(rows, output.index))


def _without(axes: frozenset[int], axis: int) -> list[int]:
    """Dimensions as they count where one is left out."""
    return [place - (place > axis) for place in axes if place != axis]


@rewrite("STRIDED_SLICE", title="STRIDED_SLICE keeps the dimensions that it drops, and RESHAPE drops them")
def shrink_axis_as_reshape(site: Site) -> Patch | None:
    masks = site.operator.options
    shrunk = masks["shrink_axis_mask"]
    site.require(shrunk != 0, not masks["ellipsis_mask"], not masks["new_axis_mask"], not masks["offset"])
    source, output = site.input(), site.output()
    begins, ends, steps = (list(map(int, site.values(site.input(place)))) for place in (1, 2, 3))
    open_axes = site.graph.open_axes(source.index)
    places = [axis for axis in range(len(begins)) if shrunk >> axis & 1]
    for axis in places:
        first = 0 if masks["begin_mask"] >> axis & 1 else begins[axis]
        # Counted from the end of an open size it would be another one each time.
        site.require(first >= 0 or axis not in open_axes, steps[axis] > 0)
        first += source.shape[axis] if first < 0 else 0
        begins[axis], ends[axis], steps[axis] = first, first + 1, 1
    site.require(len(output.shape) == len(source.shape) - len(places))
    kept = [axis for axis in range(len(source.shape)) if axis not in places]
    shape = [1] * len(source.shape)
    for axis, size in zip(kept, output.shape, strict=True):
        shape[axis] = size
    out_open = site.graph.open_axes(output.index)
    sliced = site.add(output, shape, "sliced", [kept[axis] for axis in out_open])
    mask = ~sum(1 << axis for axis in places)
    cut = replace(
        site.operator,
        inputs=(source.index, *_positions(site, begins, ends, steps)),
        outputs=(sliced,),
        options={
            **masks,
            "shrink_axis_mask": 0,
            "begin_mask": masks["begin_mask"] & mask,
            "end_mask": masks["end_mask"] & mask,
        },
    )
    return site.replaced(cut, site.reshape(sliced, output.index))


def _positions(site: Site, *columns: list[int]) -> list[int]:
    names = ("begin", "end", "strides")
    output = site.output().name
    return [
        site.constant("INT32", [len(column)], column, f"{output}/{name}")
        for name, column in zip(names, columns, strict=True)
    ]

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
    site.require(site.option("shrink_axis_mask") != 0)
    return _kept_whole(site, 0)


@rewrite("STRIDED_SLICE", title="STRIDED_SLICE is done in four dimensions, between RESHAPEs")
def slice_of_rank_four(site: Site) -> Patch | None:
    missing = 4 - len(site.input().shape)
    site.require(missing > 0, not site.input().constant)
    return _kept_whole(site, missing)


def _kept_whole(site: Site, missing: int) -> Patch | None:
    """The slice with all dimensions kept, of a source with as many more of size 1 before them."""
    masks = site.operator.options
    shrunk = masks["shrink_axis_mask"] << missing
    site.require(not masks["ellipsis_mask"], not masks["new_axis_mask"], not masks["offset"])
    source, output = site.input(), site.output()
    begins, ends, steps = (site.whole(site.input(place)) for place in (1, 2, 3))
    begins, ends, steps = ([first] * missing + rest for first, rest in ((0, begins), (1, ends), (1, steps)))
    size = (1,) * missing + source.shape
    site.require(len(begins) == len(ends) == len(steps) <= len(size), shrunk >> len(begins) == 0)
    source_open = frozenset(axis + missing for axis in site.graph.open_axes(source.index))
    masked = masks["begin_mask"] << missing, masks["end_mask"] << missing
    places = [axis for axis in range(len(begins)) if shrunk >> axis & 1]
    for axis in places:
        first = 0 if masked[0] >> axis & 1 else begins[axis]
        # Counted from the end of an open size it would be another one each time.
        site.require(first >= 0 or axis not in source_open, steps[axis] > 0)
        first += size[axis] if first < 0 else 0
        begins[axis], ends[axis], steps[axis] = first, first + 1, 1
    kept = [axis for axis in range(missing, len(size)) if axis not in places]
    site.require(len(output.shape) == len(kept))
    shape = [1] * len(size)
    for axis, count in zip(kept, output.shape, strict=True):
        shape[axis] = count
    before, index = site.reshaped(source.index, size, source_open) if missing else ([], source.index)
    out_open = site.graph.open_axes(output.index)
    sliced = site.add(output, shape, "sliced", [kept[axis] for axis in out_open])
    others = ~sum(1 << axis for axis in places)
    cut = replace(
        site.operator,
        inputs=(index, *_positions(site, begins, ends, steps)),
        outputs=(sliced,),
        options={
            **masks,
            "shrink_axis_mask": 0,
            "begin_mask": masked[0] & others,
            "end_mask": masked[1] & others,
        },
    )
    return site.replaced(*before, cut, site.reshape(sliced, output.index))


def _positions(site: Site, *columns: list[int]) -> list[int]:
    names = ("begin", "end", "strides")
    output = site.output().name
    return [
        site.constant("INT32", [len(column)], column, f"{output}/{name}")
        for name, column in zip(names, columns, strict=True)
    ]

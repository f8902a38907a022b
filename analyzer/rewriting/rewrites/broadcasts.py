"""Broadcasts that stand alone: left to those that read them, or made of TILE."""

from __future__ import annotations

from analyzer.model.graph import Operator, Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.rewrites.ranks import BROADCASTING
from analyzer.rewriting.site import Site


@rewrite("BROADCAST_TO", title="BROADCAST_TO before operators that broadcast themselves is dropped")
def broadcast_by_readers(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    readers = site.graph.readers(output.index)
    site.require(not site.graph.leaves(output.index), bool(readers))
    for reader in readers:
        site.require(reader.name in BROADCASTING, _same_without(site, reader, source, output))
    return site.bypass(source.index)


def _same_without(site: Site, reader: Operator, source: Tensor, output: Tensor) -> bool:
    """Whether a reader's output keeps its size, for what its other operands give it."""
    result = site.tensor(reader.outputs[0])
    rank = len(result.shape)
    others = [site.tensor(index) for index in reader.inputs if index != output.index]
    for axis, size in enumerate(result.shape):
        place = axis - (rank - len(source.shape))
        if size == 1 or (place >= 0 and source.shape[place] == size):
            continue
        places = [(other, axis - (rank - len(other.shape))) for other in others]
        if not any(at >= 0 and other.shape[at] == size for other, at in places):
            return False
    # What is open has to be so on the same side, which sizes alone don't tell.
    return not site.graph.open_axes(result.index) or bool(others)


@rewrite("BROADCAST_TO", title="BROADCAST_TO becomes TILE")
def broadcast_as_tile(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    missing = len(output.shape) - len(source.shape)
    site.require(source.dtype == output.dtype, missing >= 0)
    shape = (1,) * missing + source.shape
    open_axes = frozenset(axis + missing for axis in site.graph.open_axes(source.index))
    site.require(open_axes == site.graph.open_axes(output.index), 0 not in shape)
    before: list[Operator] = []
    index = source.index
    if missing:
        before, index = site.reshaped(index, shape, open_axes)
    times = [size // own for size, own in zip(output.shape, shape, strict=True)]
    multiples = site.constant("INT32", [len(times)], times, f"{output.name}/multiples")
    return site.replaced(*before, site.make("TILE", [index, multiples], [output.index]))

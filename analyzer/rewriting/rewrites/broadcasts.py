"""Broadcasts that stand alone: left to those that read them, or made of TILE."""

from __future__ import annotations

from analyzer.model.graph import Operator, Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.rewrites.ranks import BROADCASTING
from analyzer.rewriting.site import Site, alike


@rewrite("BROADCAST_TO", title="BROADCAST_TO before operators that broadcast themselves is dropped")
def broadcast_by_readers(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    readers = site.graph.readers(output.index)
    site.require(alike(source, output), not site.graph.leaves(output.index), bool(readers))
    for reader in readers:
        site.require(reader.name in BROADCASTING, _same_without(site, reader, source, output))
    return site.bypass(source.index)


def _same_without(site: Site, reader: Operator, source: Tensor, output: Tensor) -> bool:
    """Whether a reader's output keeps its shape, whatever is resized, for what its other operands give it."""
    site.graph.open_axes(reader.outputs[0])  # raises where sizes aren't known
    others = [index for index in reader.inputs if index != output.index]
    for subgraph in site.graph.sized():
        shapes = [subgraph.tensors[index].shape for index in (source.index, *others)]
        result = subgraph.tensors[reader.outputs[0]].shape
        if max(map(len, shapes)) < len(result):
            return False
        for place, size in enumerate(reversed(result)):
            if size != 1 and not any(place < len(own) and own[-1 - place] == size for own in shapes):
                return False
    return True


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
    site.require(all(times[axis] == 1 for axis in open_axes))
    multiples = site.constant("INT32", [len(times)], times, f"{output.name}/multiples")
    return site.replaced(*before, site.make("TILE", [index, multiples], [output.index]))

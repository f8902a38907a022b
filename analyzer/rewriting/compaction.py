"""A file without the weights that nothing refers to any more, once others have taken their place."""

from __future__ import annotations

import struct

from analyzer.model import read_bytes
from analyzer.model.extract import contents
from analyzer.model.flatbuffer import Flatbuffer
from analyzer.model.graph import OMITTED, Model, Subgraph
from analyzer.model.vtable import Kind, Layout
from analyzer.model.write import build
from analyzer.rewriting.amend import END_OF_ZIP

#: What is worth writing a file anew: so many bytes, and this part of all.
_LEAST, _PART = 4096, 50


class _Unknown(Exception):
    """A table has a field that this version's schema doesn't."""


class _Strict(Flatbuffer):
    """A file of which everything is known."""

    def _layout(self, kind: Kind, position: int) -> Layout:
        (size,) = struct.unpack_from("<H", self.data, max(position, 0))
        if any(self.data[position + 4 + 2 * len(kind.formats) : position + size]):
            raise _Unknown
        return super()._layout(kind, position)


def compacted(data: bytes) -> bytes:
    """The same model without bytes that nothing refers to; as it was where something may be lost.

    A file with an archive behind it, whose places count from its start, and one with tables that this
    version doesn't know stay as they are.
    """
    if END_OF_ZIP in data[-(1 << 16) :]:
        return data
    try:
        model = contents(data, _Strict(data))
    except _Unknown:
        return data
    before = read_bytes(data, "")
    used = {0, *(each["buffer"] for each in model.get("metadata", ()) if "buffer" in each)}
    used |= {*model.get("metadata_buffer", ())}
    for graph, subgraph in zip(model["subgraphs"], before.subgraphs, strict=True):
        read = _known(subgraph)
        for signature in before.signatures:
            if signature.subgraph == subgraph.index:
                read |= {*signature.inputs.values(), *signature.outputs.values()}
        for index, tensor in enumerate(graph.get("tensors", ())):
            if index not in read:
                tensor.pop("buffer", None)
            used.add(tensor.get("buffer", 0))
    for number, buffer in enumerate(model.get("buffers", ())):
        if number not in used:
            buffer.pop("data", None)
    made = build(model)
    return made if _same(before, read_bytes(made, "")) else data


def _known(subgraph: Subgraph) -> set[int]:
    """Tensors that operators or callers know."""
    operands = (index for each in subgraph.operators for index in (*each.inputs, *each.outputs))
    more = (index for each in subgraph.operators for index in each.intermediates)
    return {*subgraph.inputs, *subgraph.outputs, *operands, *more}


def _same(before: Model, after: Model) -> bool:
    pairs = zip(before.subgraphs, after.subgraphs, strict=True)
    return (before.signatures, before.metadata) == (after.signatures, after.metadata) and all(
        old.operators == new.operators
        and (old.inputs, old.outputs) == (new.inputs, new.outputs)
        and all(old.tensors[index] == new.tensors[index] for index in _known(old) if index >= 0)
        for old, new in pairs
    )


def worth_compacting(before: Model, after: Model) -> bool:
    """Whether much of a model's weights is left out of what was made of it."""
    known, kept = _weights(before), _weights(after)
    left = sum(size for buffer, size in known.items() if buffer not in kept)
    return left >= max(_LEAST, sum(known.values()) // _PART)


def _weights(model: Model) -> dict[int, int]:
    """Bytes of the constants that are read, by buffer."""
    return {
        tensor.buffer: len(tensor.data)
        for subgraph in model.subgraphs
        for tensor in map(subgraph.tensors.__getitem__, _known(subgraph) - {OMITTED})
        if tensor.data is not None
    }

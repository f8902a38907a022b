"""Writes a model with inputs of other sizes, for runtimes that resize nothing themselves."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.model.extract import contents
from analyzer.model.flatbuffer import Bytes
from analyzer.model.write import build


def resize(data: Bytes, subgraph: int, shapes: Mapping[int, tuple[int, ...]]) -> bytes:
    """The model of a file's bytes with tensors of one subgraph in the shapes given, and no size left open."""
    model = contents(data)
    for graph in model["subgraphs"]:
        for tensor in graph.get("tensors", ()):
            tensor.pop("shape_signature", None)
    tensors = model["subgraphs"][subgraph]["tensors"]
    for index, shape in shapes.items():
        tensors[index]["shape"] = list(shape)
    return build(model)

"""Inputs that an app may resize, each by its place: its name may be another's as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec.structs import replace

from analyzer.interpreter.resize_inputs import TensorKey
from analyzer.model.graph import OMITTED, OPEN, Model, Tensor

#: Inputs in the shapes that an app gives them.
Shapes: TypeAlias = Mapping[TensorKey, tuple[int, ...]]


def open_inputs(model: Model) -> dict[TensorKey, Tensor]:
    """Those of the main subgraph and of signatures of which a size is open."""
    places = {(0, index): None for index in model.subgraphs[0].inputs if index != OMITTED}
    for signature in model.signatures:
        places |= {(signature.subgraph, index): None for index in signature.inputs.values()}
    tensors = {(graph, index): model.subgraphs[graph].tensors[index] for graph, index in places}
    return {place: tensor for place, tensor in tensors.items() if _is_open(tensor)}


def _is_open(tensor: Tensor) -> bool:
    signature = tensor.shape_signature or ()
    return OPEN in signature and len(signature) == len(tensor.shape)


def resized(model: Model, shapes: Shapes) -> Model:
    """The model as if its file had these shapes, which is what an interpreter makes of resized inputs."""
    graphs = list(model.subgraphs)
    for (graph, index), shape in shapes.items():
        tensors = list(graphs[graph].tensors)
        tensors[index] = replace(tensors[index], shape=shape)
        graphs[graph] = replace(graphs[graph], tensors=tuple(tensors))
    return replace(model, subgraphs=tuple(graphs))

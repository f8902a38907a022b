"""Inputs that the app resizes before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.errors import InputError, ModelError
from analyzer.interpreter.limits import fits
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import OMITTED, Model
from analyzer.suggest import nearest

#: Subgraph and tensor.
TensorKey = tuple[int, int]


def resized(model: Model, shapes: Mapping[str, Shape]) -> dict[TensorKey, Shape]:
    """Shapes of inputs by their places; a name is a signature's, or a tensor's of the first subgraph.

    Raises: InputError where there is no such input, ModelError where it can't have such a shape.
    """
    places = _places(model)
    sizes: dict[TensorKey, Shape] = {}
    for name, shape in shapes.items():
        if name not in places:
            raise InputError(model.path, name, list(places), nearest(name, list(places)))
        for subgraph, index in places[name]:
            if not fits(shape, model.subgraphs[subgraph].tensors[index].dtype):
                what = f"input {name} can't be of shape {list(shape)}"
                raise ModelError(model.path, what, "name sizes that memory can hold")
        sizes |= dict.fromkeys(places[name], tuple(shape))
    return sizes


def _places(model: Model) -> dict[str, list[TensorKey]]:
    keys: dict[str, list[TensorKey]] = {}
    for subgraph in model.subgraphs[:1]:
        for index in subgraph.inputs:
            if index != OMITTED:
                keys.setdefault(subgraph.tensors[index].name, []).append((0, index))
    for signature in model.signatures:
        for name, index in signature.inputs.items():
            keys.setdefault(name, []).append((signature.subgraph, index))
    return keys

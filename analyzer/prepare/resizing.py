"""Inputs that the app resizes before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.errors import InputError
from analyzer.model.graph import OMITTED, Model
from analyzer.prepare.shapes import Shape
from analyzer.rules.spelling import nearest


def resized(model: Model, shapes: Mapping[str, Shape]) -> dict[int, Shape]:
    """Tensor index -> shape, for inputs of the first subgraph given by name.

    Raises: InputError where there is no such input.
    """
    names = {
        subgraph.tensors[index].name: index
        for subgraph in model.subgraphs[:1]
        for index in subgraph.inputs
        if index != OMITTED
    }
    found = {}
    for name, shape in shapes.items():
        if name not in names:
            raise InputError(model.path, name, list(names), nearest(name, list(names)))
        found[names[name]] = tuple(shape)
    return found

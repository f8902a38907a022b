"""Inputs that the app resizes before anything else."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.errors import UsageError
from analyzer.model.graph import OMITTED, Model
from analyzer.prepare.shapes import Shape
from analyzer.rules.spelling import nearest


def resized(model: Model, shapes: Mapping[str, Shape]) -> dict[int, Shape]:
    """Tensor index -> shape, for inputs of the first subgraph given by name.

    Raises: UsageError where there is no such input.
    """
    subgraph = model.subgraphs[0]
    names = {subgraph.tensors[index].name: index for index in subgraph.inputs if index != OMITTED}
    found = {}
    for name, shape in shapes.items():
        if name not in names:
            known = ", ".join(names) or "none"
            raise UsageError(
                f"{model.path}: there is no input {name}{nearest(name, list(names))}; it has {known}"
            )
        found[names[name]] = tuple(shape)
    return found

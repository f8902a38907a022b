"""Prepares models in memory with the shipped rules of the runtime."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from analyzer.interpreter import Interpreter
from analyzer.model import read_bytes
from analyzer.model.graph import Prepared, PrepareIssue, Tensor
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, tensor


@cache
def runtime() -> Interpreter:
    return Interpreter(Packs())


def prepared(data: bytes, shapes: Mapping[str, Sequence[int]] | None = None) -> Prepared:
    """The model as the interpreter has it; `shapes` resizes inputs by name."""
    given = {name: tuple(shape) for name, shape in (shapes or {}).items()}
    return runtime().prepare(read_bytes(data, "m"), given)


def single_operator(
    name: str,
    tensors: Sequence[Description],
    outputs: Sequence[Description],
    options: Mapping[str, Any] | None = {},
    **fields: Any,
) -> Prepared:
    """A graph of one operator that reads all of `tensors` and writes `outputs`."""
    written = operator(name, [t["name"] for t in tensors], [t["name"] for t in outputs], options, **fields)
    return prepared(model([*tensors, *outputs], [written]))


def numbers(name: str, *values: int, type: str = "INT32", shape: Sequence[int] | None = None) -> Description:
    """A constant of whole numbers, a vector unless `shape` says otherwise."""
    code = {"INT32": "i", "INT64": "q"}[type]
    data = struct.pack(f"<{len(values)}{code}", *values)
    return tensor(name, [len(values)] if shape is None else shape, type, data=data)


def stop(result: Prepared, subgraph: int = 0) -> PrepareIssue:
    """The issue that ended the preparation of a subgraph, or of the whole model."""
    return result.refused or result.stops[subgraph]


def shape_of(result: Prepared, name: str) -> list[int]:
    return list(named(result, name).shape)


def named(result: Prepared, name: str) -> Tensor:
    """The tensor of that name in the first subgraph."""
    return next(t for t in result.subgraphs[0].tensors if t.name == name)

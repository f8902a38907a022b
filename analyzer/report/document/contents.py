"""All operators, tensors and entry points of a model, for those who ask for everything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct


class Quantization(Struct, frozen=True, kw_only=True):
    """How a tensor's integers stand for real numbers; `scale` and `zero_point` where there is one of each."""

    scales: int
    scale: float | None = None
    zero_point: int | None = None
    #: The dimension that has a scale for each index; None per tensor.
    axis: int | None = None
    details: str | None = None


class Tensor(Struct, frozen=True, kw_only=True):
    """A tensor; in `shape`, null stands for a dimension that is open until the model is loaded."""

    index: int
    name: str
    dtype: str
    shape: tuple[int | None, ...]
    #: Bytes of its elements; null where they have no fixed size.
    bytes: int | None
    constant: bool = False
    variable: bool = False
    sparse: bool = False
    dynamic: bool = False
    quantization: Quantization | None = None


class Operand(Struct, frozen=True, kw_only=True):
    """An operand by its name in the operator catalogue; `tensor` is null where it is left out."""

    name: str
    tensor: int | None


class Operator(Struct, frozen=True, kw_only=True):
    index: int
    op: str
    custom: str | None
    version: int
    macs: int | None
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    options: Mapping[str, Any]


class Graph(Struct, frozen=True, kw_only=True):
    """All operators and tensors of a subgraph."""

    subgraph: int
    operators: tuple[Operator, ...]
    tensors: tuple[Tensor, ...]


class Port(Struct, frozen=True, kw_only=True):
    """An input or output by the name that a signature gives it."""

    name: str
    tensor: Tensor


class Signature(Struct, frozen=True, kw_only=True):
    """An entry point. A model without signatures has one for its first subgraph, with an empty key."""

    key: str
    subgraph: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

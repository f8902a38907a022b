"""What a model is, as `inspect` puts it out: the shape of its JSON, apart from the types used inside."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from analyzer.report.document.audit_document import Tool
from analyzer.report.document.contents import Graph, Signature, Tensor


class Kind(Struct, frozen=True, kw_only=True):
    """Operators of one kind. `weights` is the bytes of the constants that they are the first to read."""

    op: str
    custom: str | None
    count: int
    versions: tuple[int, ...]
    #: Multiply-accumulates of one run; null where shapes don't tell.
    macs: int | None
    weights: int


class Subgraph(Struct, frozen=True, kw_only=True):
    index: int
    name: str
    operators: int
    tensors: int
    #: Why the interpreter can't prepare it to the end, or can't tell all sizes; null where it can.
    stops: str | None = None


class Numbers(Struct, frozen=True, kw_only=True):
    """How the model computes."""

    #: float32, float16-weights, dynamic-range, full-integer, mixed or none.
    kind: str
    #: Operators that compute on integers that stand for reals, and on floats.
    integer_operators: int
    float_operators: int
    #: Element type -> how many tensors.
    activations: Mapping[str, int]
    constants: Mapping[str, int]
    per_tensor: int
    per_channel: int
    blockwise: int


class Sizes(Struct, frozen=True, kw_only=True):
    """Bytes."""

    constants: int
    #: Elements of constants that are weights or biases: floats, or integers with a scale.
    parameters: int
    #: Element type -> bytes of constants.
    constants_by_type: Mapping[str, int]
    largest_activation: Tensor | None


class Entry(Struct, frozen=True, kw_only=True):
    name: str
    bytes: int


class Inspection(Struct, frozen=True, kw_only=True):
    """Everything that `inspect` says of one model."""

    schema: int = 1
    tool: Tool
    path: str
    bytes: int
    schema_version: int
    identifier: str
    description: str
    min_runtime_version: str | None
    remarks: tuple[str, ...]
    operators: int
    macs: int | None
    numbers: Numbers
    sizes: Sizes
    kinds: tuple[Kind, ...]
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
    variables: int
    sparse: int
    metadata: tuple[Entry, ...]
    external_buffers: tuple[Entry, ...]
    #: Empty unless everything is asked for.
    graphs: tuple[Graph, ...] = ()

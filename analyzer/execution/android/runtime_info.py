"""Reads LiteRT's description of an interpreter that is ready to run: tensors, and which nodes replaced which.

Source: google-ai-edge/LiteRT f67457790, tflite/profiling/proto/model_runtime_info.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.execution.android.protobuf import fields, numbers

#: Field numbers: ModelRuntimeDetails, RuntimeSubgraph, Edge, Node, DelegateNodeDetails.
_SUBGRAPHS = 2
_SUBGRAPH_ID, _EDGES, _NODES = 1, 2, 3
_EDGE_ID, _EDGE_SHAPE = 1, 4
_NODE_DELEGATE = 8
_DELEGATE_NAME, _REPLACED = 1, 2


class RuntimeSubgraph(Struct, frozen=True):
    index: int
    #: Tensor -> its shape.
    shapes: dict[int, tuple[int, ...]]
    #: What delegates' nodes are called, and the operators that each replaced.
    replaced: tuple[tuple[str, tuple[int, ...]], ...]


def read(message: bytes) -> list[RuntimeSubgraph]:
    """Every subgraph. Raises: ValueError where the bytes are something else."""
    return [_subgraph(subgraph) for subgraph in _messages(message, _SUBGRAPHS)]


def _subgraph(message: bytes) -> RuntimeSubgraph:
    edges = {_number(edge, _EDGE_ID): _numbers(edge, _EDGE_SHAPE) for edge in _messages(message, _EDGES)}
    details = [detail for node in _messages(message, _NODES) for detail in _messages(node, _NODE_DELEGATE)]
    replaced = tuple((_text(detail, _DELEGATE_NAME), _numbers(detail, _REPLACED)) for detail in details)
    return RuntimeSubgraph(_number(message, _SUBGRAPH_ID), edges, replaced)


def _messages(message: bytes, wanted: int) -> Iterator[bytes]:
    return (value for number, value in fields(message) if number == wanted and isinstance(value, bytes))


def _text(message: bytes, wanted: int) -> str:
    return next(_messages(message, wanted), b"").decode("utf-8", "replace")


def _numbers(message: bytes, wanted: int) -> tuple[int, ...]:
    return tuple(number for key, value in fields(message) if key == wanted for number in numbers(value))


def _number(message: bytes, wanted: int) -> int:
    return next(iter(_numbers(message, wanted)), 0)

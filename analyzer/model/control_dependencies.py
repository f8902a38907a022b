"""The order that a model's `model_control_dependencies` metadata asks its operators to keep."""

from __future__ import annotations

from collections.abc import Iterator

#: Subgraph index -> (earlier operator, later operator).
Dependencies = dict[int, tuple[tuple[int, int], ...]]

_VERSION = 1


def control_dependencies(data: bytes | memoryview, subgraphs: int) -> Dependencies | None:
    """Decode the metadata; None where the runtime would take no notice of it.

    The format is a version and then, per subgraph, the number of edges and the edges, all as
    variable-length integers, operators zigzag-encoded. The runtime ignores data that is damaged or
    speaks of another number of subgraphs.

    Source: tflite/converter/experimental/remat/metadata_util.cc::ParseModelControlDependencies
    """
    numbers = _varints(data)
    try:
        if next(numbers) != _VERSION or next(numbers) != subgraphs:
            return None
        edges = {index: tuple(_edges(numbers, len(data))) for index in range(subgraphs)}
    except (StopIteration, ValueError):
        return None
    return edges if next(numbers, None) is None else None


def _edges(numbers: Iterator[int], limit: int) -> list[tuple[int, int]]:
    count = next(numbers)
    if count > limit:
        raise ValueError("more edges than bytes")
    return [(_signed(next(numbers)), _signed(next(numbers))) for _ in range(count)]


def _signed(value: int) -> int:
    return -(value // 2) - 1 if value % 2 else value // 2


def _varints(data: bytes | memoryview) -> Iterator[int]:
    """Little-endian groups of seven bits, the eighth set while more follow."""
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield value
            value = shift = 0
        elif shift > 35:
            raise ValueError("an integer of more than 32 bits")
    if shift:
        raise ValueError("ends within an integer")

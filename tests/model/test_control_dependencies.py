from __future__ import annotations

import pytest

from analyzer.model import read_bytes
from analyzer.model.control_dependencies import Dependencies, control_dependencies
from tests.building import model, subgraph, tensor


@pytest.mark.parametrize(
    ("data", "subgraphs", "edges"),
    [
        (b"\x01\x01\x00", 1, {0: ()}),
        (b"\x01\x01\x01\x00\x04", 1, {0: ((0, 2),)}),
        (b"\x01\x02\x00\x02\x02\x04\x04\x06", 2, {0: (), 1: ((1, 2), (2, 3))}),
        (b"\x01\x01\x01\x80\x02\x82\x02", 1, {0: ((128, 129),)}),
        (b"\x01\x01\x01\x01\x03", 1, {0: ((-1, -2),)}),
        (b"", 1, None),
        (b"\x02\x01\x00", 1, None),
        (b"\x01\x02\x00\x00", 1, None),
        (b"\x01\x01\x01\x00", 1, None),
        (b"\x01\x01\x00\x00", 1, None),
        (b"\x01\x01\x80", 1, None),
        (b"\x01\x01\xff\xff\xff\xff\x0f", 1, None),
    ],
)
def test_control_dependencies(data: bytes, subgraphs: int, edges: Dependencies | None) -> None:
    assert control_dependencies(data, subgraphs) == edges


@pytest.mark.parametrize(
    ("metadata", "edges", "remarks"),
    [
        ({}, None, 0),
        ({"model_control_dependencies": b"\x01\x01\x01\x00\x04"}, {0: ((0, 2),)}, 0),
        ({"model_control_dependencies": b"\x01\x07\x00"}, None, 1),
    ],
)
def test_in_a_model(metadata: dict[str, bytes], edges: Dependencies | None, remarks: int) -> None:
    graph = subgraph([tensor("x")], [], inputs=["x"], outputs=["x"])
    loaded = read_bytes(model(subgraphs=[graph], metadata=metadata), "m")
    assert (loaded.control_dependencies, len(loaded.remarks)) == (edges, remarks)

from __future__ import annotations

from typing import Any

import pytest

from analyzer.model import read_bytes
from tests.building import build, model, tensor

TENSORS = [
    {"name": "x", "shape": [4]},
    {"name": "w", "data_buffer": b"abcd"},
    {"name": "y", "data_buffer": b""},
]
OPERATORS = [
    {
        "inputs": [0, 1],
        "outputs": [2],
        "builtin_options_type": "Conv2DOptions",
        "builtin_options": {"padding": "VALID"},
    }
]
GRAPH = {"inputs": [0], "outputs": [2], "operators": OPERATORS}


def old(version: int) -> bytes:
    if version == 0:
        graph: dict[str, Any] = GRAPH | {
            "tensors": TENSORS,
            "operator_codes": [{"deprecated_builtin_code": 1}],
        }
        return build(graph, None, table="Model@0")
    code = {1: 1, 2: 3}[version]
    fields = {"version": version, "operator_codes": [{"deprecated_builtin_code": code}], "description": "old"}
    return build(fields | {"subgraphs": [GRAPH | {"tensors": TENSORS}]}, None, table="Model@2")


@pytest.mark.parametrize("version", [0, 1, 2])
def test_older_schema_versions(version: int) -> None:
    loaded = read_bytes(old(version), "m")
    assert (loaded.schema_version, loaded.identifier) == (version, "")
    assert any("TFL3" in remark for remark in loaded.remarks)
    (graph,) = loaded.subgraphs
    x, w, y = graph.tensors
    assert (x.shape, x.constant, y.constant) == ((4,), False, False)
    assert (w.constant, bytes(w.data or b"")) == (True, b"abcd")
    (conv,) = graph.operators
    assert (conv.name, conv.inputs, conv.outputs) == ("CONV_2D", (0, 1), (2,))
    assert conv.options["padding"] == "VALID"


def test_an_old_number_on_todays_layout() -> None:
    loaded = read_bytes(model([tensor("w", data=b"abcd")], [], version=2), "m")
    assert (loaded.schema_version, loaded.identifier) == (2, "TFL3")
    assert bytes(loaded.subgraphs[0].tensors[0].data or b"") == b"abcd"


def test_todays_layout_without_the_identifier() -> None:
    data = bytearray(model([tensor("w", data=b"abcd")], []))
    data[4:8] = bytes(4)
    loaded = read_bytes(bytes(data), "m")
    assert (loaded.schema_version, loaded.identifier) == (3, "")
    assert bytes(loaded.subgraphs[0].tensors[0].data or b"") == b"abcd"

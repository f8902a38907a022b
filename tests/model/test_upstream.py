"""Compares what is read, field by field, with upstream's generated object API.

DELEGATE_ANALYZER_MODELS names the folders with the models to read, parted like those of PATH.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import Tensor, read_bytes, schema
from analyzer.model.flatbuffer import Flatbuffer
from analyzer.model.graph import Model

FOLDERS = [
    Path(folder) for folder in os.environ.get("DELEGATE_ANALYZER_MODELS", "").split(os.pathsep) if folder
]
MODELS = [path for folder in FOLDERS for path in sorted(folder.rglob("*.tflite"))]

pytestmark = pytest.mark.skipif(not MODELS, reason="DELEGATE_ANALYZER_MODELS names no models")


@pytest.mark.parametrize("path", MODELS, ids=str)
def test_same_as_upstream(path: Path) -> None:
    generated = pytest.importorskip("ai_edge_litert.schema_py_generated")
    data = path.read_bytes()
    theirs = generated.ModelT.InitFromObj(generated.Model.GetRootAs(data, 0))
    file = Flatbuffer(data)
    ours = file.decode("Model", file.root())
    assert list(differences("Model", ours, theirs, "")) == []
    assert_assembled(read_bytes(data, "m"), ours)


def differences(table: str, ours: dict[str, Any], theirs: Any, where: str) -> Any:
    for name, field in schema.fields(table).items():
        place = f"{where}.{name}"
        mine, other = ours[name], getattr(theirs, lower_camel(name))
        if field.form == "table" and field.vector:
            for index, (a, b) in enumerate(zip(mine, () if other is None else other, strict=True)):
                yield from differences(field.type, a, b, f"{place}[{index}]")
        elif field.form in ("table", "union") and mine is not None:
            type = ours[f"{name}_type"] if field.form == "union" else field.type
            yield from differences(type, mine, other, place)
        elif plain(field, mine) != plain(field, other):
            yield place, mine, other


def plain(field: schema.Field, value: Any) -> Any:
    """A value without the differences in how both sides hold it."""
    if field.vector and field.type == "uint8":
        # Weights: a number at a time takes a second for some of them.
        return b"" if value is None else bytes(value)
    if field.vector:
        return [number(field, element) for element in (() if value is None else value)]
    return value.encode() if isinstance(value, str) and field.form == "string" else number(field, value)


def number(field: schema.Field, value: Any) -> Any:
    if field.form == "enum" and isinstance(value, str):
        return next(number for number, member in schema.members(field.type).items() if member == value)
    return value


def lower_camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def assert_assembled(model: Model, root: dict[str, Any]) -> None:
    """The parts of a model are the fields that they should be."""
    assert (model.schema_version, len(model.subgraphs)) == (root["version"], len(root["subgraphs"]))
    for graph, table in zip(model.subgraphs, root["subgraphs"], strict=True):
        assert (graph.inputs, graph.outputs) == (table["inputs"], table["outputs"])
        assert graph.name == (table["name"] or "")
        for tensor, fields in zip(graph.tensors, table["tensors"], strict=True):
            assert_tensor(tensor, fields, root["buffers"])
        for operator, fields in zip(graph.operators, table["operators"], strict=True):
            code = root["operator_codes"][fields["opcode_index"]]
            assert operator.name in (
                code["builtin_code"],
                schema.members("BuiltinOperator")[code["deprecated_builtin_code"]],
            )
            assert (operator.version, operator.custom) == (code["version"], code["custom_code"])
            assert (operator.inputs, operator.outputs) == (fields["inputs"], fields["outputs"])
            assert operator.intermediates == fields["intermediates"]
            assert operator.options_table in (
                None,
                fields["builtin_options_type"],
                fields["builtin_options_2_type"],
            )
            if operator.options_table is not None:
                assert operator.options in (fields["builtin_options"], fields["builtin_options_2"])


def assert_tensor(tensor: Tensor, fields: dict[str, Any], buffers: Any) -> None:
    assert (tensor.name, tensor.dtype, tensor.shape) == (
        fields["name"] or "",
        fields["type"],
        fields["shape"],
    )
    assert (tensor.shape_signature or ()) == fields["shape_signature"]
    assert (tensor.has_rank, tensor.variable) == (fields["has_rank"], fields["is_variable"])
    assert (tensor.buffer, tensor.sparsity) == (fields["buffer"], fields["sparsity"])
    data = buffers[tensor.buffer]["data"] if tensor.buffer else ()
    assert tensor.data == (None if data == () else data) or tensor.constant
    quantization = fields["quantization"]
    assert (tensor.quantization is None) == (quantization is None)
    if tensor.quantization and quantization:
        assert list(tensor.quantization.scales) == list(quantization["scale"])
        assert list(tensor.quantization.zero_points) == list(quantization["zero_point"])
        assert tensor.quantization.axis == quantization["quantized_dimension"]
        assert tensor.quantization.details_fields == quantization["details"]

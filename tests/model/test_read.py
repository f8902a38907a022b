from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import ModelError
from analyzer.model import Model, Operator, Tensor, read, read_bytes
from analyzer.model.graph import ExternalBuffer, OperatorCode, Signature
from tests.building import build, model, operator, subgraph, tensor


def only_operator(data: bytes) -> Operator:
    (only,) = read_bytes(data, "m").subgraphs[0].operators
    return only


def only_tensor(*, graph: bytes | None = None, **fields: Any) -> Tensor:
    data = graph or model([tensor("x", **fields)], [])
    return read_bytes(data, "m").subgraphs[0].tensors[0]


def unary(name: str, options: Mapping[str, Any] | None = {}, **fields: Any) -> bytes:
    return model([tensor("x", [1]), tensor("y", [1])], [operator(name, ["x"], ["y"], options, **fields)])


def raw(**fields: Any) -> bytes:
    """A model of one subgraph with one tensor, some of its fields replaced."""
    graph = {"tensors": [{"name": "x"}], "inputs": [0], "outputs": [0]}
    return build({"version": 3, "subgraphs": [graph], "buffers": [{}]} | fields)


def test_a_model() -> None:
    data = model(
        [
            tensor("x", [1, 8, 8, 3], shape_signature=[-1, 8, 8, 3], has_rank=True),
            tensor("w", [4, 3, 3, 3], data=bytes(range(108)) * 4),
            tensor("y", [1, 8, 8, 4]),
        ],
        [
            operator(
                "CONV_2D",
                ["x", "w", -1],
                ["y"],
                {"padding": "VALID", "stride_w": 2, "stride_h": 1},
                version=3,
            )
        ],
        description="a test",
    )
    loaded = read_bytes(data, "test.tflite")
    assert (loaded.path, loaded.size, loaded.schema_version) == ("test.tflite", len(data), 3)
    assert (loaded.description, loaded.identifier, loaded.remarks) == ("a test", "TFL3", ())
    assert loaded.operator_codes == (OperatorCode("CONV_2D", 3),)
    (graph,) = loaded.subgraphs
    assert (graph.index, graph.name, graph.inputs, graph.outputs) == (0, "main", (0,), (2,))
    x, w, y = graph.tensors
    assert (x.index, x.name, x.dtype, x.shape) == (0, "x", "FLOAT32", (1, 8, 8, 3))
    assert (x.shape_signature, x.has_rank, x.constant, x.data) == ((-1, 8, 8, 3), True, False, None)
    assert (w.constant, bytes(w.data or b"")) == (True, bytes(range(108)) * 4)
    assert y.shape_signature is None
    (conv,) = graph.operators
    assert (conv.name, conv.version, conv.inputs, conv.outputs) == ("CONV_2D", 3, (0, 1, -1), (2,))
    assert conv.options_table == "Conv2DOptions"
    assert conv.options["padding"] == "VALID"
    assert conv.options["stride_w"] == 2


@pytest.mark.parametrize(
    ("data", "constant"),
    [
        (b"\x01\x02", b"\x01\x02"),
        (b"", b""),
        (None, None),
    ],
)
def test_constant_means_a_data_vector_even_an_empty_one(data: bytes | None, constant: bytes | None) -> None:
    read_tensor = only_tensor(data=data)
    assert read_tensor.constant == (constant is not None)
    assert (None if read_tensor.data is None else bytes(read_tensor.data)) == constant


def test_buffer_0_is_never_constant() -> None:
    data = raw(buffers=[{"data": b"abc"}])
    assert not only_tensor(graph=data).constant


def test_data_behind_the_flatbuffer() -> None:
    graph = {"tensors": [{"name": "x", "buffer": 1}, {"name": "y", "buffer": 2}], "inputs": [], "outputs": []}
    head = raw(subgraphs=[graph], buffers=[{}, {"offset": 10_000, "size": 3}, {"offset": 1, "size": 1}])
    x, y = read_bytes(head.ljust(10_000, b"\0") + b"abc", "m").subgraphs[0].tensors
    assert (x.constant, bytes(x.data or b"")) == (True, b"abc")
    assert not y.constant
    with pytest.raises(ModelError, match="byte 10002 is wanted"):
        read_bytes(head, "m")


def test_bytes_behind_the_flatbuffer_do_no_harm() -> None:
    assert read_bytes(model([tensor("x")], []) + b"PK\x03\x04 and so on", "m").subgraphs


@pytest.mark.parametrize("count", [1, 300])
def test_quantization(count: int) -> None:
    scales = [0.5 * (i + 1) for i in range(count)]
    quantization = only_tensor(type="INT8", scale=scales, zero_point=list(range(count)), axis=3).quantization
    assert quantization is not None
    assert (quantization.scale_count, quantization.zero_point_count, quantization.axis) == (count, count, 3)
    assert quantization.scales == tuple(scales)
    assert quantization.zero_points == tuple(range(count))
    assert list(quantization.scale_data) == scales


def test_quantization_details_and_range() -> None:
    blockwise = {"scales": 1, "zero_points": -1, "block_size": 32, "block_shape": ()}
    quantization = only_tensor(
        quantization={
            "min": [-1.0],
            "max": [2.0],
            "details_type": "BlockwiseQuantization",
            "details": blockwise,
        }
    ).quantization
    assert quantization is not None
    assert (quantization.minimum, quantization.maximum, quantization.scales) == ((-1.0,), (2.0,), ())
    assert (quantization.details, quantization.details_fields) == ("BlockwiseQuantization", blockwise)


def test_sparsity() -> None:
    segments = {"values": [0, 2, 3]}
    table = only_tensor(
        sparsity={
            "traversal_order": [0, 1],
            "dim_metadata": [
                {"format": "DENSE", "dense_size": 2},
                {"format": "SPARSE_CSR", "array_segments_type": "Uint8Vector", "array_segments": segments},
            ],
        }
    ).sparsity
    assert table is not None
    assert (table["traversal_order"], table["block_map"]) == ((0, 1), ())
    dense, sparse = table["dim_metadata"]
    assert (dense["format"], dense["dense_size"], dense["array_segments"]) == ("DENSE", 2, None)
    assert (sparse["format"], sparse["array_segments_type"]) == ("SPARSE_CSR", "Uint8Vector")
    assert list(sparse["array_segments"]["values"]) == [0, 2, 3]


def test_the_rest_of_a_tensor() -> None:
    variant = {"shape": [2], "type": "INT32", "has_rank": True}
    read_tensor = only_tensor(type="VARIANT", is_variable=True, variant_tensors=[variant], external_buffer=7)
    assert (read_tensor.dtype, read_tensor.variable, read_tensor.external_buffer) == ("VARIANT", True, 7)
    assert read_tensor.variant_tensors == ({"shape": (2,), "type": "INT32", "has_rank": True},)


def test_names_that_are_not_utf_8() -> None:
    data = model([tensor("x?")], []).replace(b"x?", b"x\xff")
    assert read_bytes(data, "m").subgraphs[0].tensors[0].name == "x\N{REPLACEMENT CHARACTER}"


def test_numbers_that_the_schema_does_not_know() -> None:
    graph = {"tensors": [{"type": 100}], "operators": [{"inputs": [0]}]}
    loaded = read_bytes(raw(operator_codes=[{"builtin_code": 4000}], subgraphs=[graph]), "m")
    assert loaded.subgraphs[0].operators[0].name == "BuiltinOperator:4000"
    assert loaded.subgraphs[0].tensors[0].dtype == "TensorType:100"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ({"deprecated_builtin_code": 3}, "CONV_2D"),
        ({"deprecated_builtin_code": 3, "builtin_code": 3}, "CONV_2D"),
        ({"deprecated_builtin_code": 127, "builtin_code": "GELU"}, "GELU"),
    ],
)
def test_the_greater_of_both_operator_codes_counts(code: dict[str, Any], name: str) -> None:
    assert read_bytes(raw(operator_codes=[code]), "m").operator_codes == (OperatorCode(name, 1),)


def test_options_default_to_the_schema_where_the_table_is_present() -> None:
    node = only_operator(unary("CONV_2D", {"padding": "VALID"}))
    assert node.options["dilation_w_factor"] == 1
    assert node.options["padding"] == "VALID"


def test_options_are_zeros_where_the_table_is_absent() -> None:
    node = only_operator(unary("CONV_2D", None))
    assert node.options_table is None
    assert node.options["dilation_w_factor"] == 0
    assert node.options["padding"] == "SAME"


def test_another_operators_options_count_as_absent() -> None:
    data = unary("CONV_2D", None, builtin_options_type="Pool2DOptions", builtin_options={"stride_w": 3})
    node = only_operator(data)
    assert (node.options_table, node.options["stride_w"]) == (None, 0)


def test_an_operator_without_options_has_none() -> None:
    node = only_operator(unary("LOGISTIC"))
    assert (node.options_table, node.options) == (None, {})


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("RESHAPE", {"new_shape": [1, -1]}, {"new_shape": (1, -1)}),
        ("RESHAPE", {}, {"new_shape": ()}),
        ("LEAKY_RELU", {"alpha": 0.5}, {"alpha": 0.5}),
        (
            "ADD",
            {"fused_activation_function": 77},
            {"fused_activation_function": "NONE", "pot_scale_int16": True},
        ),
        ("STABLEHLO_REDUCE", {"dimensions": [1, 2]}, {"dimensions": (1, 2), "body_subgraph_index": 0}),
        ("STABLEHLO_RNG_BIT_GENERATOR", {"algorithm": "PHILOX"}, {"algorithm": "PHILOX"}),
        ("VAR_HANDLE", {"shared_name": "v"}, {"container": None, "shared_name": "v"}),
        ("BUCKETIZE", {"boundaries": [0.5] * 9}, {"boundaries": (0.5,) * 9}),
    ],
)
def test_options(name: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert only_operator(unary(name, options)).options == expected


def test_enum_vectors_in_options_hold_names() -> None:
    node = only_operator(unary("STABLEHLO_DOT_GENERAL", {"precision_config": ["HIGH", "DEFAULT"]}))
    assert node.options["precision_config"] == ("HIGH", "DEFAULT")


def test_composite() -> None:
    options = {"name": "odml.rms_norm", "decomposition_subgraph_index": 1, "composite_attributes": b"\1\2"}
    attributes = only_operator(unary("STABLEHLO_COMPOSITE", options)).options
    assert (attributes["name"], attributes["decomposition_subgraph_index"]) == ("odml.rms_norm", 1)
    assert bytes(attributes["composite_attributes"]) == b"\1\2"


def test_custom_operator() -> None:
    node = only_operator(unary("MyOperator", custom_options=b"\1\2\3", intermediates=[1]))
    assert (node.name, node.custom, node.intermediates) == ("CUSTOM", "MyOperator", (1,))
    assert bytes(node.custom_options or b"") == b"\1\2\3"


def test_custom_options_behind_the_flatbuffer() -> None:
    data = unary("MyOperator", large_custom_options_offset=10_000, large_custom_options_size=4)
    node = only_operator(data.ljust(10_000, b"\0") + b"abcd")
    assert bytes(node.custom_options or b"") == b"abcd"


def test_several_subgraphs_signatures_and_metadata() -> None:
    body = subgraph([tensor("b")], [], inputs=["b"], outputs=["b"], name="body")
    loaded = read_bytes(
        model(
            subgraphs=[subgraph([tensor("a")], [], inputs=["a"], outputs=["a"]), body],
            metadata={"min_runtime_version": b"1.5.0"},
            signature_defs=[
                {
                    "signature_key": "serve",
                    "inputs": [{"name": "in", "tensor_index": 0}],
                    "outputs": [{"name": "out", "tensor_index": 0}],
                    "subgraph_index": 1,
                },
                {"signature_key": "lost", "subgraph_index": 9},
                {"signature_key": "astray", "outputs": [{"name": "out", "tensor_index": 99}]},
            ],
        ),
        "m",
    )
    assert [graph.name for graph in loaded.subgraphs] == ["main", "body"]
    assert loaded.signatures == (Signature("serve", 1, {"in": 0}, {"out": 0}),)
    assert {name: bytes(data) for name, data in loaded.metadata.items()} == {"min_runtime_version": b"1.5.0"}
    assert loaded.remarks == (
        "signature 'lost' is for subgraph 9, which the model lacks",
        "signature 'astray' is for tensor 99, which subgraph 0 lacks",
    )


def test_external_buffers() -> None:
    loaded = read_bytes(
        raw(
            external_buffer_groups=[{"name": "weights.bin"}],
            external_buffers=[{"id": 1, "group": 0, "offset": 16, "length": 8, "packing": "raw"}],
        ),
        "m",
    )
    assert loaded.external_buffers == (ExternalBuffer(1, "weights.bin", 16, 8, "raw"),)


def graph(**fields: Any) -> list[dict[str, Any]]:
    return [{"tensors": [{}], "operators": [{"inputs": [0]}], "inputs": [0], "outputs": [0]} | fields]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"subgraphs": []}, "no subgraph"),
        ({"subgraphs": None}, "no subgraph"),
        ({"subgraphs": graph(inputs=[1])}, "tensor 1 is wanted, the subgraph has 1"),
        ({"subgraphs": graph(outputs=[-2])}, "tensor -2 is wanted"),
        ({"subgraphs": graph(operators=[{"inputs": [5]}])}, "tensor 5 is wanted"),
        ({"subgraphs": graph(operators=[{"outputs": [5]}])}, "tensor 5 is wanted"),
        ({"subgraphs": graph(operators=[{"intermediates": [5]}])}, "tensor 5 is wanted"),
        (
            {"subgraphs": graph(operators=[{"opcode_index": 1}])},
            "operator 0 names operator code 1, the file has 1",
        ),
        ({"subgraphs": graph(tensors=[{"buffer": 4}])}, "tensor 0 names buffer 4, the file has 1"),
    ],
)
def test_indices_that_lead_nowhere(fields: dict[str, Any], problem: str) -> None:
    codes = {"operator_codes": [{"builtin_code": "ADD"}]}
    with pytest.raises(ModelError, match=problem):
        read_bytes(raw(**codes | fields), "m")


def test_no_operators_and_no_buffers_are_fine() -> None:
    assert read_bytes(raw(buffers=None), "m").subgraphs[0].operators == ()


@pytest.mark.parametrize("size", [0, 1 << 17])
def test_a_file_is_read_like_its_bytes(tmp_path: Path, size: int) -> None:
    data = model([tensor("w", [4], data=b"abcd"), tensor("more", [1], data=bytes(size))], [])
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    loaded = read(path, "called")
    assert loaded == read_bytes(data, "called") == read_bytes(memoryview(data), "called")
    assert isinstance(loaded, Model)
    assert read(path).path == str(path)


@pytest.mark.parametrize(
    ("stored", "read_as"), [(1, "RELU"), (5, "SIGN_BIT"), (6, "NONE"), (9, "NONE"), (-1, "NONE")]
)
def test_an_activation_that_the_schema_lacks_is_none_as_for_the_runtime(stored: int, read_as: str) -> None:
    tensors = [tensor(name, [1, 8]) for name in ("x", "y", "z")]
    data = model(tensors, [operator("ADD", ["x", "y"], ["z"], {"fused_activation_function": stored})])
    [added] = read_bytes(data, "activation.tflite").subgraphs[0].operators
    assert added.options["fused_activation_function"] == read_as

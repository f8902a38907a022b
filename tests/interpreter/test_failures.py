"""Models that the CPU refuses, when it builds the interpreter or when it prepares."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, subgraph, tensor
from tests.interpreter.preparing import numbers, prepared, single_operator, stop

Operands = list[Description]
RELU = operator("RELU", ["x"], ["y"])


def built(*tensors: Description, operators: Operands | None = None, **fields: Any) -> bytes:
    whole = [
        *tensors,
        *(t for t in (tensor("x", [4]), tensor("y", [4])) if t["name"] not in [o["name"] for o in tensors]),
    ]
    return model(whole, [RELU] if operators is None else operators, **fields)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (built(version=2), "runtime/build/schema-version"),
        (built(operators=[operator("RELU", ["x"], ["y"], version=9)]), "runtime/relu/version"),
        (built(operators=[operator("STABLEHLO_ABS", ["x"], ["y"])]), "runtime/stablehlo-abs/unlisted"),
        (built(tensor("c", [-1])), "runtime/build/negative-dimension"),
        (built(tensor("c", [8], data=bytes(4))), "runtime/build/data"),
        (built(tensor("c", [8], "INT8", scale=[0.1, 0.2])), "runtime/build/scales"),
        (built(tensor("c", [2], "INT8", scale=[0.1, 0.2], axis=3)), "runtime/build/quantized-dimension"),
        (built(tensor("c", [2], "INT8", scale=[0.1, 0.2], zero_point=[0])), "runtime/build/zero-points"),
        (built(tensor("c", [1], "STRING", is_variable=True)), "runtime/build/variable"),
        (built(tensor("c", [1], data=bytes(4), is_variable=True)), "runtime/build/constant-variable"),
        (built(operators=[operator("ADD", ["x", "y"], ["y"])]), "runtime/build/overlap"),
    ],
)
def test_the_interpreter_is_not_even_built(data: bytes, rule: str) -> None:
    result = prepared(data)
    assert result.refused is not None
    assert (result.refused.kind, result.refused.rule) == ("failure", rule)
    assert result.stops == {}


def test_what_is_read_and_written_is_named_though_operands_are_left_out() -> None:
    written = operator("ADD", ["y", -1], [-1, "y"])
    refused = prepared(model([tensor("x", [1]), tensor("y", [2]), tensor("z", [3])], [written])).refused
    assert refused is not None
    assert (refused.rule, refused.tensor) == ("runtime/build/overlap", 1)


def test_an_operator_code_counts_though_nobody_uses_it() -> None:
    codes = [
        {"builtin_code": "RELU", "deprecated_builtin_code": 19, "version": 1},
        {"builtin_code": "ABS", "deprecated_builtin_code": 101, "version": 99},
    ]
    assert stop(prepared(built(operator_codes=codes))).rule == "runtime/abs/version"


def test_a_custom_operator_counts_only_where_it_is_reached() -> None:
    custom = operator("Mystery", ["y"], ["z"], None)
    reached = built(tensor("z", [4]), operators=[RELU, custom])
    assert (stop(prepared(reached)).rule, stop(prepared(reached)).operator) == (
        "runtime/mystery/unlisted-custom",
        1,
    )
    tensors = [tensor("x", [4]), tensor("s", [1], "INT32"), tensor("y", [4]), tensor("z", [4])]
    behind = model(tensors, [operator("RESHAPE", ["x", "s"], ["y"]), custom])
    assert stop(prepared(behind)).kind == "dynamic"


#: Operator, operands, output, options, the rule's own part of its id.
FAILING: list[tuple[str, Operands, Description, dict[str, Any], str]] = [
    ("RELU", [tensor("x", [2]), tensor("z", [2])], tensor("y", [2]), {}, "inputs"),
    ("RELU", [tensor("x", [2])], tensor("y", [2], "INT32"), {}, "same-type"),
    ("SQRT", [tensor("x", [2], "UINT8")], tensor("y", [2], "UINT8"), {}, "input.dtype"),
    ("ADD", [tensor("a", [2, 3]), tensor("b", [2, 4])], tensor("y", [2]), {}, "broadcasts"),
    ("ADD", [tensor("a", [2]), tensor("b", [2], "INT32")], tensor("y", [2]), {}, "same-types"),
    ("SOFTMAX", [tensor("x", [])], tensor("y", []), {}, "rank"),
    (
        "LOGISTIC",
        [tensor("x", [2], "INT8", scale=[0.1])],
        tensor("y", [2], "INT8", scale=[0.1]),
        {},
        "scale",
    ),
    (
        "CONCATENATION",
        [tensor("x", [2])],
        tensor("y", [2]),
        {"fused_activation_function": "RELU"},
        "option.fused-activation-function",
    ),
    ("CONCATENATION", [tensor("a", [2, 3]), tensor("b", [3, 3])], tensor("y", [2]), {"axis": 1}, "shapes"),
    ("RESHAPE", [tensor("x", [6]), numbers("s", 4)], tensor("y", [4]), {}, "elements"),
    ("RESHAPE", [tensor("x", [6]), numbers("s", -1, -1)], tensor("y", [4]), {}, "elements"),
    ("SQUEEZE", [tensor("x", [2, 1])], tensor("y", [2]), {"squeeze_dims": [0]}, "dims"),
    ("TRANSPOSE", [tensor("x", [2, 1]), numbers("p", 0, 2)], tensor("y", [2]), {}, "perm.range"),
    ("MEAN", [tensor("x", [2, 1]), numbers("a", 2)], tensor("y", [2]), {}, "axis"),
    ("PAD", [tensor("x", [2]), numbers("p", -1, 0, shape=[1, 2])], tensor("y", [2]), {}, "negative"),
    ("SPACE_TO_DEPTH", [tensor("x", [1, 3, 4, 1])], tensor("y", []), {"block_size": 2}, "divides"),
    ("BATCH_MATMUL", [tensor("a", [2, 3]), tensor("b", [4, 5])], tensor("y", []), {}, "depth"),
    (
        "L2_POOL_2D",
        [tensor("x", [1, 2, 2, 1], "INT8")],
        tensor("y", [], "INT8"),
        {"stride_w": 1, "stride_h": 1},
        "quantized",
    ),
    ("CONV_2D", [tensor("x", [1, 2, 2, 1]), tensor("w", [1, 1, 1, 1])], tensor("y", []), {}, "inputs"),
]


@pytest.mark.parametrize(("name", "tensors", "output", "options", "rule"), FAILING)
def test_preparing_fails(
    name: str, tensors: Operands, output: Description, options: dict[str, Any], rule: str
) -> None:
    issue = stop(single_operator(name, tensors, [output], options))
    assert issue.kind == "failure"
    assert issue.rule == f"runtime/{name.lower().replace('_', '-')}/{rule}"
    assert issue.fix and issue.source and issue.operator == 0


def test_an_omitted_operand_is_named() -> None:
    tensors = [tensor("x", [1, 2, 2, 1]), tensor("w", [1, 1, 1, 1]), tensor("y", [])]
    options = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    issue = stop(prepared(model(tensors, [operator("CONV_2D", ["x", "w", -1], ["y"], options)])))
    assert issue.rule == "runtime/conv-2d/bias"


def test_an_output_can_not_shrink_below_nothing() -> None:
    operands = [tensor("x", [1, 2, 2, 1]), numbers("b", 1, 1), numbers("c", 3, 0, 0, 0, shape=[2, 2])]
    issue = stop(single_operator("BATCH_TO_SPACE_ND", operands, [tensor("y", [])]))
    assert issue.rule == "runtime/graph/negative-size"


def test_inputs_have_no_more_elements_than_can_be_counted() -> None:
    from analyzer.errors import ModelError

    with pytest.raises(ModelError, match="can't be of shape"):
        prepared(built(), {"x": [2**31 - 1] * 3})


def test_shapes_are_only_for_inputs_that_exist() -> None:
    from analyzer.errors import InputError

    with pytest.raises(InputError, match="no input z; it has x"):
        prepared(built(), {"z": [1]})


def test_where_only_a_resized_input_is_at_fault_the_fix_says_so() -> None:
    operands = [tensor("x", [1, 4, 4, 1]), numbers("p", *[0] * 8, shape=[4, 2])]
    written = [operator("PAD", ["x", "p"], ["y"])]
    data = model([*operands, tensor("y", [1, 4, 4, 1])], written)
    assert prepared(data, {"x": [1, 5, 5, 1]}).stops == {}
    assert "file's own sizes (x=1,4,4,1)" in stop(prepared(data, {"x": [4, 4]})).fix


def test_what_fails_with_any_size_is_no_fault_of_the_resizing() -> None:
    operands = [tensor("x", [1, 2, 2, 1]), numbers("b", 1, 1), numbers("c", 3, 0, 0, 0, shape=[2, 2])]
    data = model([*operands, tensor("y", [])], [operator("BATCH_TO_SPACE_ND", ["x", "b", "c"], ["y"])])
    assert stop(prepared(data, {"x": [1, 2, 2, 2]})).fix == stop(prepared(data)).fix


def eight_bit(name: str, scale: float | None = 0.1) -> Description:
    return tensor(name, [4], "INT8", scale=[] if scale is None else [scale])


@pytest.mark.parametrize(
    ("name", "scales", "rule"),
    [
        ("ADD", (0.1, 0.1, 0.1), None),
        ("ADD", (0.1, None, 0.1), "runtime/add/scales"),
        ("ADD", (0.1, 0.1, 1e-8), "runtime/add/scales"),
        ("SUB", (0.1, 0.1, 1e-8), None),
        ("SUB", (None, None, None), "runtime/sub/scales"),
        ("SQUARED_DIFFERENCE", (0.1, 0.1, None), "runtime/squared-difference/scales"),
    ],
)
def test_sums_without_scales_end_the_process(name: str, scales: Any, rule: str | None) -> None:
    first, second, result = scales
    tensors = [eight_bit("a", first), eight_bit("b", second)]
    found = single_operator(name, tensors, [eight_bit("y", result)], version=2).stops.get(0)
    assert (found and (found.rule, found.severity)) == (rule and (rule, "crash"))


def test_a_crash_of_the_cpu_is_the_verdict_of_whoever_comes_after_it() -> None:
    packs = Packs()
    auditor = Auditor(packs, configure(packs, ["gpu", "xnnpack"]))
    tensors = [eight_bit("a", None), eight_bit("b", None), eight_bit("y", None)]
    data = model(tensors, [operator("SUB", ["a", "b"], ["y"], version=2)])
    assert [d.summary.verdict for d in auditor.audit(read_bytes(data, "m")).delegates] == ["crash", "crash"]


@pytest.mark.parametrize(
    ("name", "operands", "outputs", "options"),
    [
        ("RELU", [tensor("x", [4])], [-1], {}),
        (
            "CONV_2D",
            [tensor("x", [1, 8, 8, 1]), tensor("w", [1, 1, 1, 1]), tensor("b", [1])],
            ["y"],
            {"padding": 7, "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1},
        ),
        ("MIRROR_PAD", [tensor("x", [4]), numbers("p", 1, 1, shape=[1, 2])], ["y"], None),
        ("TRANSPOSE", [tensor("x", [4, 4]), numbers("p", 2**16, 1, type="INT64")], ["y"], {}),
        ("SPLIT", [numbers("axis", 2**16, type="INT64"), tensor("x", [4])], ["y"], {"num_splits": 1}),
        ("BUCKETIZE", [tensor("x", [4])], ["y"], {}),
        ("CAST", [tensor("x", [4])], ["y"], {"in_data_type": "TensorType:99"}),
        ("BITCAST", [tensor("x", [4], "STRING")], ["y"], {}),
    ],
)
def test_malformed_operators_are_refused(name: str, operands: Operands, outputs: Any, options: Any) -> None:
    written = operator(name, [t["name"] for t in operands], outputs, options)
    assert stop(prepared(model([*operands, tensor("y", [4])], [written], outputs=[]))).kind == "failure"


def test_an_element_type_that_the_runtime_does_not_know() -> None:
    result = prepared(model([tensor("x", [4], "TensorType:99"), tensor("y", [4])], [RELU]))
    assert stop(result).rule == "runtime/build/unknown-type"


def composite(**options: Any) -> bytes:
    tensors = [tensor("x", [4]), tensor("y", [4])]
    given = {"name": "odml.any", "decomposition_subgraph_index": 1} | options
    graphs = [
        subgraph(tensors, [operator("STABLEHLO_COMPOSITE", ["x"], ["y"], given)]),
        subgraph(tensors, [operator("ABS", ["x"], ["y"])], inputs=["x"], outputs=["y"], name="parts"),
    ]
    return model(subgraphs=graphs)


@pytest.mark.parametrize(("options", "loads"), [({"composite_attributes": b""}, True), ({}, False)])
def test_a_composite_may_say_nothing_but_has_to_say_so(options: dict[str, Any], loads: bool) -> None:
    assert (prepared(composite(**options)).refused is None) is loads
    assert prepared(composite(**options | {"name": None})).refused is not None


@pytest.mark.parametrize(("shape", "prepares"), [([4, 4, 1], True), ([4, 1, 4], False)])
def test_dilations_beyond_the_last_are_of_no_use_to_one(shape: list[int], prepares: bool) -> None:
    tensors = [tensor("x", shape), numbers("d", 2, 2), tensor("p", [], data=bytes(4)), tensor("y", shape)]
    result = prepared(model(tensors, [operator("DILATE", ["x", "d", "p"], ["y"])], inputs=["x"]))
    assert (not result.stops) is prepares
    if prepares:
        assert result.subgraphs[0].tensors[-1].shape == (7, 7, 1)


@pytest.mark.parametrize(("outputs", "kind"), [(["v"], "failure"), (["v", "w"], "dynamic")])
def test_only_the_first_handle_of_a_variable_is_kept(outputs: list[str], kind: str) -> None:
    # What is read through a tensor that is no handle fails, but for what comes to it too late.
    handles = [tensor("v", [1], "UINT32"), tensor("w", [1], "RESOURCE")]
    chain = [operator("VAR_HANDLE", [], outputs), operator("READ_VARIABLE", ["v"], ["y"])]
    found = stop(prepared(model([*handles, tensor("y", [1, 4])], chain, outputs=["y"])))
    assert found.kind == kind

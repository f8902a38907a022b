"""Operators that leave sizes open until the model runs, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.model.graph import PrepareIssue
from tests.building import Description, model, operator, tensor
from tests.interpreter.preparing import numbers, prepared, single_operator, stop

Operands = list[Description]


def at_run_time(name: str, count: int) -> Description:
    return tensor(name, [count], "INT32")


#: Operator, operands before the one that decides, its values as a constant, operands after it, options.
DECIDING: list[tuple[str, Operands, list[int], Operands, dict[str, object]]] = [
    ("RESHAPE", [tensor("x", [1, 8])], [2, 4], [], {}),
    ("RESIZE_BILINEAR", [tensor("x", [1, 2, 2, 3])], [4, 4], [], {}),
    ("RESIZE_NEAREST_NEIGHBOR", [tensor("x", [1, 2, 2, 3])], [4, 4], [], {}),
    ("TRANSPOSE", [tensor("x", [2, 3])], [1, 0], [], {}),
    ("SUM", [tensor("x", [2, 3])], [1], [], {}),
    ("MEAN", [tensor("x", [2, 3])], [0], [], {"keep_dims": True}),
    ("TILE", [tensor("x", [2, 3])], [2, 1], [], {}),
    ("BROADCAST_TO", [tensor("x", [1, 3])], [2, 3], [], {}),
    ("EXPAND_DIMS", [tensor("x", [2, 3])], [0], [], {}),
    ("ARG_MAX", [tensor("x", [2, 3])], [1], [], {"output_type": "INT32"}),
    ("FILL", [], [2, 3], [tensor("v", [])], {}),
    ("SPACE_TO_BATCH_ND", [tensor("x", [1, 4, 4])], [2], [numbers("p", 0, 0, shape=[1, 2])], {}),
]


@pytest.mark.parametrize(
    ("name", "before", "values", "after", "options"), DECIDING, ids=[d[0] for d in DECIDING]
)
def test_a_size_needs_its_operand_before_the_model_runs(
    name: str, before: Operands, values: list[int], after: Operands, options: dict[str, object]
) -> None:
    version = 2 if name == "BROADCAST_TO" else 1
    output = [tensor("y", [], "INT32" if name == "ARG_MAX" else "FLOAT32")]
    known = single_operator(
        name, [*before, numbers("size", *values), *after], output, options, version=version
    )
    assert known.stops == {}
    unknown = single_operator(
        name, [*before, at_run_time("size", len(values)), *after], output, options, version=version
    )
    issue = stop(unknown)
    assert (issue.kind, issue.operator) == ("dynamic", 0)
    assert "size is given at run time" in issue.message
    assert issue.rule.startswith(f"runtime/{name.lower().replace('_', '-')}/") and issue.rule.endswith(
        ".known"
    )


@pytest.mark.parametrize(
    ("name", "tensors", "outputs"),
    [
        ("WHERE", [tensor("x", [4], "BOOL")], [tensor("y", [], "INT64")]),
        ("UNIQUE", [numbers("x", 1, 1)], [tensor("y", [], "INT32"), tensor("i", [], "INT32")]),
        ("PAD", [tensor("x", []), numbers("p", shape=[0, 2])], [tensor("y", [])]),
        ("READ_VARIABLE", [tensor("x", [1], "INT32")], [tensor("y", [])]),
    ],
)
def test_some_operators_never_say_their_size(name: str, tensors: Operands, outputs: Operands) -> None:
    assert stop(single_operator(name, tensors, outputs)).kind == "dynamic"


def test_strings_have_no_size_while_empty() -> None:
    result = single_operator(
        "HASHTABLE_FIND",
        [*_table(), numbers("k", 1, type="INT64"), tensor("d", [1], "STRING")],
        [tensor("y", [1], "STRING")],
    )
    assert stop(result).rule == "runtime/every-op/output-without-size"


def _table() -> Operands:
    return [tensor("table", [1], "RESOURCE")]


def test_a_string_that_only_passes_through_counts() -> None:
    tensors = [tensor("s", [1], "STRING"), tensor("x", [2]), tensor("y", [2])]
    result = prepared(model(tensors, [operator("RELU", ["x"], ["y"])], inputs=["s", "x"], outputs=["y", "s"]))
    assert (stop(result).kind, stop(result).operator) == ("dynamic", None)


@pytest.mark.parametrize(
    ("output", "static"),
    [([2, 2], True), ([], False)],
)
def test_a_slice_is_as_static_as_the_file_says(output: list[int], static: bool) -> None:
    operands = [tensor("x", [4, 4]), at_run_time("begin", 2), at_run_time("size", 2)]
    assert (single_operator("SLICE", operands, [tensor("y", output)]).stops == {}) is static


def test_an_open_signature_alone_is_enough_for_top_k() -> None:
    outputs = [tensor("v", []), tensor("i", [], "INT32")]
    k = numbers("k", 2, shape=[])
    assert single_operator("TOPK_V2", [tensor("x", [1, 4]), k], outputs).stops == {}
    issue = stop(single_operator("TOPK_V2", [tensor("x", [1, 4], shape_signature=[-1, 4]), k], outputs))
    assert (issue.kind, issue.rule) == ("dynamic", "runtime/topk-v2/input.open")


def test_a_transposed_convolution_wants_a_constant() -> None:
    tensors = [
        tensor("x", [1, 4, 4, 2]),
        tensor("s", [4], "INT32"),
        tensor("w", [2, 1, 1, 2]),
        tensor("y", [1, 4, 4, 2]),
    ]
    operators = [
        operator("SHAPE", ["x"], ["s"], {"out_type": "INT32"}),
        operator("TRANSPOSE_CONV", ["s", "w", "x"], ["y"], {"stride_w": 1, "stride_h": 1}),
    ]
    issue = stop(prepared(model(tensors, operators)))
    assert issue.rule == "runtime/transpose-conv/output-shape.constant"
    assert "isn't a constant" in issue.message


def reshaped(**more: Any) -> PrepareIssue:
    """A RESHAPE to a shape that is computed from that of its data."""
    tensors = [
        tensor("x", [2, 4], **more),
        tensor("s", [2], "INT32"),
        tensor("n", [], "INT32"),
        numbers("one", 1),
        numbers("zero", 0),
        numbers("four", 4, shape=[]),
        tensor("p", [2], "INT32"),
        tensor("y", [2, 4]),
    ]
    operators = [
        operator("SHAPE", ["x"], ["s"], {"out_type": "INT32"}),
        operator("STRIDED_SLICE", ["s", "zero", "one", "one"], ["n"], {"shrink_axis_mask": 1}),
        operator("PACK", ["n", "four"], ["p"], {"values_count": 2}),
        operator("RESHAPE", ["x", "p"], ["y"]),
    ]
    return stop(prepared(model(tensors, operators)))


def test_the_chain_is_told() -> None:
    issue = reshaped()
    assert (issue.operator, issue.tensor) == (3, 7)
    assert issue.message.startswith("y (RESHAPE, operator 3)")
    assert issue.message.endswith("(SHAPE -> STRIDED_SLICE -> PACK)")
    assert (issue.expected, issue.actual) == (None, None)


def test_the_input_that_leaves_the_size_open_is_named_and_to_be_fixed() -> None:
    issue = reshaped(shape_signature=[-1, 4])
    assert issue.message.endswith("; the file leaves the shape of input x open, [?, 4]")
    assert issue.fix.startswith("Fix the model's input shapes when converting")
    assert reshaped().fix.startswith("Write sizes, starts, axes and indices as int32 numbers")


def test_an_operand_that_is_an_input_is_to_become_a_constant() -> None:
    issue = stop(single_operator("RESHAPE", [tensor("x", [1, 8]), at_run_time("size", 2)], [tensor("y", [])]))
    assert issue.fix == "Make this operand a constant of the model instead of an input."


def test_preparing_ends_at_the_first_open_size() -> None:
    tensors = [
        tensor("x", [2, 4]),
        at_run_time("s", 2),
        tensor("y", [2, 4]),
        tensor("z", []),
    ]
    operators = [operator("RESHAPE", ["x", "s"], ["y"]), operator("RELU", ["y", "x"], ["z"])]
    result = prepared(model(tensors, operators))
    assert list(result.stops) == [0]
    assert stop(result).operator == 0
    assert result.subgraphs[0].tensors[3].shape == ()

"""What the NNAPI pack says where levels, building and half-undefined inputs decide."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.expressions.vocabulary import Context
from analyzer.model import read_bytes
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, tensor

PACK = Packs().get("nnapi")


def judged(
    tensors: list[Description], asked: Description, **written: Any
) -> tuple[list[Finding], list[Finding]]:
    """Findings of validation and of building for the one operator `asked`."""
    parameters = resolve(PACK, {name: str(value) for name, value in written.items()})
    judge = Judge(PACK, parameters)
    subgraph = read_bytes(model(tensors, [asked]), "test").subgraphs[0]
    context = Context(subgraph, subgraph.operators[0])
    return list(judge.verdict(context).findings), judge.later_findings(context)


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule.removeprefix("nnapi/") for finding in findings if finding.severity == "blocker"}


def add(dtype: str, rank: int = 4, activation: str = "NONE") -> tuple[list[Description], Description]:
    shape = [1] * (rank - 1) + [8]
    tensors = [tensor("a", shape, dtype), tensor("b", shape, dtype), tensor("y", shape, dtype)]
    return tensors, operator("ADD", ["a", "b"], ["y"], {"fused_activation_function": activation})


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ({"api": 27}, 1),
        ({"api": 29}, 3),
        ({}, 5),
        ({"api": 34}, 5),
        ({"api": 34, "feature_level": 8}, 8),
        ({"api": 34, "feature_level": 8, "accelerator": "false"}, 5),
        ({"api": 28, "feature_level": 1, "accelerator": "false"}, 1),
    ],
)
def test_validation_sees_the_runtime_level_only_through_an_accelerator(
    written: dict[str, Any], level: int
) -> None:
    tensors = [tensor("x", [1, 8]), tensor("p", [2, 2], "INT32"), tensor("y", [1, 8])]
    found, _ = judged(tensors, operator("MIRROR_PAD", ["x", "p"], ["y"]), **written)
    refused = [finding for finding in found if finding.rule == "nnapi/mirror-pad/feature-level-7"]
    assert [finding.actual for finding in refused] == ([] if level >= 7 else [f"level {level}"])


@pytest.mark.parametrize(
    ("dtype", "api", "expected"),
    [
        ("FLOAT32", 27, set()),
        ("INT32", 29, {"add/input1.dtype"}),
        ("INT32", 30, set()),
        ("INT64", 34, {"add/input1.dtype"}),
    ],
)
def test_types_by_level(dtype: str, api: int, expected: set[str]) -> None:
    found, _ = judged(*add(dtype), api=api)
    assert rules(found) == expected


def test_integer_arithmetic_has_no_activation() -> None:
    assert rules(judged(*add("INT32", activation="RELU"))[0]) == {"add/int32-activation"}


def test_all_failing_clauses_are_told_at_once() -> None:
    found, _ = judged(*add("INT64", rank=5))
    assert rules(found) == {"add/input1.dtype", "add/two-ranks"}


def test_int64_biases_pass_validation_and_sink_the_building() -> None:
    tensors = [
        tensor("x", [1, 8, 8, 3], "INT16"),
        tensor("w", [4, 3, 3, 3], "INT8", data=bytes(108)),
        tensor("b", [4], "INT64", data=bytes(32)),
        tensor("y", [1, 8, 8, 4], "INT16"),
    ]
    validation, building = judged(tensors, operator("CONV_2D", ["x", "w", "b"], ["y"]))
    assert not validation
    assert [(finding.rule, finding.actual) for finding in building] == [("nnapi/every-op/types", "INT64")]


def test_inputs_that_become_numbers_may_be_int64() -> None:
    tensors = [
        tensor("x", [1, 8]),
        tensor("axis", [], "INT64", data=(1).to_bytes(8, "little")),
        tensor("y", [1], "INT32"),
    ]
    found = judged(tensors, operator("ARG_MAX", ["x", "axis"], ["y"], {"output_type": "INT32"}))
    assert found == ([], [])


@pytest.mark.parametrize(("axis", "expected"), [(1 << 40, {"arg-max/axis"}), (-1, set())])
def test_a_64_bit_axis_must_fit_32_bits(axis: int, expected: set[str]) -> None:
    data = axis.to_bytes(8, "little", signed=True)
    tensors = [tensor("x", [1, 8]), tensor("axis", [], "INT64", data=data), tensor("y", [1], "INT32")]
    found, _ = judged(tensors, operator("ARG_MAX", ["x", "axis"], ["y"], {"output_type": "INT32"}))
    assert rules(found) == expected


@pytest.mark.parametrize(
    ("sizes", "validation", "building"),
    [
        ([3, 5], set(), set()),
        ([3, -1], set(), set()),
        ([8, -1], {"split-v/empty-piece"}, {"split-v/negative-piece"}),
        ([0, 8], {"split-v/empty-piece"}, set()),
        ([9, -1], set(), {"split-v/negative-piece"}),
    ],
)
def test_pieces_of_a_split(sizes: list[int], validation: set[str], building: set[str]) -> None:
    data = b"".join(size.to_bytes(4, "little", signed=True) for size in sizes)
    tensors = [
        tensor("x", [1, 8]),
        tensor("sizes", [2], "INT32", data=data),
        tensor("axis", [], "INT32", data=(1).to_bytes(4, "little")),
        tensor("a", [1, 3]),
        tensor("b", [1, 5]),
    ]
    found = judged(tensors, operator("SPLIT_V", ["x", "sizes", "axis"], ["a", "b"], {"num_splits": 2}))
    assert (rules(found[0]), rules(found[1])) == (validation, building)


def test_float16_that_is_not_constant_is_taken_whatever_its_version() -> None:
    tensors = [tensor("x", [1, 8], "FLOAT16"), tensor("y", [1, 8])]
    asked = operator("DEQUANTIZE", ["x"], ["y"], version=7)
    (hazard,) = judged(tensors, asked, api=30)[0]
    assert (hazard.severity, hazard.rule) == ("hazard", "nnapi/dequantize.float16/only-sparse-weights")
    assert rules(judged(tensors, asked, api=29)[0]) == {
        "dequantize.quantized/version",
        "dequantize.quantized/input.dtype",
    }


@pytest.mark.parametrize("name", ["EQUAL", "POW"])
def test_a_missing_second_input_matters_only_where_it_is_read(name: str) -> None:
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8], "BOOL")]
    assert not judged(tensors, operator(name, ["x"], ["y"]))[0]


def test_a_missing_second_input_that_is_read_refuses() -> None:
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    (found,) = judged(tensors, operator("ADD", ["x"], ["y"]))[0]
    assert (found.rule, found.actual) == ("nnapi/add/two-ranks", "input2 is left out")

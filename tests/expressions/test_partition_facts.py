"""What rules ask of a tensor's neighbours, as the partition that an operator is taken in has them."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.auditing.build_partitions import PartitionContext
from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.scope import Scope
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model import read_bytes
from analyzer.model.graph import Operator, Quantization, Subgraph, Tensor
from tests.building import model, operator, tensor

#: x -> RELU -> a; a -> NEG -> b (an output); a -> ABS -> c; c, c -> ADD -> d (an output).
FORK = read_bytes(
    model(
        [tensor(name, (4,)) for name in "xabcd"],
        [
            operator("RELU", ["x"], ["a"]),
            operator("NEG", ["a"], ["b"]),
            operator("ABS", ["a"], ["c"]),
            operator("ADD", ["c", "c"], ["d"]),
        ],
    ),
    "fork",
).subgraphs[0]


def asked(index: int, text: str, partition: frozenset[int] | None) -> Any:
    answer = compiled(parse(text, Scope(options={}), None))
    return answer(Context(FORK, FORK.operators[index], None, partition))


@pytest.mark.parametrize(
    ("index", "text", "whole", "within"),
    [
        (0, "len(outputs[0].readers)", 2, 1),
        (0, "holds(outputs[0].sole_reader.op == 'ABS')", False, True),
        (0, "not holds(outputs[0].sole_reader.op == 'ABS')", True, False),
        (0, "outputs[0].leaves_partition", False, True),
        (0, "inputs[0].enters_partition", True, True),
        (1, "outputs[0].leaves_partition", True, True),
        (2, "inputs[0].enters_partition", False, False),
        (2, "len(outputs[0].readers)", 1, 1),
        # One operator with both operands reads it twice.
        (2, "holds(outputs[0].sole_reader.op == 'ADD')", False, False),
        (3, "inputs[0].writer.operator_index == 2", True, True),
        (3, "inputs[0].writer.inputs[0].leaves_partition", False, True),
        (3, "holds(inputs[0].writer.options.alpha == 1) or op == 'ADD'", True, True),
    ],
)
def test_neighbours_are_those_of_the_partition(index: int, text: str, whole: Any, within: Any) -> None:
    assert asked(index, text, None) == whole
    assert asked(index, text, frozenset({0, 2, 3})) == within


def test_what_another_partition_writes_enters() -> None:
    assert asked(1, "inputs[0].enters_partition", frozenset({1}))
    with pytest.raises(Undefined, match="written by no operator of the partition"):
        asked(1, "inputs[0].writer.op == 'RELU'", frozenset({1}))
    assert not asked(1, "holds(inputs[0].writer.op == 'RELU')", frozenset({1}))


def test_options_of_another_operator() -> None:
    assert asked(0, "holds(outputs[0].readers[0].options.fused_activation_function == 'NONE')", None) is False
    assert asked(2, "outputs[0].readers[0].options.fused_activation_function == 'NONE'", None)


@pytest.mark.parametrize(
    ("operators", "outputs", "unread"),
    [
        ((0, 1, 2, 3), ["b", "d"], []),
        ((0, 1, 2, 3), ["d"], ["b"]),
        ((0, 1, 2, 3), ["x"], ["b", "d"]),
        # Another partition's reader counts.
        ((0,), ["d"], []),
        ((1,), ["d"], ["b"]),
    ],
)
def test_what_a_partition_writes_for_nobody(
    operators: tuple[int, ...], outputs: list[str], unread: list[str]
) -> None:
    names = ["xabcd".index(name) for name in outputs]
    subgraph = replace(FORK, outputs=tuple(names))
    contexts = [Context(subgraph, one) for one in subgraph.operators]
    seen = PartitionContext(subgraph, contexts, operators)
    assert [tensor.name for tensor in seen.unread] == unread


@pytest.mark.parametrize(
    ("numbers", "dtype", "moderate"),
    [
        ([0.0, -32767.998, 32767.998], "FLOAT32", True),
        ([0.0, 32768.0], "FLOAT32", False),
        ([-32768.0, 0.0], "FLOAT32", False),
        ([float("nan")], "FLOAT32", False),
        ([-float("inf"), 1.0], "FLOAT32", False),
        ([1e-40], "FLOAT32", True),
        ([], "FLOAT32", True),
        ([1.0], "INT32", False),
    ],
)
def test_moderate_constants(numbers: list[float], dtype: str, moderate: bool) -> None:
    data = memoryview(struct.pack(f"<{len(numbers)}f", *numbers))
    constant = Tensor(0, "c", dtype, (len(numbers),), constant=True, data=data)
    subgraph = Subgraph(0, "", (constant,), (Operator(0, "NEG", 1, (0,), (), {}),), (), ())
    asked = compiled(parse("inputs[0].moderate", Scope(options={}), None))
    assert asked(Context(subgraph, subgraph.operators[0])) is moderate


@pytest.mark.parametrize(
    ("dtype", "scale", "zero", "moderate"),
    [
        ("INT8", 256.1, 0, False),
        ("INT8", 255.9, 0, True),
        ("UINT8", 128.4, 0, True),
        ("UINT8", 128.6, 0, False),
        ("INT8", 1.0, 2**40, False),
        ("INT8", float("nan"), 0, False),
        ("INT16", 0.1, 0, False),
    ],
)
def test_moderate_tensors_of_eight_bits(dtype: str, scale: float, zero: int, moderate: bool) -> None:
    table = Quantization(1, 1, (scale,), (zero,))
    given = Tensor(0, "t", dtype, (4,), quantization=table)
    subgraph = Subgraph(0, "", (given,), (Operator(0, "NEG", 1, (0,), (), {}),), (), ())
    context = Context(subgraph, subgraph.operators[0])
    context.look_anew()
    assert compiled(parse("inputs[0].moderate", Scope(options={}), None))(context) is moderate
    assert not context.looked_further

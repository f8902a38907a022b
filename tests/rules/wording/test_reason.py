"""Failed requirements explain themselves in a person's words."""

from __future__ import annotations

from contextlib import suppress
from struct import pack
from typing import Any

import pytest

from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.nodes import Fact, Node
from analyzer.expressions.partial import partially_evaluated
from analyzer.expressions.scope import Definition, Scope
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model import read_bytes
from analyzer.rules.loading.option_types import enums, option_types
from analyzer.rules.pack import Clause
from analyzer.rules.registry import Packs
from analyzer.rules.wording.evidence import evidence
from analyzer.rules.wording.message import message, proof
from analyzer.rules.wording.reason import Explanation, absence, reason
from tests.building import model, operator, tensor

CATALOGUE = Packs().catalogue
PARAMETERS = {"level": 5, "extra": []}
DEFINITIONS = {
    "quant8": Definition("quant8", "['UINT8', 'INT8']"),
    "runtime_inputs": Definition(
        "runtime_inputs", "sum(1 for t in inputs if not t.omitted and not t.constant)"
    ),
    "channels": Definition("channels", "t.shape[3] if t.rank == 4 else 1", ("t",)),
    "uses": Definition(
        "uses",
        "sum(1 for o in t.consumers for i in o.inputs if not i.omitted and i.index == t.index)",
        ("t",),
    ),
}


def conv(**fields: Any) -> Context:
    """A float CONV_2D without bias, over int8 weights quantized per channel."""
    tensors = [
        tensor("x", [1, 8, 8, 3]),
        tensor("w", [4, 1, 3, 3], "INT8", data=bytes(36), scale=[0.5] * 4),
        tensor("y", [1, 8, 8, 4]),
    ]
    options = {"stride_w": 4, "stride_h": 1, "fused_activation_function": "TANH"}
    return _context(tensors, operator("CONV_2D", ["x", "w", -1], ["y"], options, version=5, **fields))


def concatenation() -> Context:
    tensors = [tensor("a", [1, 4]), tensor("b", [1, 4, 1, 1, 1], "INT8"), tensor("y", [1, 8])]
    return _context(tensors, operator("CONCATENATION", ["a", "b"], ["y"], {"axis": 1}))


def mean() -> Context:
    tensors = [
        tensor("x", [1, 8, 8, 3]),
        tensor("axes", [2], "INT32", data=b"\1\0\0\0\3\0\0\0"),
        tensor("y", [1, 8]),
    ]
    return _context(tensors, operator("MEAN", ["x", "axes"], ["y"], {"keep_dims": False}))


def add() -> Context:
    tensors = [tensor("a", [1, 8, 1, 3]), tensor("b", [1, 1, 8, 3]), tensor("y", [1, 8, 8, 3])]
    return _context(tensors, operator("ADD", ["a", "b"], ["y"]))


def resize() -> Context:
    """A RESIZE_BILINEAR whose size is given at run time."""
    tensors = [tensor("x", [1, 8, 8, 3]), tensor("size", [2], "INT32"), tensor("y", [1, 16, 16, 3])]
    return _context(tensors, operator("RESIZE_BILINEAR", ["x", "size"], ["y"]))


def _context(tensors: list[dict[str, Any]], asked: dict[str, Any]) -> Context:
    subgraph = read_bytes(model(tensors, [asked]), "test").subgraphs[0]
    return Context(subgraph, subgraph.operators[0])


def asked(context: Context, expression: str) -> Node:
    name = context.operator.name
    types = option_types(name) or {}
    scope = Scope(
        operands=CATALOGUE.places(name),
        options=types,
        parameters={"level": "int", "extra": "list[str]"},
        definitions=DEFINITIONS,
        enums=enums(list(types.values())),
    )
    return partially_evaluated(parse(expression, scope), PARAMETERS)


def explained(context: Context, expression: str) -> Explanation:
    tree = asked(context, expression)
    with suppress(Undefined):
        assert not compiled(tree)(context), "the requirement holds"
    return reason(tree, context)


def clause(kind: str = "check", words: str = "") -> Clause:
    return Clause(id="tiny/op/check", require=Fact("has_options"), kind=kind, message=words)


@pytest.mark.parametrize(
    ("context", "expression", "sentence"),
    [
        # Types, values, shapes, options.
        (conv, "input.dtype in quant8", "input is FLOAT32, expected UINT8 or INT8"),
        (conv, "weights.dtype == input.dtype", "weights are INT8, expected FLOAT32 (dtype of input)"),
        (conv, "input.rank <= 3", "rank of input is 4, expected at most 3"),
        (conv, "3 >= input.rank", "rank of input is 4, expected at most 3"),
        (conv, "weights.shape[1] >= 2", "dimension 1 of weights is 1, expected at least 2"),
        (conv, "dim(weights.shape, -1) == 1", "last dimension of weights is 3, expected 1"),
        (
            conv,
            "weights.shape[0] == input.shape[3]",
            "dimension 0 of weights is 4, expected 3 (dimension 3 of input)",
        ),
        (conv, "input.shape == [1, 4, 4, 3]", "shape of input is [1, 8, 8, 3], expected [1, 4, 4, 3]"),
        (conv, "options.stride_w <= 3", "stride_w is 4, expected at most 3"),
        (
            conv,
            "options.stride_w * options.stride_h < 4",
            "stride_w * stride_h is 4 * 1 = 4, expected less than 4",
        ),
        (
            conv,
            "options.fused_activation_function != 'TANH'",
            "fused_activation_function is TANH, expected anything else",
        ),
        (conv, "inputs[0].dtype == 'INT8'", "first input is FLOAT32, expected INT8"),
        (conv, "inputs[1 if level > 4 else 0].dtype == 'INT16'", "second input is INT8, expected INT16"),
        (mean, "axis.values[1] == 2", "axis[1] is 3, expected 2"),
        (mean, "options.keep_dims", "keep_dims is false, expected true"),
        # What something is.
        (conv, "input.constant", "input is computed at run time, expected a constant"),
        (
            conv,
            "not weights.per_channel",
            "weights are quantized per channel (4 scales), expected quantized per tensor",
        ),
        (conv, "input.quantized", "input is not quantized, expected quantized"),
        # Conditions.
        (conv, "input.rank == 4 and weights.rank == 3", "rank of weights is 4, expected 3"),
        (conv, "not (input.rank == 4 or weights.rank == 4)", "rank of input is 4, expected anything else"),
        (
            conv,
            "not (input.dtype == 'FLOAT32' and weights.dtype in quant8)",
            "input FLOAT32, weights INT8,"
            " expected input other than FLOAT32 or weights other than UINT8 or INT8",
        ),
        (conv, "weights.rank == 2 if level > 4 else weights.rank == 3", "rank of weights is 4, expected 2"),
        (conv, "input.constant or input.dtype in quant8", "input is FLOAT32, expected UINT8 or INT8"),
        (conv, "bias.omitted and input.dtype == 'INT8'", "input is FLOAT32, expected INT8"),
        (
            conv,
            "input.dtype == 'INT8' or (input.dtype == 'INT16' and level >= 5)",
            "input is FLOAT32, expected INT8 or INT16",
        ),
        (
            conv,
            "input.dtype == 'INT8' or (level >= 6 and input.dtype == 'INT16')",
            "input is FLOAT32, expected INT8",
        ),
        (
            add,
            "input1.shape[1] == input2.shape[1] or input1.shape[2] == 8",
            "shape of input1 [1, 8, 1, 3], expected dimension 1 of input1 = dimension 1 of input2 (1)"
            " or dimension 2 of input1 = 8",
        ),
        (
            add,
            "broadcasts_to(input1.shape, input2.shape)",
            "shape of input1 is [1, 8, 1, 3], expected one that broadcasts to [1, 1, 8, 3] (shape of input2)",
        ),
        # Definitions.
        (conv, "runtime_inputs == 2", "runtime inputs is 1, expected 2"),
        (
            conv,
            "channels(input) == channels(output)",
            "dimension 3 of input is 3, expected 4 (dimension 3 of output)",
        ),
        (conv, "uses(input) == 2", "uses of input is 1, expected 2"),
        # Lists.
        (
            concatenation,
            "all(t.constant or t.dtype in ['FLOAT32'] or t.dtype in extra for t in operands)",
            "second input is INT8, expected FLOAT32",
        ),
        (
            concatenation,
            "all(t.rank <= 4 for t in values)",
            "rank of second input is 5, expected at most 4",
        ),
        (
            concatenation,
            "not any(t.dtype == 'INT8' for t in inputs)",
            "second input is INT8, expected anything else",
        ),
        (mean, "all(a in [1, 2] for a in axis.values)", "axis[1] is 3, expected 1 or 2"),
        (add, "all(t.shape[1] == 1 for t in [input2, input1])", "dimension 1 of input1 is 8, expected 1"),
        (
            add,
            "all(p == q for p, q in zip(input1.shape, input2.shape))",
            "dimension 1 of input1 is 8, expected 1 (dimension 1 of input2)",
        ),
        (
            add,
            "all(dim(input1.shape, i) == dim(input2.shape, i) for i in range(1, 3))",
            "dimension 1 of input1 is 8, expected 1 (dimension 1 of input2)",
        ),
        (
            add,
            "input1.shape == [d + 1 for d in input2.shape]",
            "shape of input1 is [1, 8, 1, 3], expected [2, 2, 9, 4] (d + 1 for d in input2.shape)",
        ),
        (conv, "all(o.op == 'RELU' for o in input.consumers)", "consumer of input is CONV_2D, expected RELU"),
        # Things that aren't there.
        (conv, "bias.dtype == 'FLOAT32'", "bias is left out, expected FLOAT32"),
        (conv, "bias.constant", "bias is left out, expected a constant"),
        (conv, "bias.rank <= 1", "bias is left out, expected rank of bias at most 1"),
        (conv, "all(t.constant for t in inputs if t.rank == 0)", "third input is left out"),
        (resize, "size.values[0] <= 64", "size is not a constant, expected value 0 of size at most 64"),
        (
            conv,
            "options.stride_w // (options.stride_h - 1) == 1",
            "division by zero, expected stride_w // (stride_h - 1) = 1",
        ),
    ],
)
def test_sentence(context: Any, expression: str, sentence: str) -> None:
    assert message(clause(), explained(context(), expression)) == sentence


@pytest.mark.parametrize(
    ("kind", "expression", "sentence"),
    [
        ("version", "version <= 3", "operator version 5, expected at most 3"),
        ("version", "version in [1, 3]", "operator version 5, expected 1 or 3"),
        ("count", "len(inputs) == 2", "3 inputs, expected 2"),
        ("count", "len(outputs) >= 2", "1 output, expected at least 2"),
        ("option", "options.stride_w == 1", "stride_w is 4, expected 1"),
    ],
)
def test_compact_clauses(kind: str, expression: str, sentence: str) -> None:
    assert message(clause(kind), explained(conv(), expression)) == sentence


@pytest.mark.parametrize(
    ("expression", "expected", "actual"),
    [
        ("weights.shape[1] >= 2", "dimension 1 of weights at least 2", "1"),
        ("options.stride_w == 1", "stride_w = 1", "4"),
        ("weights.constant and input.dtype in quant8", "input UINT8 or INT8", "FLOAT32"),
        # The rule's own sentence says so already.
        ("input.constant", None, None),
        # What was found is enough where several things would do.
        ("input.rank == 3 or weights.rank == 3", None, "rank of input = 4, rank of weights = 4"),
    ],
)
def test_proof_beside_a_sentence_of_the_rule(
    expression: str, expected: str | None, actual: str | None
) -> None:
    assert proof(clause(words="this can't be"), explained(conv(), expression)) == (expected, actual)


def test_the_rule_s_own_sentence_wins() -> None:
    assert message(clause(words="this can't be"), explained(conv(), "input.constant")) == "this can't be"


def test_an_operator_that_is_not_listed_needs_no_proof() -> None:
    assert proof(clause("unlisted", "nobody takes it"), Explanation("", None, None)) == (None, None)


def test_a_condition_that_cannot_be_looked_at_says_what_is_absent() -> None:
    assert message(clause(), absence("bias is left out")) == "bias is left out"


def test_what_cannot_be_told_in_few_words_is_shown_as_it_is_written() -> None:
    found = explained(conv(), "any(t.rank == 3 for t in inputs if not t.omitted)")
    assert message(clause(), found) == "needs has_options"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_position_that_is_no_number_is_shown_as_it_is_written(number: float) -> None:
    """As a mutant had it: an axis in floating point."""
    tensors = [
        tensor("x", [1, 8, 8, 3]),
        tensor("axes", [1], "FLOAT32", data=pack("<f", number)),
        tensor("y", [1, 8]),
    ]
    context = _context(tensors, operator("MEAN", ["x", "axes"], ["y"]))
    requirement = "inputs[0].rank > 5 and dim(inputs[0].shape, inputs[1].values[0]) == 1"
    assert explained(context, requirement)
    assert explained(context, "dim(inputs[0].shape, inputs[1].values[0]) == 1")


@pytest.mark.parametrize(
    ("expression", "seen"),
    [
        ("input.dtype in quant8 and options.stride_w <= 3", ("'FLOAT32'", "4")),
        ("weights.shape[1] >= 2", ("(4, 1, 3, 3)",)),
        ("bias.dtype == 'INT32'", ("bias is left out",)),
        # What is said in brackets beside it hangs on their number.
        ("not weights.per_channel", ("True", "4")),
    ],
)
def test_of_operators_that_show_the_same_a_requirement_fails_for_one_reason(
    expression: str, seen: tuple[str, ...]
) -> None:
    requirement = asked(conv(), expression)
    assert evidence(requirement, conv()) == evidence(requirement, conv()) == seen


@pytest.mark.parametrize(
    "expression",
    ["all(t.dtype == 'INT8' for t in inputs)", "weights.values[0] == 1", "uses(input) > 1"],
)
def test_what_is_more_than_simple_values_is_explained_anew(expression: str) -> None:
    assert evidence(asked(conv(), expression), conv()) is None

"""Expressions of the rule language: which load, which are refused and with what words."""

from __future__ import annotations

import pytest

from analyzer.expressions.check import parse
from analyzer.expressions.scope import Definition, ExpressionError, Scope
from analyzer.expressions.show import show
from tests.expressions.scopes import CONVOLUTION


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "version <= 3",
        "1 < version <= 3",
        "len(inputs) in [2, 3]",
        "input.dtype == 'FLOAT32'",
        "input.dtype in quant8 and weights.dtype not in ['INT4']",
        "float(input) or float(weights)",
        "bias.omitted or bias.constant",
        "not weights.per_channel",
        "options.padding == 'SAME' and options.stride_h * options.stride_w // 2 <= 4",
        "options.fused_activation_function in ['NONE', 'RELU']",
        "api >= 29 if accelerator else soc == 'SM8650'",
        "input.shape[-1] % 4 == 0",
        "dim(input.shape, 3) == dim(weights.shape, 3)",
        "input.shape == [1, 2, 3]",
        "all(t.rank <= 4 for t in operands if not t.constant)",
        "any(a != b for a, b in zip(input.shape, output.shape))",
        "sum(1 for o in input.consumers for i in o.inputs if i.index == input.index) == 1",
        "max(input.rank, weights.rank) - min(input.shape) >= -1",
        "product(weights.shape) / 2 < 1000.5",
        "broadcasts_to(bias.shape, output.shape)",
        "input.producer.op == 'DEQUANTIZE' and input.producer.inputs[0].constant",
        "len(range(1, input.rank)) == 2",
        "'x' in [t.name for t in inputs]",
        """
            input.rank == 4
            and output.rank == 4
        """,
    ],
)
def test_loads(text: str) -> None:
    parse(text, CONVOLUTION)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # names
        ("inptu.rank == 4", ["nothing is called inptu", "did you mean input?"]),
        ("input.rnk == 4", ["a tensor has no rnk", "did you mean rank?"]),
        ("options.strid_w == 1", ["no option strid_w", "did you mean stride_w?"]),
        ("lenght(inputs) == 1", ["no function lenght"]),
        ("options == 1", ["options"]),
        ("circle", ["circle is defined by itself"]),
        ("wrong", ["in wrong", "no colour"]),
        ("float(input, weights)", ["float takes 1 arguments, found 2"]),
        ("float", ["float takes 1 arguments, found 0"]),
        ("[t for t in inputs][0].rank == 1 and t.rank == 1", ["nothing is called t"]),
        # members of enums and dtypes
        ("input.dtype == 'FLOAT31'", ["FLOAT31 is not a dtype", "did you mean FLOAT32?"]),
        ("input.dtype in ['INT8', 'INT9']", ["INT9"]),
        ("options.padding == 'SMAE'", ["SMAE", "did you mean SAME?"]),
        ("options.padding == 1", ["compares a name of Padding with int"]),
        # types
        ("version", ["is int, expected bool"]),
        ("input", ["is tensor, expected bool"]),
        ("input.rank", ["is int, expected bool"]),
        ("version == '3'", ["compares int with str"]),
        ("version < 'three'", ["compares int with str"]),
        ("input.dtype < 'INT8'", ["only numbers have an order"]),
        ("input.shape < [1]", ["only numbers have an order"]),
        ("version in 3", ["is int, expected a list"]),
        ("version and true", ["version is int, expected bool"]),
        ("not version", ["version is int, expected bool"]),
        ("version + 'a' == 1", ["is str, expected a number"]),
        ("input.constant + 1 == 2", ["is bool, expected a number"]),
        ("input[0] == 1", ["is tensor, expected a list"]),
        ("input.shape['0'] == 1", ["is str, expected int"]),
        ("version.real == 3", ["is int and has no real"]),
        ("inputs.rank == 3", ["is list[tensor] and has no rank"]),
        ("1 if version else 2", ["expected bool"]),
        ("(1 if true else 'a') == 1", ["is either int or str"]),
        ("version in [1, 'a']", ["mixes int and str"]),
        ("all(t.rank for t in inputs)", ["found list[int], expected list[bool]"]),
        ("any(1 for t in input)", ["is tensor, expected a list"]),
        ("all(true for a, b in inputs)", ["expected 1 names"]),
        ("all(true for a in zip(inputs, outputs))", ["expected 2 names"]),
        ("len(version) == 1", ["found int"]),
        ("len(inputs, outputs) == 1", ["len takes 1 arguments, found 2"]),
        ("dim(input.shape) == 1", ["dim takes 2 arguments, found 1"]),
        # what Python has and rules don't
        ("", ["is not an expression"]),
        ("version ==", ["is not an expression"]),
        ("version = 1", ["is not an expression"]),
        ("import os", ["is not an expression"]),
        ("version == 1; true", ["is not an expression"]),
        ("2 ** 8 == 256", ["Pow is not part of the rule language"]),
        ("version << 60 == 1", ["LShift is not part"]),
        ("version & 1 == 1", ["BitAnd is not part"]),
        ("[1] @ [2]", ["MatMult is not part"]),
        ("~version == 1", ["is not part"]),
        ("+version == 1", ["is not part"]),
        ("version is 1", ["Is is not part"]),
        ("lambda: true", ["Lambda is not part"]),
        ("(lambda t: true)(input)", ["can't be called"]),
        ("(x := true)", ["NamedExpr is not part"]),
        ("f'{version}' == '3'", ["JoinedStr is not part"]),
        ("'a' + 'b' == 'ab'", ["is str, expected a number"]),
        ("'a' * 1000000000 == 'a'", ["is str, expected a number"]),
        ("[1] * 1000000000 == [1]", ["expected a number"]),
        ("b'a' == 'a'", ["is not part of the rule language"]),
        ("None == 1", ["None is not part"]),
        ("... == 1", ["Ellipsis"]),
        ("1j == 1", ["is not part"]),
        ("{1: 2}", ["Dict is not part"]),
        ("{1, 2}", ["Set is not part"]),
        ("{t.rank for t in inputs}", ["SetComp is not part"]),
        ("{t.rank: 1 for t in inputs}", ["DictComp is not part"]),
        ("version in [*[1, 2]]", ["Starred is not part"]),
        ("max(*input.shape) == 1", ["Starred is not part"]),
        ("min(input.shape, key=abs) == 1", ["can't be called"]),
        ("input.shape[0:2] == [1]", ["Slice is not part"]),
        ("(await input)", ["is not"]),
        ("(yield 1)", ["is not"]),
        # ways out
        ("__import__('os')", ["no function __import__"]),
        ("eval('1')", ["no function eval"]),
        ("open('f')", ["no function open"]),
        ("getattr(input, 'rank')", ["no function getattr"]),
        ("input.__class__ == 1", ["a tensor has no __class__"]),
        ("input.data == 1", ["a tensor has no data"]),
        ("input.producer.subgraph == 1", ["an operator has no subgraph"]),
        ("input.producer.__init__()", ["can't be called"]),
        ("inputs.__class__ == 1", ["has no __class__"]),
        ("'a'.format(1)", ["can't be called"]),
        ("'a'.upper == 1", ["has no upper"]),
        ("options.__dict__ == 1", ["no option __dict__"]),
        ("inputs.append(1)", ["can't be called"]),
        ("abs.__globals__", ["nothing is called abs"]),
        # too much
        ("9223372036854775808 == 1", ["larger than any number"]),
        ("-" * 100 + "1 == 1", ["nested too deeply"]),
        ("not " * 100 + "true", ["nested too deeply"]),
        (" and ".join(["version == 1"] * 101), ["more than 100 parts stand side by side"]),
        ("(" * 500 + "true" + ")" * 500, [""]),
        ("[" * 90 + "]" * 90 + " == []", ["nested too deeply"]),
        (" + ".join(["version"] * 100) + " == 1", ["nested too deeply"]),
        ("version in [" + "1, " * 30_000 + "]", ["too long"]),
        ("any(true for a in inputs for b in inputs for c in inputs)", ["at most two loops"]),
        (
            "any(any(true for t in inputs for u in inputs) for v in inputs for w in inputs)",
            ["loops"],
        ),
    ],
)
def test_is_refused_with_reason(text: str, words: list[str]) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text, CONVOLUTION)
    for word in words:
        assert word in str(refused.value)


def test_a_definition_that_grows_with_every_use_is_refused() -> None:
    doubling = {f"d{i}": Definition(f"d{i}", f"d{i - 1} and d{i - 1}") for i in range(1, 40)}
    scope = Scope(definitions=doubling | {"d0": Definition("d0", "version == 1")})
    with pytest.raises(ExpressionError, match="too deeply or too long"):
        parse("d39", scope)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("version<=3", "version <= 3"),
        ("input . dtype in quant8", "input.dtype in quant8"),
        ("not (bias.omitted or bias.constant)", "not (bias.omitted or bias.constant)"),
        (
            "all(t.rank<=4 for t in operands if not t.constant)",
            "all(t.rank <= 4 for t in operands if not t.constant)",
        ),
        ("(api+1)*2 == 3", "((api + 1) * 2) == 3"),
    ],
)
def test_shows_what_it_understood(text: str, shown: str) -> None:
    assert show(parse(text, CONVOLUTION)) == shown

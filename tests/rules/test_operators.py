"""The operator catalogue: complete, well-formed, and in step with models and with known MAC counts."""

from __future__ import annotations

import keyword
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import ModelError
from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.functions import FUNCTIONS
from analyzer.expressions.scope import Scope
from analyzer.expressions.vocabulary import OPERATOR, Context, Undefined
from analyzer.model import schema
from analyzer.model.graph import OMITTED, Operator, Subgraph, Tensor
from analyzer.model.read import read
from analyzer.resources import data

OPERATORS: dict[str, Any] = tomllib.loads(
    (data("rules") / "common" / "operators.toml").read_text(encoding="utf-8")
)
CUSTOM: dict[str, Any] = OPERATORS.pop("custom")
ENTRIES = {**OPERATORS, **{f"custom.{code}": entry for code, entry in CUSTOM.items()}}
RESERVED = {*OPERATOR, *FUNCTIONS, *keyword.kwlist, "options", "true", "false"}


def names(entry: Mapping[str, Any]) -> list[str]:
    return [name.rstrip("?*") for side in ("inputs", "outputs") for name in entry[side]]


def option_type(field: schema.Field) -> str:
    single = f"enum:{field.type}" if field.form == "enum" else "int" if "int" in field.type else field.type
    return f"list[{single}]" if field.vector else single


def scope(name: str, entry: Mapping[str, Any]) -> Scope:
    table = schema.options_table(name)
    return Scope(
        operands={
            operand.rstrip("?*"): (side, position, operand.endswith("*"))
            for side in ("inputs", "outputs")
            for position, operand in enumerate(entry[side])
        },
        options={field.name: option_type(field) for field in schema.fields(table).values()} if table else {},
        enums={"LSTMKernelType": list(schema.members("LSTMKernelType").values())},
    )


def test_every_operator_of_the_schema_is_in_the_catalogue_and_no_other() -> None:
    assert set(OPERATORS) == set(schema.members("BuiltinOperator").values())


def test_operators_are_in_alphabetical_order() -> None:
    assert list(OPERATORS) == sorted(OPERATORS)
    assert list(CUSTOM) == sorted(CUSTOM, key=str.lower)


@pytest.mark.parametrize("name", ENTRIES)
def test_operand_names_are_unique_and_free_for_rules_to_use(name: str) -> None:
    entry = ENTRIES[name]
    found = names(entry)
    assert set(entry) <= {"inputs", "outputs", "macs"}
    assert len(found) == len(set(found))
    assert all(word.isidentifier() and word == word.lower() and word not in RESERVED for word in found)


@pytest.mark.parametrize("name", ENTRIES)
def test_only_the_last_operand_of_a_side_repeats(name: str) -> None:
    for side in ("inputs", "outputs"):
        assert not any(operand.endswith("*") for operand in ENTRIES[name][side][:-1])


@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if "macs" in entry])
def test_macs_are_a_whole_number_in_the_rule_language(name: str) -> None:
    parse(ENTRIES[name]["macs"], scope(name, ENTRIES[name]), "int")


def macs(name: str, operands: Mapping[str, Sequence[int]], **options: Any) -> int:
    """The count of an operator whose named operands have these shapes and whose others are left out."""
    entry = ENTRIES[name]
    table = schema.options_table(name)
    tensors = tuple(
        Tensor(i, operand, "FLOAT32", tuple(shape)) for i, (operand, shape) in enumerate(operands.items())
    )
    index = {tensor.name: tensor.index for tensor in tensors}
    assert set(index) <= set(names(entry))
    sides = [
        [index.get(operand.rstrip("?*"), OMITTED) for operand in entry[side]]
        for side in ("inputs", "outputs")
    ]
    operator = Operator(
        index=0,
        name=name,
        version=1,
        inputs=tuple(sides[0]),
        outputs=tuple(sides[1]),
        options={**(schema.zeros(table) if table else {}), **options},
    )
    subgraph = Subgraph(0, "", tensors, (operator,), (), ())
    found: int = compiled(parse(entry["macs"], scope(name, entry), "int"))(Context(subgraph, operator))
    return found


GATES = {"input_to_output_weights": (20, 8), "recurrent_to_output_weights": (20, 5)}
FW = {f"fw_{operand}": shape for operand, shape in GATES.items()}
BW = {f"bw_{operand}": shape for operand, shape in GATES.items()}
RNN = {"weights": (16, 8), "recurrent_weights": (16, 16)}


@pytest.mark.parametrize(
    ("name", "operands", "options", "expected"),
    [
        ("CONV_2D", {"weights": (32, 3, 3, 3), "output": (1, 112, 112, 32)}, {}, 112 * 112 * 32 * 27),
        # Eight groups: each output channel sees 2 of 16 input channels.
        (
            "CONV_2D",
            {"input": (1, 4, 4, 16), "weights": (8, 3, 3, 2), "output": (1, 4, 4, 8)},
            {},
            16 * 8 * 18,
        ),
        ("DEPTHWISE_CONV_2D", {"weights": (1, 3, 3, 64), "output": (1, 56, 56, 64)}, {}, 56 * 56 * 64 * 9),
        ("TRANSPOSE_CONV", {"weights": (6, 2, 2, 3), "input": (1, 5, 5, 3)}, {}, 25 * 3 * 6 * 4),
        ("CONV_3D", {"weights": (2, 3, 3, 4, 6), "output": (1, 2, 5, 5, 6)}, {}, 50 * 6 * 4 * 18),
        ("CONV_3D_TRANSPOSE", {"weights": (2, 3, 3, 6, 4), "input": (1, 2, 5, 5, 4)}, {}, 50 * 6 * 4 * 18),
        ("FULLY_CONNECTED", {"weights": (10, 64), "output": (3, 10)}, {}, 3 * 10 * 64),
        ("BATCH_MATMUL", {"x": (2, 3, 4), "y": (2, 4, 5), "output": (2, 3, 5)}, {}, 2 * 3 * 4 * 5),
        (
            "BATCH_MATMUL",
            {"x": (2, 4, 3), "y": (2, 4, 5), "output": (2, 3, 5)},
            {"adj_x": True},
            2 * 3 * 4 * 5,
        ),
        ("RNN", {"input": (2, 8), **RNN}, {}, 2 * 16 * (8 + 16)),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", {"input": (7, 2, 8), **RNN}, {}, 14 * 16 * (8 + 16)),
        (
            "BIDIRECTIONAL_SEQUENCE_RNN",
            {
                "input": (7, 2, 8),
                **{f"{way}_{operand}": RNN[operand] for way in ("fw", "bw") for operand in RNN},
            },
            {},
            2 * 14 * 16 * (8 + 16),
        ),
        ("SVDF", {"input": (2, 8), "weights_feature": (6, 8), "weights_time": (6, 10)}, {}, 2 * 6 * (8 + 10)),
        (
            "LSTM",
            {"input": (2, 8), "input_to_input_weights": (20, 8), **GATES, "projection_weights": (5, 20)},
            {},
            2 * (4 * 20 * (8 + 5) + 5 * 20),
        ),
        # The input gate is coupled to the forget gate: three gates left.
        ("LSTM", {"input": (2, 8), **GATES}, {}, 2 * 3 * 20 * (8 + 5)),
        (
            "LSTM",
            {"input": (2, 8), "input_to_forget_weights": (80, 28)},
            {"kernel_type": "BASIC"},
            2 * 80 * 28,
        ),
        ("UNIDIRECTIONAL_SEQUENCE_LSTM", {"input": (7, 2, 8), **GATES}, {}, 14 * 3 * 20 * (8 + 5)),
        ("BIDIRECTIONAL_SEQUENCE_LSTM", {"input": (7, 2, 8), **FW, **BW}, {}, 2 * 14 * 3 * 20 * (8 + 5)),
        (
            "STABLEHLO_DOT_GENERAL",
            {"lhs": (2, 3, 4, 5), "rhs": (2, 4, 5, 6), "output": (2, 3, 6)},
            {"lhs_contracting_dimensions": (2, 3)},
            2 * 3 * 6 * 20,
        ),
        (
            "STABLEHLO_CONVOLUTION",
            {"lhs": (1, 8, 8, 3), "rhs": (3, 3, 3, 16), "output": (1, 6, 6, 16)},
            {"kernel_output_feature_dimension": 3},
            36 * 16 * 27,
        ),
        (
            "custom.Convolution2DTransposeBias",
            {"input": (1, 5, 5, 3), "weights": (6, 2, 2, 3)},
            {},
            25 * 3 * 6 * 4,
        ),
        (
            "custom.odml.scaled_dot_product_attention",
            {"query": (1, 10, 4, 16), "key": (1, 32, 2, 16), "value": (1, 32, 2, 16)},
            {},
            2 * 4 * 10 * 32 * 16,
        ),
    ],
)
def test_macs(name: str, operands: dict[str, Sequence[int]], options: dict[str, Any], expected: int) -> None:
    assert macs(name, operands, **options) == expected


def test_macs_of_an_operator_without_its_weights_are_unknown() -> None:
    with pytest.raises(Undefined):
        macs("CONV_2D", {"input": (1, 8, 8, 3), "output": (1, 8, 8, 4)})


def real_models() -> Iterator[Path]:
    """The models that the environment offers, without generated ones: some have wrong counts on purpose."""
    folder = os.environ.get("DELEGATE_ANALYZER_MODELS")
    if folder is None:
        pytest.skip("DELEGATE_ANALYZER_MODELS names no folder of models")
    return (path for path in sorted(Path(folder).rglob("*.tflite")) if "synth" not in path.parts)


def operators(path: Path) -> Iterator[Operator]:
    try:
        model = read(path)
    except ModelError:
        return
    for subgraph in model.subgraphs:
        yield from subgraph.operators


def surplus(operator: Operator) -> str | None:
    entry = OPERATORS[operator.name]
    if operator.name == "CUSTOM":
        entry = CUSTOM.get(operator.custom or "", entry)
    for side, found in (("inputs", operator.inputs), ("outputs", operator.outputs)):
        known = entry[side]
        if len(found) > len(known) and not (known and known[-1].endswith("*")):
            return f"{operator.custom or operator.name} has {len(found)} {side}, expected up to {len(known)}"
    return None


def test_no_real_operator_has_more_operands_than_the_catalogue_names() -> None:
    found = [
        f"{path}: {text}"
        for path in real_models()
        for operator in operators(path)
        if (text := surplus(operator))
    ]
    assert found == []

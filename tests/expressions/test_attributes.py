"""What composites and custom operators say of themselves, as rules ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from flatbuffers import flexbuffers

from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.scope import Scope
from analyzer.expressions.show import show
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model import Operator, Subgraph

ATTRIBUTES = {
    "epsilon": 0.5,
    "groups": 2,
    "gone": None,
    "axes": {"TENSOR_TYPE": "i64", "TENSOR_DATA": [1, 2]},
    "_TENSOR_V1_bare": [1, 2],
    "_TENSOR_V1_empty": {"TENSOR_TYPE": "i64"},
}
WRITTEN = bytes(flexbuffers.Dumps(ATTRIBUTES))

CUSTOM = Operator(0, "CUSTOM", 1, (), (), {}, custom="Mine", custom_options=memoryview(WRITTEN))
COMPOSITE = Operator(0, "STABLEHLO_COMPOSITE", 1, (), (), {"composite_attributes": memoryview(WRITTEN)})
SILENT = Operator(0, "CUSTOM", 1, (), (), {}, custom="Mine", custom_options=memoryview(b"\1\0\0\0"))


def asked(operator: Operator, text: str) -> Any:
    context = Context(Subgraph(0, "", (), (operator,), (), ()), operator)
    return compiled(parse(text, Scope(options={}), None))(context)


@pytest.mark.parametrize("operator", [CUSTOM, COMPOSITE], ids=["custom", "composite"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("attributes.epsilon", 0.5),
        ("attributes.groups == 2", True),
        ("'groups' in attributes", True),
        ("'gone' in attributes", False),
        ("attributes.axes == [1, 2]", True),
        ("attributes.axes == [2, 1]", False),
        ("attributes.axes == ([d for d in range(1, 3)] if 'groups' in attributes else [0])", True),
        ("'_TENSOR_V1_bare' in attributes and attributes._TENSOR_V1_bare == [1, 2]", False),
        ("'_TENSOR_V1_empty' in attributes and len(attributes._TENSOR_V1_empty) == 0", True),
    ],
)
def test_attributes(operator: Operator, text: str, answer: Any) -> None:
    assert asked(operator, text) == answer


@pytest.mark.parametrize(("operator", "name"), [(CUSTOM, "gone"), (CUSTOM, "other"), (SILENT, "epsilon")])
def test_absent_attribute(operator: Operator, name: str) -> None:
    with pytest.raises(Undefined, match=f"no attribute {name}"):
        asked(operator, f"attributes.{name}")


def test_no_attributes() -> None:
    assert asked(SILENT, "len(attributes)") == 0


def test_show() -> None:
    assert show(parse("attributes.epsilon", Scope(options={}), None)) == "attributes.epsilon"

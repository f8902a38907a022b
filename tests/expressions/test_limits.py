"""What no rule may do, whatever its author or the model wrote: take all memory, or all the time there is."""

from __future__ import annotations

from typing import Any

import pytest
from flatbuffers import flexbuffers

from analyzer.errors import RuleError
from analyzer.expressions.check import parse
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.partial import constant
from analyzer.expressions.scope import Definition, ExpressionError, Scope
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model import Operator, Subgraph

_ATTRIBUTES = {"text": "aaaa", "form": "%1000000000d", "many": [1, 2], "mixed": [1000000000, "aaaa"], "n": 3}
_OPERATOR = Operator(
    0,
    "CUSTOM",
    1,
    (),
    (),
    {},
    custom="Mine",
    custom_options=memoryview(bytes(flexbuffers.Dumps(_ATTRIBUTES))),
)


def asked(text: str, definitions: tuple[Definition, ...] = ()) -> Any:
    context = Context(Subgraph(0, "", (), (_OPERATOR,), (), ()), _OPERATOR)
    scope = Scope(options={}, definitions={one.name: one for one in definitions})
    return compiled(parse(text, scope, None))(context)


@pytest.mark.parametrize(
    "text",
    [
        "attributes.text * 1000000000 * 1000000000",
        "attributes.many * 1000000000",
        "attributes.form % 5",
        "attributes.text + attributes.text",
        "-attributes.text",
        "product(attributes.mixed)",
        "float32(attributes.text)",
        "sum(attributes.mixed)",
    ],
)
def test_only_numbers_are_computed_with(text: str) -> None:
    with pytest.raises(Undefined, match="can't be computed"):
        asked(text)


def test_products_go_no_further_than_any_memory() -> None:
    doubled = tuple(Definition(f"d{i}", f"d{i - 1} * d{i - 1}") for i in range(1, 12))
    assert asked("d11", (Definition("d0", "9223372036854775807"), *doubled)) == 2**200


def test_numbers_are_computed_with() -> None:
    assert asked("attributes.n * 2 + 1") == 7
    assert asked("-attributes.n") == -3
    assert asked("product(n * 2 for n in range(1, 4))") == 48
    assert asked("distinct(range(0, 4))") and not asked("distinct(n % 2 for n in range(0, 4))")
    assert asked("product(attributes.many)") == 2


@pytest.mark.parametrize(
    "text",
    [
        "all(all(all(true for a in range(0, 300)) for b in range(0, 300)) for c in range(0, 300))",
        "sum(1 for a in range(0, 1000) for b in range(0, 1000) if any(c < 0 for c in range(0, 1000))) == 0",
    ],
)
def test_loops_within_loops_have_a_budget(text: str) -> None:
    with pytest.raises(RuleError, match="takes more than 5,000,000 steps") as refused:
        asked(text)
    assert "\n" not in str(refused.value)


def test_the_budget_is_each_evaluation_s_own() -> None:
    nested = compiled(
        parse("all(all(true for a in range(0, 1000)) for b in range(0, 1000))", Scope(options={}))
    )
    context = Context(Subgraph(0, "", (), (_OPERATOR,), (), ()), _OPERATOR)
    assert all(nested(context) for _ in range(6))


def test_a_parameter_may_be_derived_by_a_loop() -> None:
    assert constant(parse("sum(a for a in range(0, 4))", Scope(), "int"), {}) == 6


@pytest.mark.parametrize("text", ["0x" + "f" * 5000 + " == 1", "1e999 == 1", "[1, 2][5] * 9 == 1e999"])
def test_a_literal_is_a_number_that_a_model_can_hold(text: str) -> None:
    with pytest.raises(ExpressionError, match="larger than any number in a model"):
        parse(text, Scope())

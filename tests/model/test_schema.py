"""Holds our statement of the schema against the code that upstream generates from theirs."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.model import schema
from analyzer.model.tables import ENUMS, OLDER_TABLES, UNIONS

TABLES = sorted(schema.tables())


@pytest.fixture(scope="module")
def generated() -> Any:
    """A new field, table or enum upstream fails the tests that use this: state it in tables.py."""
    return pytest.importorskip("ai_edge_litert.schema_py_generated")


class Recorder:
    """Stands in for a flatbuffers builder and notes what it is asked to write."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, arguments))


def written(function: Any, *arguments: Any) -> tuple[str, tuple[Any, ...]]:
    recorder = Recorder()
    function(recorder, *arguments)
    return recorder.calls[0]


def camel(name: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in name.split("_"))


def test_same_tables(generated: Any) -> None:
    tables = {name.removesuffix("Start") for name in vars(generated) if name.endswith("OptionsStart")}
    others = {name.removesuffix("T") for name in vars(generated) if hasattr(generated, f"{name[:-1]}Start")}
    assert tables | others == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_same_fields(generated: Any, table: str) -> None:
    prefix = f"{table}Add"
    theirs = {name.removeprefix(prefix) for name in vars(generated) if name.startswith(prefix)}
    assert {camel(name) for name in schema.fields(table)} == theirs


@pytest.mark.parametrize("table", TABLES)
def test_same_slots_types_and_defaults(generated: Any, table: str) -> None:
    for field in schema.fields(table).values():
        method, (slot, _, default) = written(getattr(generated, f"{table}Add{camel(field.name)}"), 7)
        refers = field.vector or field.form in ("string", "table", "union")
        expected = "UOffsetTRelative" if refers else stored_type(field).capitalize()
        assert (method, slot) == (f"Prepend{expected}Slot", field.slot), field
        assert default == (0 if refers else stored_default(field)), field


class Table:
    """Stands in for a table that is being read and notes what numbers are asked of it."""

    Pos = 0

    def __init__(self) -> None:
        self.asked = ""

    def Offset(self, _: int) -> int:
        return 4

    Vector = Offset

    def Get(self, flags: Any, _: int) -> int:
        self.asked = flags.__name__.removesuffix("Flags").lower()
        return 0


@pytest.mark.parametrize("table", TABLES)
def test_same_vectors(generated: Any, table: str) -> None:
    for field in schema.fields(table).values():
        assert field.vector == hasattr(generated, f"{table}Start{camel(field.name)}Vector"), field
        if field.vector and field.form != "table":
            reader = getattr(generated, table)()
            reader._tab = Table()
            getattr(reader, camel(field.name))(0)
            assert reader._tab.asked == stored_type(field), field


@pytest.mark.parametrize("name", [*ENUMS, *UNIONS])
def test_same_members(generated: Any, name: str) -> None:
    theirs = {number: member for member, number in vars(getattr(generated, name)).items() if member[0] != "_"}
    assert schema.members(name) == theirs


def test_same_enums(generated: Any) -> None:
    theirs = {
        name
        for name, value in vars(generated).items()
        if isinstance(value, type) and all(isinstance(v, int) for k, v in vars(value).items() if k[0] != "_")
    }
    assert {name for name in theirs if vars(generated)[name].__module__ == generated.__name__} == {
        *ENUMS,
        *UNIONS,
    }


def stored_type(field: schema.Field) -> str:
    return schema.stored_type(field.type) if field.form == "enum" else field.type


def stored_default(field: schema.Field) -> Any:
    if field.form != "enum":
        return field.default
    return {member: number for number, member in schema.members(field.type).items()}[field.default]


@pytest.mark.parametrize(
    ("operator", "table"),
    [
        ("CONV_2D", "Conv2DOptions"),
        ("MAX_POOL_2D", "Pool2DOptions"),
        ("REDUCE_MAX", "ReducerOptions"),
        ("BATCH_MATMUL", "BatchMatMulOptions"),
        ("STABLEHLO_COMPOSITE", "StableHLOCompositeOptions"),
        ("TOPK_V2", "TopKV2Options"),
        ("LOGISTIC", None),
        ("CUSTOM", None),
    ],
)
def test_options_table_of_an_operator(operator: str, table: str | None) -> None:
    assert schema.options_table(operator) == table


def test_every_options_table_belongs_to_an_operator() -> None:
    used = {schema.options_table(operator) for operator in schema.members("BuiltinOperator").values()}
    assert {*UNIONS["BuiltinOptions"].split(), *UNIONS["BuiltinOptions2"].split()} <= used


def test_zeros_are_what_cleared_memory_means() -> None:
    assert schema.zeros("Conv2DOptions") == {
        "padding": "SAME",
        "stride_w": 0,
        "stride_h": 0,
        "fused_activation_function": "NONE",
        "dilation_w_factor": 0,
        "dilation_h_factor": 0,
        "quantized_bias_type": "FLOAT32",
    }
    assert schema.zeros("ReshapeOptions") == {"new_shape": ()}
    assert schema.fields("Conv2DOptions")["dilation_w_factor"].default == 1


@pytest.mark.parametrize("table", [*TABLES, *OLDER_TABLES])
def test_no_table_contains_itself(table: str) -> None:
    """That bounds the depth of decoding."""
    assert table not in reachable(table)


def reachable(table: str) -> set[str]:
    below = set()
    for field in schema.fields(table).values():
        if field.form == "table":
            below |= {field.type} | reachable(field.type)
        elif field.form == "union":
            below |= {m for m in schema.members(field.type).values() if m != "NONE"}
    return below

"""Cases beside rules: one operator each, and what the delegate says of it."""

from __future__ import annotations

import re
import struct
import tomllib
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError, UsageError
from analyzer.expressions.vocabulary import Context
from analyzer.model import schema
from analyzer.model.graph import DTYPE_BITS, OMITTED, Operator, Quantization, Subgraph, Tensor
from analyzer.rules.judging.judge import Judge
from analyzer.rules.loading.file import read_tables
from analyzer.rules.loading.lines import Lines
from analyzer.rules.pack import RulePack
from analyzer.rules.parameters import as_written, resolve
from analyzer.suggest import nearest

ACCEPTED = "accepted"
CUSTOM = "custom"
#: `INT8[1, 8, 8, 3] scale 0.5 zero 3`, `INT32[2] = [1, 2]`, `FLOAT32[4, 3, 3, 3] constant`.
_TENSOR = re.compile(
    r"(?P<dtype>\w+)\s*\[(?P<shape>[\d,\s]*)\](?:\s+(?P<constant>constant)|\s*=\s*\[(?P<values>[^\]]*)\])?"
    r"(?:\s+scale\s+(?P<scale>[\d.e-]+))?(?:\s+zero\s+(?P<zero>-?\d+))?"
)
_LEFT_OUT = "omitted"
#: Bytes of a constant, at most: more is hardly meant, and would have to be made.
_MOST_BYTES = 1 << 26
_CODES = {"FLOAT32": "f", "INT32": "i", "INT64": "q", "INT8": "b", "UINT8": "B", "INT16": "h", "BOOL": "?"}


class CaseTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[OPERATOR.NAME]`, or `[custom.CODE.NAME]`."""

    #: `accepted`, or the id of a rule that refuses, without the delegate's name.
    expect: str
    inputs: list[str] = []
    outputs: list[str] = []
    options: dict[str, Any] = {}
    version: int = 1
    parameters: dict[str, str | int | bool] = {}


class Case(Struct, frozen=True):
    name: str
    line: int
    context: Context
    parameters: Mapping[str, str]
    expect: str


class Mismatch(Struct, frozen=True):
    case: Case
    #: `accepted`, or the ids of the rules that refuse.
    came: str


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises: RuleError with all problems."""
    tables, text = read_tables(path)
    lines = Lines(text)
    cases: list[Case] = []
    problems: list[str] = []
    for operator, name, raw in _case_tables(tables):
        header = f"{operator.replace(':', '.')}.{name}"
        line = lines.of(header)
        try:
            table = msgspec.convert(raw, CaseTable)
            parameters = {key: as_written(value) for key, value in table.parameters.items()}
            cases.append(Case(header, line, _context(operator, table), parameters, table.expect))
        except (msgspec.ValidationError, ValueError, OverflowError, struct.error) as error:
            problems.append(f"{path}:{line}: {header}: {error}")
    if not cases and not problems:
        problems.append(f"{path}:1: holds no case; write [OPERATOR.NAME] with inputs, outputs and expect")
    if problems:
        raise RuleError(problems)
    return cases


def _case_tables(tables: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Operator, or `custom:CODE`, the case's name and its table."""
    for operator, named in tables.items():
        groups = named.items() if operator == CUSTOM and isinstance(named, dict) else [(None, named)]
        for code, cases in groups:
            key = operator if code is None else f"{CUSTOM}:{code}"
            yield from (
                ((key, name, raw) for name, raw in cases.items())
                if isinstance(cases, dict)
                else [(key, "", cases)]
            )


def _context(key: str, table: CaseTable) -> Context:
    tensors: list[Tensor] = []
    inputs, outputs = (
        tuple(_placed(text, tensors) for text in side) for side in (table.inputs, table.outputs)
    )
    builtin, _, custom = key.partition(":")
    name = builtin.upper()
    known = list(schema.members("BuiltinOperator").values())
    if name not in known:
        raise ValueError(f"there is no operator {builtin}{nearest(builtin, known)}")
    options_table = schema.options_table(name)
    options = schema.zeros(options_table) if options_table else {}
    for option, value in table.options.items():
        _check_option(options_table, option, value)
    operator = Operator(
        index=0,
        name=name,
        version=table.version,
        inputs=inputs,
        outputs=outputs,
        options=options | table.options,
        options_table=options_table,
        custom=custom or None,
    )
    ends = tuple(i for i in inputs if i != OMITTED and not tensors[i].constant)
    return Context(Subgraph(0, "main", tuple(tensors), (operator,), ends, outputs), operator)


def _check_option(table: str | None, option: str, value: Any) -> None:
    """Raises: ValueError for an option that the schema hasn't, or not with this value."""
    known = schema.fields(table) if table else {}
    if option not in known:
        raise ValueError(f"no option {option}{nearest(option, list(known))}")
    field = known[option]
    members = list(schema.members(field.type).values()) if field.form == "enum" else []
    for each in value if field.vector and isinstance(value, list) else [value]:
        if members and each not in members:
            raise ValueError(f"option {option} can't be {each!r}{nearest(str(each), members)}")
        if not members and type(each) not in _value_types(field):
            raise ValueError(f"option {option} can't be {each!r}; it is of type {field.type}")


def _value_types(field: schema.Field) -> tuple[type, ...]:
    """Of values as TOML has them."""
    if field.form == "string" or field.type == "bool":
        return (str if field.form == "string" else bool,)
    return (int, float) if field.type in ("double", "float", "float32", "float64") else (int,)


def _placed(text: str, tensors: list[Tensor]) -> int:
    """The index of the tensor that the text describes, now the last of `tensors`."""
    if text == _LEFT_OUT:
        return OMITTED
    match = _TENSOR.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is no tensor; write one like 'INT8[1, 8] scale 0.5 zero 3' or {_LEFT_OUT!r}"
        )
    dtype = match["dtype"]
    if dtype not in DTYPE_BITS:
        raise ValueError(f"there is no type {dtype}{nearest(dtype, list(DTYPE_BITS))}")
    shape = tuple(int(size) for size in match["shape"].split(",") if size.strip())
    data = _data(match, dtype, shape)
    quantization = None
    if match["scale"]:
        quantization = Quantization(1, 1, (float(match["scale"]),), (int(match["zero"] or 0),))
    tensors.append(
        Tensor(
            index=len(tensors),
            name=f"t{len(tensors)}",
            dtype=dtype,
            shape=shape,
            has_rank=True,
            constant=data is not None,
            data=data,
            quantization=quantization,
        )
    )
    return len(tensors) - 1


def _data(match: re.Match[str], dtype: str, shape: tuple[int, ...]) -> memoryview | None:
    if match["values"] is not None:
        if dtype not in _CODES:
            raise ValueError(f"values of {dtype} can't be written here; write constant")
        numbers = tomllib.loads(f"values = [{match['values']}]")["values"]
        if len(numbers) != prod(shape):
            raise ValueError(f"{dtype}{list(shape)} has {prod(shape)} elements, and {len(numbers)} are given")
        return memoryview(struct.pack(f"<{len(numbers)}{_CODES[dtype]}", *numbers))
    if match["constant"]:
        size = (prod(shape) * (DTYPE_BITS[dtype] or 0) + 7) // 8
        if size > _MOST_BYTES:
            raise ValueError(f"a constant of {size:,} bytes; write one of at most {_MOST_BYTES:,}")
        return memoryview(bytes(size))
    return None


def mismatches(pack: RulePack, cases: list[Case]) -> Iterator[Mismatch]:
    """The cases in which the pack says something else. Raises: UsageError for parameters that it hasn't."""
    for case in cases:
        try:
            parameters = resolve(pack, case.parameters)
        except UsageError as error:
            raise UsageError(f"{case.name}: {error}") from None
        verdict = Judge(pack, parameters).verdict(case.context)
        ids = [finding.rule.partition("/")[2] for finding in verdict.findings]
        expected = (
            verdict.supported if case.expect == ACCEPTED else not verdict.supported and case.expect in ids
        )
        if not expected:
            came = ACCEPTED if verdict.supported else f"refused by {', '.join(ids)}"
            yield Mismatch(case, came)

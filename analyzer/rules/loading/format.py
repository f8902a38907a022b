"""The shape of a rule file as it is written. `docs/rule-language.md` is its reference for authors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields

from analyzer.suggest import nearest


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """A value that holds under a condition: `{dtype = "INT8", when = "feature_level >= 3"}`."""

    when: str = ""
    dtype: str = ""
    #: A count, a version or an option's value.
    value: str | int | float | bool | list[Any] | None = None


class FixCase(Struct, frozen=True, forbid_unknown_fields=True):
    """A fix under a condition: `{when = "operand.graph_input", text = "Make it a constant."}`."""

    when: str
    text: str


#: A text, the name of a fix under `[fixes]`, or cases of which the first that holds is given.
Fix = str | list[str | FixCase]


class TrialTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[fixes.NAME.trial]`, or several `[[fixes.NAME.trial]]`: how a fix is put to the test.

    What it speaks of is converted and audited.
    """

    #: Those that find it in `before` and nothing in `after`, with parameters as `-d` takes them.
    delegates: list[str]
    #: Of the two, what they are audited with instead: what an app can ask for.
    audit: dict[str, list[str]] = {}
    #: Tensors that the code has: `{x = "FLOAT32[1, 8, 8, 3]"}`; -1 is a free size.
    inputs: dict[str, str] = {}
    #: For a converter's or an app's job: the code of the model that is converted.
    model: str = ""
    #: What else the converter does: float16, dynamic, int8 or int16.
    convert: str = ""
    #: Code of the custom operator that a compiler puts in place of a model: `before` is such a file, and
    #: `after` the one that it was made from.
    compiled: str = ""
    #: Whether the code stands by itself, instead of in the middle of a model.
    alone: bool = False
    #: Of the two, input -> the shape that an app gives it, and custom operators that it registers.
    shapes: dict[str, dict[str, list[int]]] = {}
    registered: dict[str, list[str]] = {}


class CodeTable(Struct, frozen=True, forbid_unknown_fields=True):
    """Code as it is and as it is to be."""

    before: str
    after: str


class FixTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[fixes.NAME]`: a fix in full, with code as it is and as it is to be."""

    text: str
    job: str = "model"
    language: str = "python"
    before: str = ""
    after: str = ""
    #: The same in PyTorch, where its converter makes the same of it.
    torch: CodeTable | None = None
    #: Whether operators of the audited file are delegated by it that weren't.
    brings: bool = True
    trial: TrialTable | list[TrialTable] = []

    @property
    def trials(self) -> list[TrialTable]:
        """All of them."""
        return self.trial if isinstance(self.trial, list) else [self.trial]


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said of a refusal."""

    message: str = ""
    fix: Fix = ""
    source: str = ""


class CheckTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[op.NAME.check.ID]`, `[every_op.ID]`, `[partition.check.ID]` or `[load.check.ID]`."""

    require: str
    when: str = ""
    message: str = ""
    fix: Fix = ""
    source: str = ""
    severity: str = "blocker"
    stage: str = ""
    operand: str = ""
    formerly: list[str] = []
    since: str = ""
    until: str = ""


class SharedTable(CheckTable, frozen=True, forbid_unknown_fields=True):
    """`[shared.NAME]`: a check that operators use by this name."""

    #: What its clauses are called, where that isn't the name.
    id: str = ""


Count = int | str | list[int | str | Case]


class Requirements(Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator's table and the table of one of its forms may both say."""

    #: Operand names in place of the catalogue's.
    names: dict[str, list[str]] = {}
    version: Count | None = None
    inputs: Count | None = None
    outputs: Count | None = None
    operands: dict[str, str | list[str | Case]] = {}
    options: dict[str, Any] = {}
    constant: list[str] = []
    known: list[str] = []
    use: list[str] = []
    #: Ids of clauses that are asked before the others, in this order.
    order: list[str] = []
    check: dict[str, CheckTable] = {}
    messages: dict[str, str] = {}
    fixes: dict[str, Fix] = {}
    #: By clause id, where it isn't the table's source.
    sources: dict[str, str] = {}
    source: str = ""


class FormTable(Requirements, frozen=True, forbid_unknown_fields=True):
    """`[op.NAME.form.ID]`: the requirements on one form of an operator."""

    when: str = ""


class OperatorTable(Requirements, frozen=True, forbid_unknown_fields=True):
    """`[op.NAME]` or `[op."NAME|NAME"]`."""

    form: dict[str, FormTable] = {}
    accept_when: str | list[str] = []
    supported: bool = True
    message: str = ""
    fix: Fix = ""
    values: dict[str, Any] = {}
    since: str = ""
    until: str = ""


class ParameterTable(Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    meaning: str
    default: Any = None
    range: tuple[int, int] | None = None
    values: list[str | int] = []
    in_title: bool = False


class ValueTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[values.NAME]`: something each operator may set, for `every_op` rules to use."""

    type: str
    default: Any
    meaning: str = ""


class Upstream(Struct, frozen=True, forbid_unknown_fields=True):
    repository: str
    revision: str


class PartitionTable(Struct, frozen=True, forbid_unknown_fields=True):
    check: dict[str, CheckTable] = {}


class GraphTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[graph]`: what the delegate does with the operators it accepts. Texts may be expressions or words."""

    max_partitions: int | str = ""
    min_operators: int | str = ""
    keep: str = ""
    sort: str = ""
    dynamic_tensors: str = ""
    constant_fp16_dequantize: str = ""
    full_delegation_ignores_limits: bool = False
    takes_dequantize_alone: bool = False
    build_failure: str = ""
    stand_ins: tuple[str, ...] = ()
    reads_through_before_limit: bool | str = ""
    builds_while_choosing: bool | str = ""
    replaces_composites: bool = False


class FlagTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A flag that is given under a condition: `{flag = "--gpu_backend=gl", when = "not opencl"}`."""

    flag: str
    when: str = ""


class AndroidTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[android]`: how `benchmark_model` applies the delegate on a phone."""

    kernel: str
    flags: list[str | FlagTable]
    properties: dict[str, str] = {}


class AlsoTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[also]`: parameters that an app can't choose, asked as well where a model is taken whole."""

    when: str
    parameters: dict[str, str | int | bool]


class PackTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole rule file."""

    delegate: str
    title: str
    version: str = "1"
    status: str = "current"
    platforms: list[str] = []
    default_order: int | None = None
    fallback: str = ""
    extends: str = ""
    notes: str = ""
    partial: str = ""
    source: str = ""
    #: What the paths of sources leave off: where in the repository they begin.
    source_root: str = ""
    upstream: Upstream | None = None
    stages: list[str] = []
    parameters: dict[str, ParameterTable] = {}
    graph: GraphTable = GraphTable()
    android: AndroidTable | None = None
    also: AlsoTable | None = None
    define: dict[str, Any] = {}
    values: dict[str, ValueTable] = {}
    fixes: dict[str, Fix | FixTable] = {}
    sources: dict[str, str] = {}
    unlisted: Words = Words()
    unlisted_custom: Words | None = None
    shared: dict[str, SharedTable] = {}
    every_op: dict[str, CheckTable] = {}
    partition: PartitionTable = PartitionTable()
    load: PartitionTable = PartitionTable()
    op: dict[str, OperatorTable] = {}
    custom: dict[str, OperatorTable] = {}


_FIELD = re.compile(r"field `(\w+)`")
#: Keys whose values hold inline tables, and the shape of those.
_INLINE: Mapping[str, type[Struct]] = {"operands": Case, "fix": FixCase, "flags": FlagTable}
#: Tables that were lists of tables with an `id` once.
_KEYED = ("check", "every_op", "form")


def nested_tables(shape: type[Any]) -> Iterator[tuple[str, type[Struct], bool]]:
    """Tables below a table of this shape: key, their shape, and whether the key holds several, by name."""
    for field in fields(shape):
        keyed = get_origin(field.type) is dict
        for kind in get_args(field.type) or (field.type,):
            if isinstance(kind, type) and issubclass(kind, Struct):
                yield field.name, kind, keyed


def misfit(header: str, shape: type[Any], message: str) -> tuple[str, str, str]:
    """A validation message as the header of the table to blame, the problem in words, and the key."""
    what, _, path = message.removeprefix("Object ").removeprefix("contains ").partition(" - at `$")
    key = re.split(r"[.\[`]", path.removeprefix("."))[0]
    if key in _KEYED and what == "Expected `object`, got `array`":
        name = f"{header}.{key}" if header else key
        return name, f'[[{name}]] with id = "NAME" is written [{name}.NAME] now, without id', ""
    if what.startswith("Expected"):
        what = f"{key}: e{what[1:]}" if key else f"e{what[1:]}"
    if field := _FIELD.search(what):
        known = _INLINE.get(key, shape).__struct_fields__
        key = key or field[1]
        what += nearest(field[1], known) if "unknown" in what else ""
    return header, what, key

"""Checks of the interpreter's builder, which refuses a model as a whole."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec.structs import replace

from analyzer.expressions.context import is_trait
from analyzer.expressions.vocabulary import Context, size_bytes
from analyzer.interpreter.limits import fits
from analyzer.memo import Memo
from analyzer.model.graph import (
    DTYPE_BITS,
    OMITTED,
    Model,
    Operator,
    OperatorCode,
    PrepareIssue,
    Quantization,
    Subgraph,
    Tensor,
)
from analyzer.rules.graph_rules import BUILDING
from analyzer.rules.judging.judge import Finding, Judge

_SCHEMA = 3
#: What types are read as that the schema has no name for.
_UNKNOWN = "TensorType:"
#: Types whose constants have no size that could be checked.
_SIZELESS = frozenset({"STRING", "RESOURCE", "VARIANT"})
#: Shapes and types, and operators with their options, that are known to be in order.
_MOST_KNOWN = 10_000
#: Type and shape -> bytes that a tensor needs, where it can be.
_BYTES: Memo[tuple[str, tuple[int, ...]], int] = Memo(_MOST_KNOWN)


class InterpreterBuilder:
    """Refuses models that the interpreter refuses before it prepares anything."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        #: Operator code -> why it isn't registered; the runtime wants every one of the table, used or not.
        self._codes: dict[OperatorCode, PrepareIssue | None] = {}
        #: Operator -> whether reading its options may fail.
        self._parsed: dict[str, bool] = {}
        #: Operators with options that can be read.
        self._read: Memo[Hashable, bool] = Memo(_MOST_KNOWN)

    def interpreter_build_error(self, model: Model) -> PrepareIssue | None:
        """The first reason for which the interpreter can't be built; None where it can."""
        if model.schema_version != _SCHEMA:
            return _stop(
                "schema-version",
                f"The file has schema version {model.schema_version}; the runtime reads only {_SCHEMA}.",
                actual=str(model.schema_version),
                expected=str(_SCHEMA),
            )
        if not model.subgraphs:
            return _stop("no-subgraph", "The file has no graph.")
        parsed = set()
        for code in model.operator_codes:
            # Custom operators fail only when they are reached.
            if code.name != "CUSTOM":
                stop = self._unregistered(code)
                if stop is not None:
                    return stop
                if self._parses(code.name):
                    parsed.add(code.name)
        for subgraph in model.subgraphs:
            stop = _tensors(subgraph) or self._operators(subgraph, parsed)
            if stop is not None:
                return replace(stop, subgraph=subgraph.index)
        return None

    def _parses(self, name: str) -> bool:
        may_fail = self._parsed.get(name)
        if may_fail is None:
            may_fail = self._parsed[name] = self._judge.has_stage("parse", name)
        return may_fail

    def _operators(self, subgraph: Subgraph, parsed: set[str]) -> PrepareIssue | None:
        """Operators that can't be read; `parsed` are the names of those that may not be.

        Source: tflite/core/interpreter_builder.cc::ParseNodes
        """
        for operator in subgraph.operators:
            if operator.name in parsed and (findings := self._unread(operator)):
                return _of_operator(findings[0], operator)
            read = frozenset(operator.inputs) if len(operator.outputs) > 1 else operator.inputs
            for index in operator.outputs:
                if index in read and index != OMITTED and operator.custom is None and operator.options:
                    return _overlap(operator, subgraph.tensors[index])
        return None

    def _unread(self, operator: Operator) -> Sequence[Finding]:
        """The findings on the operator's options; when they are read, it has no operands yet."""
        options = operator.options.values()
        key: Hashable = None
        if all(map(is_trait, options)):
            key = (operator.name, operator.options_table, *options)
            if key in self._read:
                return ()
        alone = replace(operator, inputs=(), outputs=(), intermediates=())
        findings = self._judge.stage_findings("parse", Context(_NOTHING, alone))
        if key is not None and not findings:
            self._read.keep(key, True)
        return findings

    def _unregistered(self, code: OperatorCode) -> PrepareIssue | None:
        """The issue of an operator code that no kernel is registered for, or None.

        Source: tflite/core/interpreter_builder.cc::BuildLocalIndexToRegistrationMapping
        """
        if code not in self._codes:
            self._codes[code] = self._look_up(code)
        return self._codes[code]

    def _look_up(self, code: OperatorCode) -> PrepareIssue | None:
        operator = Operator(0, code.name, code.version, (), (), {})
        context = Context(_NOTHING, operator)
        listed = code.name in self._judge.pack.operators
        findings = self._judge.stage_findings("version" if listed else "operator", context)
        return _from(findings[0], code) if findings else None


_NOTHING = Subgraph(0, "", (), (), (), ())


def _from(finding: Finding, code: OperatorCode) -> PrepareIssue:
    return PrepareIssue(
        kind="failure",
        rule=finding.rule,
        message=f"The interpreter can't be built: {code.name} version {code.version} is not registered.",
        fix=finding.fix,
        source=finding.source,
        expected=finding.expected,
        actual=finding.actual,
    )


def _of_operator(finding: Finding, operator: Operator) -> PrepareIssue:
    return PrepareIssue(
        kind="failure",
        rule=finding.rule,
        message=f"The interpreter can't read {operator.name}, operator {operator.index}: {finding.message}",
        fix=finding.fix,
        source=finding.source,
        operator=operator.index,
        expected=finding.expected,
        actual=finding.actual,
    )


def _overlap(operator: Operator, tensor: Tensor) -> PrepareIssue:
    return _stop(
        "overlap",
        f"{operator.name}, operator {operator.index}, writes {_title(tensor)} and reads it.",
        operator=operator.index,
        tensor=tensor.index,
    )


def _stop(rule: str, message: str, **more: str | int | None) -> PrepareIssue:
    known = BUILDING[f"build/{rule}"]
    return PrepareIssue("failure", f"runtime/{known.id}", message, known.fix, known.source, **more)  # type: ignore[arg-type]


def _tensors(subgraph: Subgraph) -> PrepareIssue | None:
    """The issue of the first tensor that can't be, or None.

    Source: tflite/core/interpreter_builder.cc::ParseTensors
    """
    for tensor in subgraph.tensors:
        table = tensor.quantization
        if table is not None and table.scale_count and (stop := _quantization(tensor, table)) is not None:
            return stop
        needed = _BYTES.get((tensor.dtype, tensor.shape))
        plain = not (needed is None or tensor.constant or tensor.variable)
        if not plain and (stop := _size(tensor, needed)) is not None:
            return stop
    return None


def _title(tensor: Tensor) -> str:
    return tensor.name or f"tensor {tensor.index}"


def _quantization(tensor: Tensor, table: Quantization) -> PrepareIssue | None:
    """Per-axis tables have to match the tensor; other details are taken as they are.

    Source: tflite/core/interpreter_builder.cc::ParseQuantization
    """
    if table.details in ("BlockwiseQuantization", "MultiAxisQuantization"):
        return None
    if table.scale_count != table.zero_point_count:
        return _stop(
            "zero-points",
            f"{_title(tensor)} has {table.scale_count} scales and {table.zero_point_count} zero points.",
            tensor=tensor.index,
        )
    rank = len(tensor.shape)
    if table.axis < 0 or (rank and table.axis >= rank):
        return _stop(
            "quantized-dimension",
            f"{_title(tensor)} is quantized along dimension {table.axis} but has {rank} dimensions.",
            tensor=tensor.index,
        )
    if table.scale_count != 1 and rank and table.scale_count != tensor.shape[table.axis]:
        return _stop(
            "scales",
            f"{_title(tensor)} has {table.scale_count} scales for {tensor.shape[table.axis]} channels.",
            tensor=tensor.index,
        )
    return None


def _size(tensor: Tensor, needed: int | None) -> PrepareIssue | None:
    """The issue of a tensor that can't have its type or size; `needed` bytes where others had these."""
    if tensor.dtype not in DTYPE_BITS and tensor.dtype.startswith(_UNKNOWN):
        return _stop(
            "unknown-type",
            f"{_title(tensor)} has an element type that the runtime doesn't know, {tensor.dtype}.",
            tensor=tensor.index,
        )
    if tensor.variable and tensor.constant:
        return _stop(
            "constant-variable",
            f"{_title(tensor)} is a variable and has constant data.",
            tensor=tensor.index,
        )
    if tensor.dtype in _SIZELESS:
        if tensor.variable and not tensor.constant:
            return _stop(
                "variable",
                f"{_title(tensor)} is a variable of {tensor.dtype}, which variables can't be.",
                tensor=tensor.index,
            )
        return None
    if needed is None:
        if not fits(tensor.shape, tensor.dtype):
            return _impossible(tensor)
        needed = _BYTES.keep((tensor.dtype, tensor.shape), size_bytes(tensor) or 0)
    if needed and tensor.constant and tensor.sparsity is None:
        return _data(tensor, needed)
    return None


def _impossible(tensor: Tensor) -> PrepareIssue:
    """The issue of a tensor that can't have its shape."""
    rule, what = "vast-size", "more elements than can be counted"
    if min(tensor.shape) < 0:
        rule, what = "negative-dimension", f"a dimension of {min(tensor.shape)}"
    return _stop(rule, f"{_title(tensor)} has {what}.", tensor=tensor.index)


def _data(tensor: Tensor, needed: int) -> PrepareIssue | None:
    stored = len(tensor.data) if tensor.data is not None else 0
    if needed <= stored:
        return None
    return _stop(
        "data",
        f"{_title(tensor)} needs {needed} bytes, its buffer holds {stored}.",
        tensor=tensor.index,
    )

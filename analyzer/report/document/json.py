"""`json`: the whole document in one line; `jsonl`: one model a line, each with the schema's number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from analyzer.report.document.audit_document import (
    SCHEMA,
    Audit,
    Blocker,
    Document,
    Finding,
    Model,
    Operator,
)
from analyzer.report.view import View

Told = TypeVar("Told", Finding, Blocker)


class _ShortFinding(Finding, frozen=True, kw_only=True, omit_defaults=True):
    """A finding that is like another: what that one says isn't written again."""


class _ShortBlocker(Blocker, frozen=True, kw_only=True, omit_defaults=True):
    """The same of a blocker."""


class _ShortOperator(Operator, frozen=True, kw_only=True, omit_defaults=True):
    """An operator of which only what isn't usual is written."""


def render(document: Document, view: View) -> bytes:
    """The document as it stands: the same input gives the same bytes."""
    models = tuple(_model(model, view.verbose) for model in document.models)
    return msgspec.json.encode(replace(document, models=models)) + b"\n"


def render_lines(document: Document, view: View) -> bytes:
    """One model a line."""
    return b"".join(line(model, view.verbose) for model in document.models)


def line(model: Model, verbose: bool) -> bytes:
    """One model's line."""
    return msgspec.json.encode({"schema": SCHEMA} | _fields(_model(model, verbose))) + b"\n"


def _model(model: Model, verbose: bool) -> Model:
    """The same whether or not another format wants operands and tensors too."""
    if any(audit.summary.abridged for audit in model.audits):
        model = replace(model, audits=tuple(map(_shortened, model.audits)))
    if verbose or not model.graphs:
        return model
    names = {audit.delegate for audit in model.audits}
    audits = (audit if audit.fallback in ("", *names) else _unplaced(audit) for audit in model.audits)
    return replace(model, graphs=UNSET, signatures=UNSET, audits=tuple(audits))


def _shortened(audit: Audit) -> Audit:
    """An audit in which what is told elsewhere isn't written again."""
    #: By the identities of findings, and of all those of an operator, which operators that are alike share.
    short: dict[int, Finding] = {}
    shorter: dict[int, tuple[Finding, ...]] = {}

    def finding(told: Finding) -> Finding:
        if not told.like:
            return told
        if id(told) not in short:
            short[id(told)] = _short(_ShortFinding, told)
        return short[id(told)]

    def operator(node: Operator) -> Operator:
        told = node.findings
        if not told:
            return node
        findings = shorter.get(id(told))
        if findings is None:
            findings = shorter[id(told)] = tuple(map(finding, told))
        if findings == told:
            return node
        fields = msgspec.structs.asdict(node)
        fields["findings"] = findings
        return _ShortOperator(**fields)

    return replace(
        audit,
        operators=tuple(map(operator, audit.operators)),
        blockers=tuple(
            each if each.like is UNSET else _short(_ShortBlocker, each) for each in audit.blockers
        ),
    )


def _short(shape: Callable[..., Told], told: Told) -> Told:
    return shape(**msgspec.structs.asdict(told) | _TOLD)


#: What stands with the finding that others are like.
_TOLD = {"expected": None, "actual": None, "fix": "", "source": ""}


def _unplaced(audit: Audit) -> Audit:
    operators = tuple(replace(node, placement=UNSET) for node in audit.operators)
    return replace(audit, operators=operators, fallback_title=UNSET)


@cache
def _decoder() -> msgspec.json.Decoder[Model]:
    return msgspec.json.Decoder(Model)


def read_line(line: bytes) -> Model:
    """The model of a line. Raises: msgspec.DecodeError, UnicodeDecodeError."""
    model = _decoder().decode(line)
    if not any(audit.summary.abridged for audit in model.audits):
        return model
    return replace(model, audits=tuple(map(_lengthened, model.audits)))


def _lengthened(audit: Audit) -> Audit:
    """An audit in which fixes and sources stand everywhere again."""
    nodes = {(node.subgraph, node.index): node for node in audit.operators}

    def finding(told: Finding) -> Finding:
        if not (like := told.like) or (node := nodes.get((like.subgraph, like.operator))) is None:
            return told
        return _long(told, node.findings, like.finding)

    def blocker(told: Blocker) -> Blocker:
        return told if told.like is UNSET else _long(told, audit.blockers, told.like)

    return replace(
        audit,
        operators=tuple(
            replace(node, findings=tuple(map(finding, node.findings))) for node in audit.operators
        ),
        blockers=tuple(map(blocker, audit.blockers)),
    )


def _long(told: Told, among: Sequence[Told], position: int) -> Told:
    """The same with what the one says that it is like; lines may have been written by anybody."""
    if position >= len(among):
        return told
    return replace(told, fix=among[position].fix, source=among[position].source)


def _fields(model: Model) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(model).items() if value is not UNSET}

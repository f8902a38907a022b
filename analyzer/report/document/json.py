"""`json`: the whole document in one line; `jsonl`: one model a line, each with the schema's number."""

from __future__ import annotations

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from analyzer.report.document.audit_document import SCHEMA, Audit, Document, Model
from analyzer.report.view import View


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
    if verbose or not model.graphs:
        return model
    names = {audit.delegate for audit in model.audits}
    audits = (audit if audit.fallback in ("", *names) else _unplaced(audit) for audit in model.audits)
    return replace(model, graphs=UNSET, signatures=UNSET, audits=tuple(audits))


def _unplaced(audit: Audit) -> Audit:
    operators = tuple(replace(node, placement=UNSET) for node in audit.operators)
    return replace(audit, operators=operators, fallback_title=UNSET)


def _fields(model: Model) -> dict[str, object]:
    return {name: value for name, value in msgspec.structs.asdict(model).items() if value is not UNSET}

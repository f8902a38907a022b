"""`csv`: a row for each model and delegate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from analyzer.report.document.audit_document import Audit, Document, Model
from analyzer.report.view import View
from analyzer.report.wording import labels, outcome, phrases
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.parameters import as_written

_FIGURES = (
    "operators",
    "supported",
    "unsupported",
    "folded",
    "delegated",
    "partitions",
    "macs",
    "delegated_macs",
    "delegated_operators_share",
    "delegated_macs_share",
    "boundary_bytes",
)
_COLUMNS = ("model", "bytes", "sha256", "delegate", "parameters", "status", "verdict", *_FIGURES)
#: What spreadsheets take for a formula at the start of a cell.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def render(document: Document, view: View) -> bytes:
    """UTF-8 with lines as RFC 4180 has them; what a file lacks is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*_COLUMNS, "decided_by", "held_back_by", "error"])
    for model, names in labels.named(document):
        writer.writerows(map(_cell, row) for row in _rows(model, names))
    return text.getvalue().encode()


def _rows(model: Model, names: list[str]) -> Iterator[list[object]]:
    start = [plain(model.path), model.bytes, model.sha256 or ""]
    if model.error is not None:
        unknown = [""] * (len(_COLUMNS) - len(start) + 2)
        yield [*start, *unknown, plain(model.error.message)]
    for audit, name in zip(model.audits, names, strict=True):
        yield [*start, *_audit(audit, name), ""]


def _audit(audit: Audit, name: str) -> list[object]:
    written = " ".join(f"{key}={as_written(value)}" for key, value in audit.parameters.items())
    figures = [getattr(audit.summary, figure) for figure in _FIGURES]
    decided = audit.decided.rule if outcome.broken(audit.summary) and audit.decided else ""
    standing = [audit.status, audit.summary.verdict]
    return [name, written, *standing, *figures, decided, phrases.held_back(audit)]


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value

"""An evaluation as table, JSON, Markdown or HTML page."""

from __future__ import annotations

from typing import Any

import msgspec

from analyzer.evaluation.evaluator import Evaluation, Result
from analyzer.report.document.convert import TOOL
from analyzer.report.evaluation import text
from analyzer.report.view import View

SCHEMA = 1


def render(evaluation: Evaluation, format: str, view: View) -> bytes:
    """The evaluation as `table`, `json`, `markdown` or `html`."""
    if format == "json":
        return msgspec.json.encode(_document(evaluation)) + b"\n"
    if format == "html":
        from analyzer.report.evaluation import page

        return page.page(evaluation)
    said = text.markdown(evaluation) if format == "markdown" else text.table(evaluation, view)
    return (said + "\n").encode()


def _document(evaluation: Evaluation) -> dict[str, Any]:
    settings = evaluation.settings
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "data": {"path": settings.source.path, "samples": evaluation.samples},
        "batch": settings.batch,
        "threads": settings.threads,
        "models": [_model(result) for result in evaluation.results],
    }


def _model(result: Result) -> dict[str, Any]:
    candidate, measured = result.candidate, result.measured
    return {
        "path": candidate.path,
        "backend": candidate.backend.engine,
        "parameters": candidate.backend.parameters,
        "library": candidate.backend.library,
        "status": result.status,
        "message": result.message,
        "runtime": None if measured is None else measured.runtime,
        "device": None if measured is None else measured.device,
        "remarks": [] if measured is None else measured.remarks,
        "operators": result.operators or None,
        "delegated": None if measured is None else measured.delegated,
        "bytes": result.size.bytes,
        "gzip_bytes": result.size.gzip_bytes,
        "latency_ms": result.times,
        "memory": None if measured is None else measured.memory,
        "outputs": result.answers,
    }

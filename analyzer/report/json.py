"""`json`: the whole document in one line; `jsonl`: one model a line, each with the schema's number."""

from __future__ import annotations

import msgspec

from analyzer.report.document import Document
from analyzer.report.view import View


def render(document: Document, view: View) -> bytes:
    """The document as it stands: the same input gives the same bytes."""
    return msgspec.json.encode(document) + b"\n"


def render_lines(document: Document, view: View) -> bytes:
    """One model a line."""
    lines = [{"schema": document.schema, **msgspec.structs.asdict(model)} for model in document.models]
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)

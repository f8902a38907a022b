"""Audit documents to text. Renderers are leaves: they read the document and decide nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import cast

from analyzer.report.document import Document
from analyzer.report.view import View

#: Format name -> module and function, imported when the format is asked for.
FORMATS = {
    "table": ("terminal", "render"),
    "json": ("json", "render"),
    "jsonl": ("json", "render_lines"),
    "markdown": ("markdown", "render"),
    "html": ("html", "render"),
}

#: File ending -> format name.
ENDINGS = {".txt": "table", ".json": "json", ".jsonl": "jsonl", ".md": "markdown", ".html": "html"}


def render(document: Document, format: str, view: View | None = None) -> bytes:
    """The document in one of `FORMATS`, as UTF-8."""
    return _renderer(format)(document, view or View())


@cache
def _renderer(format: str) -> Callable[[Document, View], bytes]:
    module, function = FORMATS[format]
    found = getattr(import_module(f"analyzer.report.{module}"), function)
    return cast(Callable[[Document, View], bytes], found)

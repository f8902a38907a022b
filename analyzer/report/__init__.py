"""Audit documents to text. Renderers are leaves: they read the document and decide nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache
from importlib import import_module
from typing import cast

from analyzer.errors import UsageError
from analyzer.report.document.audit_document import Document
from analyzer.report.view import View
from analyzer.suggest import nearest

#: Format name -> module and function, imported when the format is asked for.
FORMATS = {
    "table": ("text.terminal", "render"),
    "json": ("document.json", "render"),
    "jsonl": ("document.json", "render_lines"),
    "markdown": ("text.markdown", "render"),
    "html": ("html.render", "render"),
    "sarif": ("ci.sarif", "render"),
    "junit": ("ci.junit", "render"),
    "github": ("ci.annotations", "render_github"),
    "gitlab": ("ci.annotations", "render_gitlab"),
    "csv": ("ci.spreadsheet", "render"),
    "model-explorer": ("ci.viewers", "render_model_explorer"),
    "netron": ("ci.viewers", "render_netron"),
    "cyclonedx": ("ci.bill_of_materials", "render"),
}

#: The format that has a line a model.
LINES = "jsonl"
#: A format of files alone, which no document is written in: a model.
MODEL = "tflite"
#: Formats of files alone that many models are kept in as tables.
TABLES = ("sqlite", "parquet")

#: File ending -> format name.
ENDINGS = {
    ".txt": "table",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".html": "html",
    ".sarif": "sarif",
    ".xml": "junit",
    ".csv": "csv",
    ".tflite": MODEL,
    ".sqlite": "sqlite",
    ".db": "sqlite",
    ".parquet": "parquet",
}


def known(name: str, asked_by: str, formats: Collection[str] = FORMATS) -> str:
    """The format of this name, as `asked_by` asks for it. Raises: UsageError where there is none."""
    if name not in formats:
        raise UsageError(
            f"{asked_by} {name}: there is no such format{nearest(name, list(formats))}; "
            f"use {', '.join(formats)}"
        )
    return name


def render(document: Document, format: str, view: View | None = None) -> bytes:
    """The document in one of `FORMATS`, as UTF-8."""
    return _renderer(format)(document, view or View())


@cache
def _renderer(format: str) -> Callable[[Document, View], bytes]:
    module, function = FORMATS[format]
    renderer = getattr(import_module(f"analyzer.report.{module}"), function)
    return cast(Callable[[Document, View], bytes], renderer)

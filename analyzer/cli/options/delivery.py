"""A document to where it is wanted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from analyzer.cli.options.output import Target, colored, show, write
from analyzer.report import render
from analyzer.report.document import audit_document
from analyzer.report.view import View


def deliver(whole: audit_document.Document, wanted: Sequence[Target], color: str, verbose: bool) -> None:
    """Render a document for each output that is wanted. Raises: UsageError."""
    for target in wanted:
        width = shutil.get_terminal_size((80, 24)).columns if target.file is None else 100
        colors = colored(color) if target.file is None else color == "always"
        content = render(whole, target.format, View(width=width, color=colors, verbose=verbose))
        if target.file is None:
            show(content)
        else:
            write(target.file, content)

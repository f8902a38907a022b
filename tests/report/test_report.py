"""Formats by name and by file ending, imported only when asked for."""

import subprocess
import sys

import pytest

from analyzer.report import ENDINGS, FORMATS, MODEL, TABLES, render
from tests.report import sample_document as sample

#: Files for viewers, which take one model, or one delegate on it.
VIEWERS = ("model-explorer", "netron")
#: What is asked for by name only.
NAMED = {*VIEWERS, "cyclonedx", "github", "gitlab"}


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in VIEWERS])
def test_every_format_renders_every_document(name: str) -> None:
    for document in (
        sample.document(),
        sample.hostile(),
        sample.document(sample.unreadable(), sample.empty()),
    ):
        assert render(document, name).decode().endswith("\n")


def test_every_ending_stands_for_a_format() -> None:
    assert set(ENDINGS.values()) == (set(FORMATS) - NAMED) | {MODEL, *TABLES}


def test_importing_reports_loads_no_renderer() -> None:
    heavy = "{'jinja2', 'tabulate', 'analyzer.report.html.render', 'analyzer.report.text.terminal'}"
    code = f"import sys, analyzer.report; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

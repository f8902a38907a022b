"""Templates compiled when a wheel is built give, without jinja2, the pages that templates themselves give."""

from __future__ import annotations

import os
import py_compile
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer import resources
from analyzer.report import page_template, render
from analyzer.report.evaluation import render as evaluation
from analyzer.report.html.render import notebook
from analyzer.report.page_runtime import Pages, UndefinedError
from analyzer.report.view import View
from tests.building import chain
from tests.cli.running import run
from tests.report import sample_document as sample
from tests.report.evaluation.test_evaluation_report import SEVERAL

#: What code to paste may be told.
SETTINGS: dict[str, Any] = {
    "file": "m.tflite",
    "stem": "m",
    "platform": "ios",
    "whole": True,
    "precision": "fp16",
    "quantized": False,
    "max_partitions": 2,
    "version": 3,
    "soc": "sm8650",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of compiled templates that stands for a wheel's."""
    folder = tmp_path_factory.mktemp("templates") / "compiled"
    page_template.compile_all(folder)
    return folder


@pytest.fixture
def templates(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Has every page made both ways; the templates of which any was."""
    pages, rendered, ours = Pages(compiled), set(), page_template.text

    def both(template: str, **values: Any) -> str:
        expected = ours(template, **values)
        assert pages.get_template(template).render(**values) == expected, template
        rendered.add(template)
        return expected

    monkeypatch.setattr(page_template, "text", both)
    yield rendered


def test_pages_are_the_same(templates: set[str], tmp_path: Path) -> None:
    small, large = tmp_path / "small.tflite", tmp_path / "large.tflite"
    small.write_bytes(chain("RELU", "NEG"))
    large.write_bytes(chain(*["RELU"] * 5, "CUMSUM"))
    for document in (
        *map(sample.document, (sample.described(20), sample.ran(), sample.crashing())),
        sample.document(*(sample.model(f"{name}.tflite") for name in "abcd"), sample.unreadable()),
        sample.hostile(),
    ):
        assert render(document, "html").startswith(b"<!doctype html>")
        notebook(document)
    evaluation.render(SEVERAL, "html", View())
    for command in (
        ["compare", small, large, "-d", "hexagon", "--format", "html"],
        ["rules", "coverage", "-d", "hexagon,coreml", "--format", "html"],
        ["audit", small, "-d", "hexagon", "-o", tmp_path / "zoo.sqlite"],
        ["fleet", "show", tmp_path / "zoo.sqlite", "-o", tmp_path / "fleet.html"],
    ):
        done = run(*command)
        assert done.code in (0, 1), done.err
    for file in (resources.data("templates") / "code").iterdir():
        page_template.text(f"code/{file.name}", **SETTINGS)
    whole = {path.name for path in (resources.data("templates")).glob("*.html.jinja")}
    imported = {"comparison.html.jinja", "icons.html.jinja", "parts.html.jinja", "runs.html.jinja"}
    assert whole - imported <= templates


def test_pages_are_made_without_jinja2(compiled: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from analyzer.report import page_template, page_runtime;"
        "page_template._templates = lambda: page_runtime.Pages(Path(sys.argv[1]));"
        "from analyzer.report.view import View; from analyzer.report import render;"
        "from tests.report import sample_document as sample;"
        "sys.stdout.write(render(sample.document(sample.model()), 'html').decode());"
        "assert 'jinja2' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, compiled], capture_output=True, check=True)
    assert done.stdout == render(sample.document(sample.model()), "html")


def test_bytecode_alone_is_enough(compiled: Path, tmp_path: Path) -> None:
    """As a page in the browser brings it."""
    for file in compiled.glob("*.py"):
        py_compile.compile(os.fspath(file), os.fspath(tmp_path / f"{file.name}c"))
    values = {name: SETTINGS[name] for name in ("precision", "quantized", "file")}
    pages = [Pages(folder).get_template("code/gpu.kt.jinja") for folder in (compiled, tmp_path)]
    assert pages[0].render(**values) == pages[1].render(**values) != ""


def test_what_is_not_there_is_told(compiled: Path) -> None:
    with pytest.raises(UndefinedError, match="content_security_policy isn't given"):
        Pages(compiled).get_template("report.html.jinja").render(tool=None)
    with pytest.raises(UndefinedError, match="int has no path"):
        Pages(compiled).getattr(3, "path")


def test_a_template_that_asks_for_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.jinja").write_text("{% set ns = namespace(x=1) %}{{ 3 | round }}")
    monkeypatch.setattr(resources, "data", lambda name: tmp_path / name)
    with pytest.raises(ValueError, match=r"a.jinja: page_runtime.py has no .*filters: round"):
        page_template.compile_all(tmp_path / "compiled")


def test_compiling_again_gives_the_same_modules(compiled: Path, tmp_path: Path) -> None:
    page_template.compile_all(tmp_path / "again")
    files = {file.name: file.read_bytes() for file in compiled.iterdir() if file.is_file()}
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}

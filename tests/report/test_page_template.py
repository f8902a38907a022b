"""Templates compiled when a wheel is built give the pages that templates themselves give."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer import resources
from analyzer.report import page_template, render
from tests.report import sample_document as sample


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of compiled templates that stands for a wheel's."""
    folder = tmp_path / "compiled"
    page_template.compile_all(folder)
    page_template._environment.cache_clear()
    monkeypatch.setattr(resources, "COMPILED", os.fspath(folder))
    yield folder
    page_template._environment.cache_clear()


def page() -> bytes:
    return render(sample.document(sample.described(20)), "html")


def test_compiled_templates_give_the_same_page(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as checkout:
        checkout.setattr(resources, "COMPILED", "none")
        expected = page()
    page_template._environment.cache_clear()
    monkeypatch.setattr("jinja2.FileSystemLoader.get_source", None)  # which would read a template
    assert page() == expected


def test_templates_that_cannot_be_loaded_are_read(compiled: Path) -> None:
    for file in compiled.glob("*.py"):
        file.write_text("from jinja2.runtime import what_this_version_lacks\n")
    assert b"<!doctype html>" in page().lower()


def test_compiling_again_gives_the_same_modules(compiled: Path, tmp_path: Path) -> None:
    page_template.compile_all(tmp_path / "again")
    files = {file.name: file.read_bytes() for file in compiled.iterdir() if file.is_file()}
    assert files == {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}

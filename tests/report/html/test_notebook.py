"""Audits at a prompt and in a notebook: one line, and cards with the page behind them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import analyzer
from tests.building import model as build_model
from tests.building import operator, tensor
from tests.report.browsing import chromium

SAMPLE = Path(analyzer.__file__).parent / "model" / "sample.tflite"
ROOT = Path(analyzer.__file__).parents[1]


@pytest.fixture(scope="module")
def audit() -> analyzer.Audit:
    return analyzer.audit(SAMPLE)


def test_everything_is_one_line_at_a_prompt(audit: analyzer.Audit) -> None:
    gpu = audit.delegates["gpu"]
    told = [audit, audit.model, gpu, gpu.findings[0], gpu.configuration.pack]
    assert all(len(repr(each)) < 200 and "\n" not in repr(each) for each in told)
    assert "gpu partial" in repr(audit)
    assert repr(gpu) == "<DelegateAudit of gpu: partial, 28 of 50 operators>"


def test_a_name_with_lines_stays_one_line() -> None:
    named = analyzer.read(SAMPLE.read_bytes(), "a\nb")
    assert "\n" not in repr(named) + repr(analyzer.audit(named, "gpu"))


def html(audit: analyzer.Audit) -> str:
    return audit._repr_html_()


def test_cards_come_first_and_the_page_behind_them(audit: analyzer.Audit) -> None:
    shown = html(audit)
    assert shown.index("TFLite GPU") < shown.index("<iframe")
    assert "28 of 50 operators" in shown
    assert "<script" not in shown, "the page stands in an attribute"


def test_what_a_model_says_stays_text() -> None:
    evil = '"></iframe><script>alert(1)</script>'
    data = build_model([tensor(evil, [1, 4]), tensor("y", [1, 4])], [operator("RELU", [evil], ["y"])])
    shown = html(analyzer.audit(analyzer.read(data, evil), "gpu"))
    assert "<script" not in shown
    assert shown.count("<iframe") == 1


@chromium
def test_the_page_behind_them_works(browser: Any, audit: analyzer.Audit, tmp_path: Path) -> None:
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{html(audit)}", encoding="utf-8")
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.get_by_text("Whole report").click()
    whole = page.frame_locator("iframe")
    whole.locator(".matrix tbody tr").first.wait_for()
    assert whole.locator("#download").is_visible(), "its script runs"
    page.close()
    assert errors == []


@pytest.mark.slow
def test_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    source = f"import analyzer\nanalyzer.audit({str(SAMPLE)!r}, 'gpu')"
    cell = nbformat.v4.new_code_cell(source)
    book = nbformat.v4.new_notebook(cells=[cell])
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]}
    kernels = tmp_path / "JUPYTER_DATA_DIR" / "kernels" / "here"
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text(json.dumps(spec | {"display_name": "here", "language": "python"}))
    nbclient.NotebookClient(book, kernel_name="here", timeout=120).execute()
    [output] = book.cells[0].outputs
    assert output.data["text/plain"].startswith("<Audit of ")
    assert "<iframe" in output.data["text/html"]

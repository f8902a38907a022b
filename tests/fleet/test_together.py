"""An audit of very many models: pages and tables that don't grow with each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.cli.options import delivery
from tests.cli.running import run
from tests.fleet.zoos import zoo
from tests.report.browsing import Opened, chromium


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some more than are told one by one."""
    monkeypatch.setattr(delivery, "MANY", 10)
    folder = zoo(tmp_path / "zoo", 14)
    (folder / "bad.tflite").write_bytes(b"no model")
    return folder


def test_a_table_of_many(models: Path) -> None:
    done = run("audit", models, "-d", "gpu")
    assert done.code == 2
    assert done.text.startswith("15 files, 1 not audited")
    assert "Which single fix frees most" in done.text and "003.tflite" not in done.text
    assert "003.tflite" in run("audit", models, "-d", "gpu", "-v").text


def test_a_page_of_many_beside_all_of_them(tmp_path: Path, models: Path) -> None:
    page, lines, document = (tmp_path / name for name in ("a.html", "a.jsonl", "a.json"))
    done = run("audit", models, "-d", "gpu", "-o", page, "-o", lines, "-o", document)
    assert done.code == 2
    text = page.read_text()
    assert "Which single fix frees most" in text and "The policy does not hold" in text
    assert text.count("003.tflite") == 1
    assert len(lines.read_text().splitlines()) == document.read_text().count('"path":') == 15
    few = run("audit", models / "001.tflite", models / "003.tflite", "-d", "gpu", "--format", "html")
    assert "Which single fix frees most" not in few.text


@chromium
def test_a_phone_shows_rules_in_a_row(browser: Any, tmp_path: Path, models: Path) -> None:
    run("audit", models, "-d", "hexagon", "-o", tmp_path / "a.html")
    opened = Opened(
        browser, tmp_path, (tmp_path / "a.html").read_bytes(), viewport={"width": 390, "height": 800}
    )
    tall = "all => all.map(each => each.getBoundingClientRect().height)"
    heights = opened.page.locator("details[open] td code").evaluate_all(tall)
    assert heights and max(heights) < 40
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    opened.close()

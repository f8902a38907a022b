"""The page in a real browser, on real files: it says what the command line says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import read
from tests.browser_app.visit import Visit
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.report.browsing import chromium

pytestmark = chromium

SAMPLE = Path(read.__code__.co_filename).with_name("sample.tflite")
HOSTILE = "<img src=x onerror=alert(1)> -d [nnapi]:sample.tflite"


def test_a_report_is_the_command_line_s_to_the_byte(visit: Visit, folder: Path) -> None:
    visit.choose(Path(shutil.copy(SAMPLE, "model.tflite")))
    assert visit.problems == []
    assert visit.report.locator("h2").first.inner_text() == "model.tflite"
    for format in ("HTML", "JSON", "SARIF", "Markdown"):
        run("audit", "model.tflite", "-o", f"{format.lower()}=report")
        assert visit.saved(format) == (folder / "report").read_bytes(), format


def test_several_models_have_one_report(visit: Visit, folder: Path) -> None:
    files = [save(folder / name, chain()) for name in ("a.tflite", "b.tflite", "again/a.tflite")]
    visit.choose(*files)
    (folder / "again").rename(folder / "2")
    run("audit", "a.tflite", "b.tflite", "2/a.tflite", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()


def test_what_is_no_model_is_told_in_a_line(visit: Visit, folder: Path) -> None:
    text = save(folder / "notes.tflite", b"not a model\n")
    visit.choose(text)
    assert visit.problems == [run("audit", "notes.tflite").complaint]
    damaged = save(folder / "half.tflite", SAMPLE.read_bytes()[: SAMPLE.stat().st_size // 2])
    visit.choose(damaged)
    assert visit.problems == [run("audit", "half.tflite").complaint]


@pytest.mark.parametrize("megabytes", [2, 100])
def test_a_model_of_many_megabytes(visit: Visit, folder: Path, megabytes: int) -> None:
    big = save(folder / "big.tflite", SAMPLE.read_bytes())
    with big.open("r+b") as file:
        file.truncate(megabytes << 20)
    visit.choose(big)
    run("audit", "big.tflite", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()


def test_hostile_names_stay_text(visit: Visit, folder: Path) -> None:
    visit.choose(save(folder / HOSTILE, chain()))
    assert visit.problems == []
    assert visit.report.locator("h2").first.inner_text() == HOSTILE
    visit.choose(save(folder / "-o", chain()))
    assert visit.report.locator("h2").first.inner_text() == "-o"
    assert visit.page.locator("main img").count() == 0


def test_the_sample_is_at_hand(visit: Visit, folder: Path) -> None:
    visit.page.get_by_role("button", name="Try the sample").click()
    visit.settle()
    run("audit", "sample:", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()


def test_it_works_without_a_network_once_it_was_open(browser: Any, address: str, folder: Path) -> None:
    visit = Visit(browser, address)
    visit.load()
    visit.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    visit.context.set_offline(True)
    visit.load()
    visit.choose(save(folder / "model.tflite", chain()))
    assert visit.report.locator("h2").first.inner_text() == "model.tflite"
    visit.close()

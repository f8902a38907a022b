"""Take the pictures in docs/ of the report: its top, and the graph in the dark.

usage: python -m tests.report.screenshots [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.sources import SAMPLE, find_one
from tests.report.browsing import ARGUMENTS, CHROMIUM

WIDTH = 1440


def report() -> bytes:
    """The report on the sample."""
    result = ModelAuditor(Task(everything=True, usual=True)).audit(find_one(SAMPLE))
    return render(convert.whole([result.model], audit_document.Policy()), "html")


def top(page: Page, file: Path) -> None:
    page.screenshot(path=file)


def graph(page: Page, file: Path) -> None:
    """A partition opened into its operators."""
    page.evaluate("document.getElementById('m0-graph').scrollIntoView()")
    page.locator(".graph [role=button]").nth(1).click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.evaluate("document.getElementById('m0-graph').scrollIntoView()")
    page.screenshot(path=file)


def shrink(file: Path) -> None:
    """A page has few colors: a palette of them takes a third of the room."""
    Image.open(file).convert("RGB").quantize(255, dither=Image.Dither.NONE).save(file, optimize=True)


Scheme = Literal["light", "dark"]
SHOTS: tuple[tuple[str, Scheme, Callable[[Page, Path], None]], ...] = (
    ("report", "light", top),
    ("report-dark", "dark", graph),
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        file = Path(place) / "report.html"
        file.write_bytes(report())
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, scheme, take in SHOTS:
            page = browser.new_page(viewport={"width": WIDTH, "height": 940}, color_scheme=scheme)
            page.goto(file.as_uri())
            take(page, folder / f"{name}.png")
            shrink(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs"))

"""How large and how quick the HTML page of a large model is, in a real browser.

usage: python -m tests.benchmarks.report [OPERATORS] [ROUNDS]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from analyzer.report import render
from tests.report import sample_document as sample
from tests.report.browsing import ARGUMENTS, CHROMIUM

_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
#: From an input to the frame that shows what it changed.
_FILTER = """text => new Promise(done => {
  const field = document.querySelector("input[type=search]");
  field.value = text;
  const start = performance.now();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""
_SORT = """() => new Promise(done => {
  const start = performance.now();
  document.querySelectorAll(".matrix thead button")[3].click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def measure(browser: Any, file: Path) -> dict[str, float]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(file.as_uri())
    page.wait_for_function(f"{_PAINT} > 0")
    found = {"first_content_ms": page.evaluate(_PAINT)}
    words = ("conv", "block_17", "depthwise block_4", "", "add")
    filters = [page.evaluate(_FILTER, text) for text in words]
    found["filter_ms"], found["filter_slowest_ms"] = statistics.median(filters), max(filters)
    page.evaluate(_FILTER, "")
    found["sort_ms"] = page.evaluate(_SORT)
    page.close()
    return found


def main(operators: int, rounds: int) -> None:
    document = sample.document(sample.described(operators))
    start = time.process_time()
    content = render(document, "html")
    seconds = time.process_time() - start
    delegates = len(document.models[0].audits)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        file = Path(folder) / "report.html"
        file.write_bytes(content)
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        rows = [measure(browser, file) for _ in range(rounds)]
        browser.close()
    figures = {
        "operators": operators,
        "delegates": delegates,
        "html_kB": round(len(content) / 1000),
        "budget_kB": round((130_000 + 400 * operators * delegates) / 1000),
        "render_cpu_ms": round(1000 * seconds),
    }
    print(
        json.dumps(figures | {name: round(statistics.median(row[name] for row in rows)) for name in rows[0]})
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)

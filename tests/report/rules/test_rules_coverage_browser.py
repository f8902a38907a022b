"""The coverage page in a real browser: it keeps to itself, and its filter finds operators."""

from pathlib import Path
from typing import Any

from analyzer.report.rules import rules_coverage
from analyzer.report.view import View
from analyzer.rules.coverage import cover
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from tests.report.browsing import chromium

pytestmark = chromium


def test_the_filter_narrows_by_text_delegate_and_status(browser: Any, tmp_path: Path) -> None:
    packs = {name: Packs().get(name) for name in ("gpu", "hexagon")}
    found = cover({name: (pack, resolve(pack, {})) for name, pack in packs.items()})
    file = tmp_path / "coverage.html"
    file.write_bytes(rules_coverage.render(found, "html", View()))
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    rows = page.locator(".coverage tbody tr:visible")
    assert rows.count() == len(found.rows)
    page.fill("input[name=text]", "softmax")
    assert rows.locator("th").all_inner_texts() == ["SOFTMAX"]
    page.fill("input[name=text]", "")
    page.select_option("select[name=delegate]", label="hexagon")
    page.select_option("select[name=status]", "never")
    assert rows.count() == sum(cells[1].status == "never" for cells in found.rows.values())
    assert page.locator("output").inner_text() == f"{rows.count()} of {len(found.rows)} operators"
    details = rows.first.locator("details").first
    details.locator("summary").click()
    details.locator("li").first.wait_for()
    page.close()
    assert complaints == []

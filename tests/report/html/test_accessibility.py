"""WCAG 2.2 AA, as far as axe-core can tell, and the way through the page by keyboard."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.report.compare.model_diff import compare
from analyzer.report.document.audit_document import Document
from analyzer.report.html import render
from tests.report import sample_document as sample
from tests.report.browsing import Opened, chromium

pytestmark = chromium

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
#: What a scheme of colours has a say in.
COLORS = {"runOnly": {"type": "tag", "values": ["cat.color"]}}

#: Every element is looked at for long: no more of them than show each kind once.
FEW = 24
DOCUMENTS: dict[str, Callable[[int], Document]] = {
    "ran": lambda number: sample.document(sample.ran(number)),
    "several": lambda number: sample.document(
        sample.model(number=number), sample.unreadable(), sample.empty()
    ),
    "hostile": sample.hostile,
}
#: How elements differ on a page.
KINDS = """() => [...new Set([...document.querySelectorAll("*")].map(
    each => [each.tagName, each.getAttribute("role"), ...[...each.classList].sort()].join(" ")
))].sort()"""


def violations(page: Any, rules: Mapping[str, Any] = RULES) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_axe_finds_nothing(browser: Any, tmp_path: Path, name: str) -> None:
    opened = look(browser, tmp_path, DOCUMENTS[name](FEW), color_scheme="light")
    assert violations(opened.page) == []
    # A page full of attacks is coloured as the others are.
    if name != "hostile":
        opened.page.emulate_media(color_scheme="dark")
        assert violations(opened.page, COLORS) == []
    opened.close()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_few_operators_show_every_kind_of_element(browser: Any, tmp_path: Path, name: str) -> None:
    kinds = []
    for number in (FEW, 64):
        opened = look(browser, tmp_path, DOCUMENTS[name](number))
        kinds.append(opened.page.evaluate(KINDS))
        opened.close()
    assert kinds[0] == kinds[1]


def test_axe_finds_nothing_on_a_phone(browser: Any, tmp_path: Path) -> None:
    document = sample.document(sample.described(FEW))
    opened = look(browser, tmp_path, document, viewport={"width": 360, "height": 800})
    assert violations(opened.page) == []
    opened.close()


def test_axe_finds_nothing_in_an_operator_s_details_and_an_open_graph(browser: Any, tmp_path: Path) -> None:
    opened = look(browser, tmp_path, sample.document(sample.described(FEW)))
    page = opened.page
    page.locator(".graph").scroll_into_view_if_needed()
    page.locator(".graph [role=button]").first.click()
    assert violations(page) == []
    page.goto(f"{opened.file.as_uri()}#op-0-8")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    opened.close()


def test_details_give_the_focus_back(browser: Any, tmp_path: Path) -> None:
    opened = look(browser, tmp_path, sample.document(sample.described()))
    page = opened.page
    link = page.locator("#op-0-5 th a")
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.hash") == "#op-0-5"
    opened.close()


def test_columns_sort_by_keyboard_and_say_so(browser: Any, tmp_path: Path) -> None:
    opened = look(browser, tmp_path, sample.document(sample.described()))
    page = opened.page
    first = page.locator(".matrix tbody tr").first
    header = page.locator(".matrix thead th").nth(3)
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert first.locator("td").nth(2).text_content() == "17.5 M"
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    page.locator(".matrix thead th").first.get_by_role("button").click()
    assert header.get_attribute("aria-sort") is None
    assert first.get_attribute("id") == "op-0-0"
    opened.close()


def look(browser: Any, folder: Path, document: Document | bytes, **context: Any) -> Opened:
    """The page without the security policy's word on scripts, which axe has to be brought in past."""
    return Opened(browser, folder, document, bypass_csp=True, **context)


@pytest.mark.parametrize("width", [1440, 360])
def test_axe_finds_nothing_in_a_comparison(browser: Any, tmp_path: Path, width: int) -> None:
    smaller = replace(sample.described(FEW - 4), path="smaller.tflite")
    document = sample.document(sample.described(FEW), smaller)
    page = render.page_of(document, compare(document))
    opened = look(browser, tmp_path, page, viewport={"width": width, "height": 800})
    assert violations(opened.page) == []
    opened.page.context.close()


def test_axe_finds_nothing_in_many_models(browser: Any, tmp_path: Path) -> None:
    models = [sample.model(f"models/{number}.tflite", FEW) for number in range(5)]
    opened = look(browser, tmp_path, sample.document(*models, sample.unreadable()))
    assert violations(opened.page) == []
    opened.close()

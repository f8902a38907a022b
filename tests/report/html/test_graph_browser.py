"""The graph of the HTML page in a real browser: partitions, what crosses, what is inside."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from analyzer.report.document import contents
from tests.report import sample_document as sample
from tests.report.browsing import Opened, chromium

pytestmark = chromium


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    page = Opened(browser, tmp_path, sample.document(sample.described()))
    page.page.locator(".graph").scroll_into_view_if_needed()
    page.page.locator(".graph svg").wait_for()
    yield page
    page.close()


def nodes(opened: Opened) -> list[str]:
    return [
        str(node.get_attribute("aria-label")) for node in opened.page.locator(".graph [role=button]").all()
    ]


def test_it_is_drawn_when_it_is_seen(browser: Any, tmp_path: Path) -> None:
    opened = Opened(
        browser, tmp_path, sample.document(sample.described()), viewport={"width": 800, "height": 300}
    )
    assert opened.page.locator(".graph svg").count() == 0
    opened.page.locator(".graph").scroll_into_view_if_needed()
    opened.page.locator(".graph svg").wait_for()
    opened.close()


def test_it_grows_and_shrinks(opened: Opened) -> None:
    svg = opened.page.locator(".graph svg")

    def width() -> float:
        return float(svg.get_attribute("width") or 0)

    before = width()
    opened.page.get_by_role("button", name="Larger").click()
    assert width() == pytest.approx(before * 1.25, abs=1)
    # What is opened is drawn in the same size.
    opened.page.locator(".graph [role=button]").first.click()
    opened.page.locator(".graph [role=button]").first.click()
    assert width() == pytest.approx(before * 1.25, abs=1)
    opened.page.get_by_role("button", name="Full size").click()
    assert width() == before
    opened.page.get_by_role("button", name="Whole graph").click()
    box, canvas = svg.bounding_box(), opened.page.locator(".graph").bounding_box()
    assert box and canvas and box["width"] <= canvas["width"] and box["height"] <= canvas["height"]


def test_operators_are_found_in_it(opened: Opened) -> None:
    opened.page.locator("form[data-graph] select").select_option("Hexagon")
    find = opened.page.locator("form[data-graph] input[type=search]")
    find.fill("#8 conv_2d")
    marked = opened.page.locator(".graph .sought")
    assert "#8 CONV_2D" in (marked.first.text_content() or "")
    told = opened.page.locator("form[data-graph] output")
    assert told.inner_text() == "1 operator in 1 box"
    # A number is that number alone, not those that begin with it.
    find.fill("#1")
    assert told.inner_text() == "1 operator in 1 box"
    find.fill("nothing of the kind")
    assert marked.count() == 0


def test_what_is_looked_for_is_marked_inside_what_is_open(opened: Opened) -> None:
    opened.page.locator("form[data-graph] select").select_option("Hexagon")
    find = opened.page.locator("form[data-graph] input[type=search]")
    find.fill("depthwise")
    rows = opened.page.locator(".graph a.sought")
    assert rows.count() == 0
    # Opened after it was looked for, or before: both are marked.
    opened.page.locator("form[data-graph] input[type=checkbox]").uncheck()
    for node in range(opened.page.locator(".graph [data-node]").count()):
        opened.page.locator(".graph [data-node]").nth(node).click()
    texts = rows.locator("text").all_text_contents()
    assert texts and {text.split()[-1] for text in texts} == {"DEPTHWISE_CONV_2D"}
    find.fill("#8 conv")
    assert [text.split()[-1] for text in rows.locator("text").all_text_contents()] == ["CONV_2D"]


def test_a_node_says_what_it_is_and_what_crosses(opened: Opened) -> None:
    opened.page.locator("form[data-graph] select").select_option("GPU")
    partition, refused = nodes(opened)
    assert partition.startswith("Partition 0; 63 operators")
    assert partition.endswith("receives 151 kB; hands on 151 kB")
    assert refused.startswith("#63 Detection_PostProcess; 1 operator; refused")


def test_partitions_and_runs_alternate(opened: Opened) -> None:
    opened.page.locator("form[data-graph] select").select_option("Hexagon")
    assert [name.split(";")[0] for name in nodes(opened)] == [
        "Partition 0",
        "#8 CONV_2D",
        "Partition 1",
        "Not delegated",
    ]
    assert (
        opened.page.locator("form[data-graph] output").inner_text()
        == "Hexagon: 2 partitions, 2 runs of other operators"
    )


def test_a_node_opens_by_keyboard_and_keeps_the_focus(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("checkbox", name="Fold repeated blocks").uncheck()
    page.locator("form[data-graph] select").select_option("GPU")
    page.locator(".graph [role=button]").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    assert page.locator(".graph a").count() == 63
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog").get_by_role("heading", level=2).inner_text() == "#0 CONV_2D"
    page.keyboard.press("Escape")
    page.locator(".graph [role=button]").first.focus()
    page.keyboard.press("Space")
    assert page.locator(".graph a").count() == 0


def test_blocks_that_repeat_are_folded(browser: Any, tmp_path: Path) -> None:
    """A whole model on a delegate: what repeats is one row, and all is there without folding."""
    model = sample.described()
    whole = sample.audit("npu", "NPU", sample.operators(), lambda node: (True, ()))
    opened = Opened(browser, tmp_path, sample.document(replace(model, audits=(whole,))))
    opened.page.locator(".graph").scroll_into_view_if_needed()
    opened.page.locator(".graph [data-node]").first.click()
    rows, folds = opened.page.locator(".graph .block a"), opened.page.locator(".graph [data-fold]")
    folded = rows.count()
    assert folds.count() and folded < 64
    folds.first.press("Enter")
    assert rows.count() > folded
    assert folds.first.get_attribute("aria-expanded") == "true"
    opened.page.get_by_role("checkbox", name="Fold repeated blocks").uncheck()
    assert (folds.count(), rows.count()) == (0, 64)
    opened.close()


def test_an_operator_shows_its_operands_and_options(opened: Opened) -> None:
    opened.page.goto(f"{opened.file.as_uri()}#op-0-8")
    text = opened.page.get_by_role("dialog").inner_text()
    for words in ("FeatureExtractor/block_8", "filter", "UINT8, constant", "(216 B)",
                  "scale 0.0078125, zero point 128", "padding", "SAME"):  # fmt: skip
        assert words in text


def test_the_graph_is_printed_too(browser: Any, tmp_path: Path) -> None:
    opened = Opened(browser, tmp_path, sample.document(sample.described()))
    opened.page.pdf()
    assert opened.page.locator(".graph svg").count() == 1
    opened.close()


BOXES = """() => [...document.querySelectorAll(".graph .node")].map(node => {
  const { left, right, top, bottom } = node.getBoundingClientRect();
  const canvas = document.querySelector(".graph svg").getBoundingClientRect();
  return [left - canvas.left, right - canvas.left, top - canvas.top, bottom - canvas.top];
})"""


def test_a_long_graph_is_one_column_from_its_start_to_its_end(browser: Any, tmp_path: Path) -> None:
    model = sample.described(240)
    audit = sample.audit("gpu", "GPU", model.audits[0].operators, sample.by_name("ADD", sample.UNKNOWN))
    document = sample.document(replace(model, audits=(audit,)))
    opened = Opened(browser, tmp_path, document, viewport={"width": 800, "height": 600})
    opened.page.locator(".graph").scroll_into_view_if_needed()
    opened.page.locator(".graph svg").wait_for()
    boxes = opened.page.evaluate(BOXES)
    assert len(boxes) == 60 + 59 + 2
    assert {left for left, *_ in boxes} == {boxes[0][0]}
    assert all(above[3] < below[2] for above, below in pairwise(boxes))
    assert opened.page.locator(".graph").evaluate("e => e.scrollWidth <= e.clientWidth")
    opened.page.emulate_media(media="print")
    assert not opened.page.locator(".graph svg").is_visible()
    assert opened.page.locator(".graph").inner_text().endswith("They are listed under “Partitions” below.")
    opened.close()


def test_what_skips_a_neighbour_runs_beside_the_column(browser: Any, tmp_path: Path) -> None:
    """Every operator also reads what the first one writes."""
    model = sample.described(240)
    (graph,) = model.graphs or ()
    first = contents.Operand(name="first", tensor=1)
    nodes = (graph.operators[0], *(replace(n, inputs=(*n.inputs, first)) for n in graph.operators[1:]))
    audit = sample.audit("gpu", "GPU", model.audits[0].operators, sample.by_name("ADD", sample.UNKNOWN))
    model = replace(model, audits=(audit,), graphs=(replace(graph, operators=nodes),))
    opened = Opened(browser, tmp_path, sample.document(model), viewport={"width": 1000, "height": 600})
    opened.page.locator(".graph").scroll_into_view_if_needed()
    opened.page.locator(".graph svg").wait_for()
    right = max(box[1] for box in opened.page.evaluate(BOXES))
    lanes = opened.page.locator(".graph .edge").evaluate_all(
        "all => all.map(e => e.getBBox().x + e.getBBox().width)"
    )
    assert max(lanes) > right
    assert opened.page.locator(".graph svg").evaluate("e => e.width.baseVal.value") > max(lanes)
    opened.close()

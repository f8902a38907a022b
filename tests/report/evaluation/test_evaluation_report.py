"""An evaluation in every format that people read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from analyzer.evaluation.datasets import Source
from analyzer.evaluation.evaluator import Backend, Candidate, Evaluation, Result, Settings, Size
from analyzer.evaluation.inference import Times
from analyzer.evaluation.metrics import (
    CLASSIFICATION,
    REGRESSION,
    ClassMetrics,
    Metrics,
    MetricsChange,
    OutputMetrics,
)
from analyzer.report.evaluation import render
from analyzer.report.view import View
from tests.report.browsing import chromium
from tests.report.html.test_accessibility import violations
from tests.report.html.test_html import VOID

HOSTILE = "<b>|`x`\x1b[31m"
COUNTS = {"changed": 3, "lost": 2, "gained": 1}


def classes(
    target: str = "y", difference: MetricsChange | None = None, name: str | None = None
) -> OutputMetrics:
    counts = COUNTS if difference else {}
    each = (ClassMetrics(0, name, 5, 4, **counts), ClassMetrics(1, None, 5, 5))
    return OutputMetrics(target, CLASSIFICATION, Metrics(top1=0.9995, top5=1.0), difference, each)


def numbers(target: str = "y", difference: MetricsChange | None = None) -> OutputMetrics:
    return OutputMetrics(target, REGRESSION, Metrics(mae=0.25, mse=0.125), difference)


def result(path: str, *answers: OutputMetrics, median: float = 2.0) -> Result:
    return Result(
        candidate=Candidate(path, Backend("cpu", "cpu")),
        size=Size(3_060_000, 2_000_000),
        status="ok",
        times=Times(1.0, 2.0, median, 7.0, 3.0),
        answers=answers,
    )


def lost(path: str) -> Result:
    candidate = Candidate(path, Backend("cpu", "cpu"))
    return Result(candidate=candidate, size=Size(10, 10), status="crashed", message="ended by SIGSEGV")


def found(*results: Result) -> Evaluation:
    return Evaluation(Settings(Source("folder/data.npz")), 10, results)


ONE = found(
    result("a/m.keras", classes()),
    result("b/m.tflite", classes(difference=MetricsChange(**COUNTS)), median=0.25),
    lost("lost.tflite"),
)
SEVERAL = found(
    result("a.keras", classes("digit"), numbers("angle")),
    result("b.tflite", numbers("angle", MetricsChange(mean=0.5)), classes("digit", MetricsChange(**COUNTS))),
)


def text(evaluated: Evaluation, format: str = "table", width: int = 80) -> str:
    return render.render(evaluated, format, View(width=width)).decode()


def test_one_thing_to_be_right_about() -> None:
    lines = [line.split() for line in text(ONE).splitlines()]
    assert [
        "m.keras",
        "99.9",
        "%",
        "100.0",
        "%",
        "2.00",
        "ms",
        "3.00",
        "ms",
        "3.06",
        "MB",
        "2.00",
        "MB",
    ] in lines
    assert ["lost.tflite", "-", "-", "crashed", "-", "10", "B", "10", "B"] in lines
    assert ["m.tflite", "+0.0", "3", "2", "1", "8.0x", "1.00x", "1.00x"] in lines
    assert ["0", "5", "4", "m.tflite", "3", "(-2", "+1)"] in lines
    assert "lost.tflite: crashed: ended by SIGSEGV" in text(ONE)


def test_several_things_have_a_table_each() -> None:
    lines = [line.split() for line in text(SEVERAL).splitlines()]
    assert ["model", "median", "90", "%", "size", "gzip"] in lines
    assert ["angle"] in lines and ["digit"] in lines
    assert ["b.tflite", "0.25", "0.125", "+0", "0.5"] in lines
    assert ["b.tflite", "99.9", "%", "100.0", "%", "+0.0", "3", "2", "1"] in lines
    assert ["digit", "0", "5", "4", "b.tflite", "3", "(-2", "+1)"] in lines


@pytest.mark.parametrize("evaluated", [ONE, SEVERAL])
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(evaluated: Evaluation, width: int) -> None:
    assert max(map(len, text(evaluated, width=width).splitlines())) <= width


def test_markdown_is_tables_that_renderers_read() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text(SEVERAL, "markdown"))
    assert sum(token.type == "table_open" for token in tokens) == 5


@pytest.mark.parametrize(
    "evaluated", [ONE, SEVERAL, found(lost("a")), found(result(HOSTILE, classes(name=HOSTILE)))]
)
def test_the_page_is_closed_and_treats_names_as_text(evaluated: Evaluation) -> None:
    page = text(evaluated, "html")
    assert "default-src 'none'" in page.replace("&#39;", "'")
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "<b>" not in page and "\x1b" not in page
    for tag in set(re.findall(r"<([a-z]+)", page)) - VOID - {"path", "rect"}:
        assert page.count(f"</{tag}>") == len(re.findall(rf"<{tag}[ >]", page)), tag


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    widths = re.findall(r'<rect class="(own|taken)" width="([\d.]+)"', text(ONE, "html"))
    assert widths == [
        ("own", "100.0"),
        ("taken", "100.0"),
        ("own", "66.7"),
        ("taken", "8.3"),
        ("own", "100.0"),
        ("taken", "100.0"),
        ("taken", "0.0"),
    ]


@chromium
@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_the_page_and_axe_finds_nothing(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    (tmp_path / "e.html").write_text(text(SEVERAL, "html"), encoding="utf-8")
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((tmp_path / "e.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page) == []
    page.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("median", "speed"), [(0.01, "200x"), (0.1, "20x"), (1.6, "1.2x"), (3.0, "0.67x"), (900.0, "0.002x")]
)
def test_speeds_of_every_size(median: float, speed: str) -> None:
    slow = result("b.tflite", classes(difference=MetricsChange(**COUNTS)), median=median)
    text = render.render(found(result("a.tflite", classes()), slow), "table", View(width=80)).decode()
    assert f" {speed} " in text

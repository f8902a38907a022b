"""A log told in every format: hostile text stays text, and nothing is wider than the terminal."""

from __future__ import annotations

import json

import pytest

from analyzer.device_log import log_document
from analyzer.device_log.line_catalogue import line_catalogue
from analyzer.device_log.log_prediction import held_against
from analyzer.report.device_log import log_text
from analyzer.report.view import View
from analyzer.rules.registry import Packs
from analyzer.sources import SAMPLE, find_one, load
from tests.device_log import logs
from tests.schemas import faults


def told(text: str, format: str = "table", model: bool = False, **view: bool) -> str:
    log = logs.read(text, "phone.log")
    if model:
        log = held_against(log, load(find_one(SAMPLE)), Packs(), (), line_catalogue())
    return log_text.render(log, format, View(**view)).decode()


@pytest.mark.parametrize("text", [logs.CLASSIC, logs.NO_OPENCL, logs.BENCHMARK, logs.NPU, "nothing"])
def test_no_line_is_wider_than_the_terminal(text: str) -> None:
    lines = told(text, model=True, verbose=True).splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line != line.rstrip()]


def test_a_failure_is_marked_and_has_what_to_do() -> None:
    text = told(logs.HEXAGON)
    assert "1! hexagon: " in text
    assert "fix  Ship libhexagon_interface.so" in text


def test_lines_of_every_log_are_counted_until_everything_is_asked_for() -> None:
    assert "The runtime has started." not in told(logs.CLASSIC)
    assert "and 1 line that every log has: -v" in told(logs.CLASSIC)
    assert "The runtime has started." in told(logs.CLASSIC, verbose=True)


def test_a_log_that_says_nothing() -> None:
    assert "No line in it is known" in told("nothing")
    assert "doesn't say what of a model" in told("nothing", model=True)


def test_releases_are_named_as_they_are_called() -> None:
    assert "Runtime: before TensorFlow Lite 2.4 (line 2)." in told(logs.OLD)


def test_json_is_what_the_schema_says() -> None:
    document = json.loads(told(logs.CLASSIC, "json", model=True))
    assert faults(document, log_document.json_schema()) == []
    assert document["comparisons"][0]["delegate"] == "gpu"


@pytest.mark.parametrize("format", log_text.FORMATS)
def test_escapes_of_a_terminal_come_out_as_text(format: str) -> None:
    evil = "TfLiteGpuDelegate Init: \x1b]0;title\x07<img src=x>|`\u202e\n"
    text = told(evil, format, model=True)
    assert not set("\x1b\x07") & set(text)
    if format != "json":
        assert "\u202e" not in text
    if format == "markdown":
        assert "<img" not in text.replace(r"\<img", "")

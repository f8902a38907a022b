"""Every report begins with what to choose, out of the delegates that it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import analyzer
from analyzer.report.document import audit_document
from tests.cli.running import run
from tests.recommendation.models import layers
from tests.schemas import faults

SENTENCE = "LiteRT GPU, both operators. NNAPI is deprecated."


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    layers(tmp_path, ["CONV_2D", "CONV_2D"])
    return tmp_path / "layers.tflite"


def test_the_terminal_begins_with_it(model: Path) -> None:
    lines = run("audit", model).text.splitlines()
    at = lines.index(f"Android: {SENTENCE}")
    assert lines[at + 1] == "iOS: LiteRT GPU, both operators."
    assert at < next(number for number, line in enumerate(lines) if line.startswith("delegate "))


def test_it_leads_to_recommend_whatever_the_path_and_the_choice(model: Path) -> None:
    text = run("audit", model).text
    assert "\ndelegate-analyzer recommend MODEL   tries options, repairs; libraries, code\n" in text
    told = run("audit", "sample:", "--registered", "TFLite_Detection_PostProcess").text
    assert "\ndelegate-analyzer recommend sample:   tries options, repairs; libraries, code\n" in told


def test_it_is_out_of_those_that_were_named(model: Path) -> None:
    done = run("audit", model, "-d", "gpu,nnapi")
    assert "Android, of these: the classic GPU, both operators. NNAPI is deprecated." in done.text
    assert "recommend" not in done.text
    assert "Android: the classic GPU, both operators." in run("audit", model, "-d", "gpu").text.replace(
        "Android and iOS", "Android"
    )
    assert "of these" not in run("audit", model, "--for", "ios").text


def test_one_delegate_asked_twice_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    layers(tmp_path, ["CONV_2D", "SIGN", "CONV_2D"])
    text = run("audit", tmp_path / "layers.tflite", "-d", "gpu,gpu:opencl=false").text
    assert (
        ": the classic GPU with opencl=true, all 3 operators. Not the classic GPU with opencl=false (" in text
    )


def test_what_an_app_may_set_is_tried_as_recommend_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    layers(tmp_path, ["CONV_2D", "CONV_2D", "MyOp", "CONV_2D"])
    given = tmp_path / "layers.tflite", "--registered", "MyOp"
    audited, recommended = (
        next(line for line in run(command, *given).text.splitlines() if line.startswith("Android: "))
        for command in ("audit", "recommend")
    )
    assert audited == recommended
    assert audited.startswith("Android: the classic GPU with max_partitions=4 (from C, C++ or Flutter), 3 of")


def test_deprecated_delegates_alone_are_never_chosen(model: Path) -> None:
    assert "Android: stay on XNNPACK. NNAPI is deprecated." in run("audit", model, "-d", "nnapi").text


def test_a_platform_of_its_own(model: Path) -> None:
    text = run("audit", model, "--for", "desktop").text
    assert "Desktop: LiteRT GPU, both operators." in text and "Android" not in text


def test_markdown_json_and_the_page_have_it(model: Path, tmp_path: Path) -> None:
    page, data, text = (tmp_path / name for name in ("a.html", "a.json", "a.md"))
    assert run("audit", model, "-o", page, "-o", data, "-o", text).code == 0
    assert f"**Android**: {SENTENCE}" in text.read_text(encoding="utf-8")
    document = analyzer_json(data)
    assert faults(document, audit_document.json_schema()) == []
    choice = document["models"][0]["recommendation"]["choices"][0]
    assert (choice["platform"], choice["delegate"], choice["audit"]) == ("android", "litert-gpu", 0)
    html = page.read_text(encoding="utf-8")
    assert f'<span class="platform">Android</span> <bdi>{SENTENCE}</bdi>' in html
    assert html.index(SENTENCE) < html.index('class="cards"')


def test_the_graph_opens_on_what_is_recommended(model: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    run("audit", model, "-d", "coreml,litert-gpu,gpu", "-o", page)
    assert '<option value="1" selected>LiteRT GPU' in page.read_text(encoding="utf-8")


def test_python_renders_it_too(model: Path) -> None:
    assert f"Android: {SENTENCE}" in analyzer.render(analyzer.audit(model))


def analyzer_json(file: Path) -> dict[str, Any]:
    import json

    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded

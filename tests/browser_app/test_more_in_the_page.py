"""Beyond the audit: comparing, rewriting, choosing delegates, and who can use the page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import read, read_bytes
from tests.browser_app.visit import Visit
from tests.building import model, operator, tensor
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.report.browsing import chromium
from tests.report.html.test_accessibility import violations

pytestmark = chromium

SAMPLE = Path(read.__code__.co_filename).with_name("sample.tflite")


def test_two_models_are_compared(visit: Visit, folder: Path) -> None:
    visit.choose(save(folder / "a.tflite", chain()), Path(shutil.copy(SAMPLE, "b.tflite")))
    visit.press("Compare the two")
    run("compare", "a.tflite", "b.tflite", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()


def test_a_model_is_rewritten_and_saved(visit: Visit, folder: Path) -> None:
    visit.choose(Path(shutil.copy(SAMPLE, "model.tflite")))
    visit.press("Rewrite for delegates")
    said = run("fix", "--no-run", "model.tflite", "-o", "model-rewritten.tflite", "-o", "report.html")
    rewritten = visit.saved("Save model-rewritten.tflite")
    assert rewritten == (folder / "model-rewritten.tflite").read_bytes()
    assert read_bytes(rewritten, "rewritten").subgraphs
    assert visit.page.locator("#advice pre").inner_text().split() == said.text.split()
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()


def test_a_link_restores_delegates_and_parameters(visit: Visit, folder: Path) -> None:
    visit.page.goto(f"{visit.address}#d=gpu%3Aquantized%3Dfalse&d=coreml")
    assert visit.page.locator("#platform").input_value() == "chosen"
    visit.choose(save(folder / "model.tflite", chain()))
    run("audit", "model.tflite", "-d", "gpu:quantized=false", "-d", "coreml", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()
    visit.page.locator("#platform").select_option("ios")
    assert visit.page.url == f"{visit.address}#for=ios"
    visit.choose(save(folder / "model.tflite", chain()))
    run("audit", "model.tflite", "--for", "ios", "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()
    visit.page.locator("#platform").select_option("")


def test_what_the_app_does_with_a_model(visit: Visit, folder: Path) -> None:
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    save(folder / "model.tflite", model(tensors, [operator("MyOp", ["x"], ["y"])]))
    visit.page.goto(f"{visit.address}#shape=x%3D4%2C8&registered=MyOp")
    visit.choose(folder / "model.tflite")
    options = ("--shape", "x=4,8", "--registered", "MyOp")
    run("audit", "model.tflite", *options, "-o", "report.html")
    assert visit.saved("HTML") == (folder / "report.html").read_bytes()
    visit.page.locator("#app").evaluate("each => { each.open = true; }")
    visit.page.locator("#shapes").fill("x=2,8 nothing=1")
    visit.page.locator("#registered").fill("")
    visit.page.locator("#registered").blur()
    visit.choose(folder / "model.tflite")
    assert visit.page.url == f"{visit.address}#shape=x%3D2%2C8&shape=nothing%3D1"
    assert visit.problems == [
        run("audit", "model.tflite", "--shape", "x=2,8", "--shape", "nothing=1").complaint
    ]
    visit.page.locator("#shapes").fill("")
    visit.page.locator("#shapes").blur()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Visit, folder: Path, scheme: str) -> None:
    page: Any = visit.page
    page.emulate_media(color_scheme=scheme)
    visit.choose(save(folder / "notes.tflite", b"not a model\n"))
    page.locator("#delegates").evaluate("each => { each.open = true; }")
    for width in (360, 1280, 3840):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page) == []

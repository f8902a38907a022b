"""Ways to handle the page: things dropped on it, keys, and changing one's mind."""

from __future__ import annotations

from pathlib import Path

from tests.browser_app.visit import Visit
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.report.browsing import chromium
from tests.sources.packing import zipped

pytestmark = chromium

HOSTILE = "<b onclick=alert(1)>[x]:-d.tflite"


def report(folder: Path, *paths: str) -> bytes:
    """What the command line writes of these."""
    run("audit", "-o", "report.html", "--", *paths)
    return (folder / "report.html").read_bytes()


def test_files_and_archives_are_dropped(visit: Visit, folder: Path) -> None:
    one = save(folder / "a.tflite", chain("RELU"))
    archive = save(folder / "app.zip", zipped({"assets/b.tflite": chain("NEG"), "notes.txt": b"no model"}))
    visit.drop(one, archive)
    assert visit.problems == []
    assert visit.saved("HTML") == report(folder, "a.tflite", "app.zip")


def test_a_folder_is_dropped(visit: Visit, folder: Path) -> None:
    save(folder / "zoo" / "b.tflite", chain("RELU"))
    save(folder / "zoo" / "deep" / HOSTILE, chain("NEG"))
    save(folder / "zoo" / ".hidden" / "c.tflite", chain("ABS"))
    save(folder / "zoo" / "notes.txt", b"no model")
    save(folder / "zoo" / "weights.bin", b"no model either")
    visit.drop(folder / "zoo")
    assert visit.problems == []
    assert visit.saved("HTML") == report(folder, "zoo")
    save(folder / "zoo" / "lib.aar", zipped({"assets/a.tflite": chain("ABS"), "b.tflite": chain("NEG")}))
    visit.drop(folder / "zoo")
    assert visit.saved("HTML") == report(folder, "zoo")
    # None of them is meant more than the others.
    assert not visit.page.get_by_role("button", name="Rewrite for delegates").count()
    (folder / "empty").mkdir()
    visit.drop(folder / "empty")
    assert visit.problems == ["empty: no models in there; drop .tflite files, or a folder of some"]


def test_whoever_does_not_want_to_wait_cancels(visit: Visit, folder: Path) -> None:
    page = visit.page
    page.set_input_files("#files", [save(folder / "long.tflite", chain(*["RELU", "NEG"] * 1500))])
    page.locator("#cancel").click()
    page.locator("#state", has_text="Cancelled").wait_for()
    page.locator("#state", has_text="Ready.").wait_for()
    visit.choose(save(folder / "a.tflite", chain("RELU")))
    assert visit.saved("HTML") == report(folder, "a.tflite")


def test_keys_reach_everything(visit: Visit, folder: Path) -> None:
    page = visit.page
    page.locator("h1").click()
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.parentElement.id"))
    assert reached[:5] == ["files", "sample", "platform", "delegates", "app"]
    page.locator("#delegates summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("#platform").input_value() == "chosen"
    page.keyboard.press("Space")
    page.locator("#sample").focus()
    page.keyboard.press("Enter")
    visit.settle()
    page.locator("#platform").select_option("")
    page.get_by_role("button", name="JSON").focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "sample.json"

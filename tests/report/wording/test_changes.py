"""What is to be changed, in one order wherever it is told."""

from __future__ import annotations

from pathlib import Path

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.report.document import convert
from analyzer.report.document.audit_document import Model
from analyzer.report.wording import causes, changes, phrases
from analyzer.rules.registry import Packs
from tests.building import chain
from tests.cli.running import run
from tests.recommendation.models import layers


def _audited(*kinds: str) -> Model:
    packs = Packs()
    configurations = configure(packs, ["litert-gpu", "gpu", "coreml"])
    return convert.model(Auditor(packs, configurations).audit(read_bytes(chain(*kinds), "m.tflite")))


def test_what_leads_to_another_file_brings_nothing_delegated() -> None:
    model = _audited("RELU", "edgetpu-custom-op", "RELU")
    told = changes.headings(model, causes.causes(model))
    [compiled] = [
        change for heading in told for change in heading.changes if change.fix.startswith("Compiled for")
    ]
    # Told once, though it breaks the model and keeps operators from each delegate besides.
    assert told[0].title == phrases.BREAKS and compiled in told[0].changes
    assert {cause.broken for cause in compiled.causes} == {True, False}
    assert changes.unblocks(compiled, model, ["a", "b", "c"]) == ""
    assert changes.first(told, model, ["a", "b", "c"]) is compiled


def test_terminal_page_and_markdown_begin_with_what_holds_back_what_is_recommended(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D", "MyOp", "CONV_2D"])
    page, text, said = tmp_path / "a.html", tmp_path / "a.md", tmp_path / "a.txt"
    run("audit", tmp_path / "layers.tflite", "--registered", "MyOp", "-o", page, "-o", text, "-o", said)
    lines = said.read_text(encoding="utf-8").splitlines()
    blocks = lines.index(phrases.BLOCKS)
    first = next(line for line in lines if line.startswith(changes.FIRST))
    fix = lines[blocks + 1].removeprefix("* ")
    assert first.startswith(f"{changes.FIRST}: {fix[:40]}")
    assert not any(title in lines[:blocks] for title in (phrases.BREAKS, phrases.OTHERS))
    assert f"**{changes.FIRST}**: {fix[:20]}" in text.read_text(encoding="utf-8").replace("\\", "")
    html = page.read_text(encoding="utf-8")
    assert '<span class="platform">To change first</span> <a href="#m0-f1">' in html
    # Numbers go through in the order in which causes stand.
    numbers = [line.split()[0] for line in lines[blocks:] if line.strip()[:1].isdigit()]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_nothing_is_to_be_changed_first_where_all_is_taken(tmp_path: Path) -> None:
    layers(tmp_path, ["CONV_2D", "CONV_2D"])
    done = run("audit", tmp_path / "layers.tflite")
    assert changes.FIRST not in done.text and phrases.BLOCKS not in done.text


def test_what_takes_no_action_is_no_fix_of_many_models() -> None:
    """Core ML takes neither, and one of them stands at the end, where it splits nothing."""
    model = _audited("LOG")
    asked = [cause for cause in causes.causes(model) if cause.idle]
    assert asked and not any(cause.harmless for cause in asked)
    assert {common.fix for common in causes.common([model])}.isdisjoint(cause.fix for cause in asked)

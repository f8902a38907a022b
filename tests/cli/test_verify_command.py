"""`rules verify`: what is held against what, and what the exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.models import chain
from tests.cli.running import Outcome, run
from tests.test_verification import folder, row


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [row("synth/m.tflite"), row("synth/n.tflite", supported={"0": "111"})]
    models = {row["path"]: chain("RELU", "NEG", "ABS") for row in rows}
    at = tmp_path / "data"
    at.mkdir()
    return folder(at, rows, models)


def verify(rules: Path, data: Path, *arguments: str) -> Outcome:
    return run("rules", "verify", "--rules", rules, "--data", data, "-d", "tiny", *arguments)


def test_disagreements_are_shown_and_fail(rules: Path, data: Path) -> None:
    outcome = verify(rules, data)
    assert outcome.code == 1
    assert "tiny-1         83.33 % of 6  100 % of 2      100 % of 2\n" in outcome.text
    assert "tiny-1: synth/n.tflite: the delegate accepts operator 1 of subgraph 0\n" in outcome.text


def test_a_pack_that_agrees_holds(rules: Path, data: Path) -> None:
    (data / "truth" / "tiny-1.jsonl").write_text(
        (data / "truth" / "tiny-1.jsonl").read_text().splitlines()[0]
    )
    outcome = verify(rules, data)
    assert outcome.code == 0
    assert "Held to what the delegates' own code says of 1 generated model:" in outcome.text


def test_no_more_disagreements_are_shown_than_asked_for(rules: Path, data: Path) -> None:
    text = verify(rules, data, "--show", "0").text
    assert "tiny-1: and 1 more\n" in text


def test_recorded_figures_are_told_at_once() -> None:
    summary, details = (run("rules", "verify", "--about", *more).text for more in ((), ("-v",)))
    assert "generated models" in summary
    assert len(details.splitlines()) > len(summary.splitlines())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-d", "gpi"], "delegate gpi: there is no such rule pack; did you mean gpu?"),
        (["-d", "nnapi:api=29"], "-d nnapi:api=29: names a configuration; write the pack's name, nnapi"),
        (["--data", "nowhere"], "nowhere: holds no conformance data; name its folder with --data"),
    ],
)
def test_says_what_is_wrong(arguments: list[str], complaint: str) -> None:
    outcome = run("rules", "verify", *arguments)
    assert outcome.code == 2
    assert outcome.complaint == complaint or outcome.complaint.startswith(complaint)

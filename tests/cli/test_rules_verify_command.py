"""`rules verify`: what is held against what, and what the exit code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli.rules_commands import verify_command as command
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run
from tests.conformance.test_verdicts import folder, row
from tests.packs import saved, tiny


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


def test_a_pack_that_is_given_is_the_one_that_is_held(rules: Path, data: Path) -> None:
    (data / "targets.json").write_text('{"tiny-1": "tiny", "gpu": "gpu"}')
    outcome = run("rules", "verify", "--rules", rules, "--data", data)
    assert outcome.code == 1
    assert "tiny-1" in outcome.text


def test_a_pack_without_data_does_not_agree(tmp_path: Path, data: Path) -> None:
    npu = saved(tmp_path, tiny(name="npu"), "npu.toml")
    outcome = run("rules", "verify", "-d", "npu", "--rules", npu, "--data", data)
    assert (outcome.code, outcome.text) == (2, "")
    assert outcome.complaint == (
        f"there is no data of npu in {data}, which has that of tiny; name a folder that has some with --data"
    )


def test_where_nothing_is_compared_nothing_agrees(rules: Path, data: Path) -> None:
    (data / "truth" / "tiny-1.jsonl").write_text("")
    outcome = verify(rules, data)
    assert outcome.code == 2
    assert outcome.complaint.startswith("nothing was compared: ")


def test_an_installed_package_says_what_it_can_do_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_CHECKOUT", Path("nowhere"))
    outcome = run("rules", "verify")
    assert outcome.code == 2
    assert outcome.complaint == (
        "no conformance data is installed with the package; name a folder of it with --data DIR, "
        "or with --models DIR models to ask the runtimes about that are here"
    )


def test_models_alone_are_enough_to_hold_packs_to_the_runtimes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert")
    monkeypatch.setattr(command, "_CHECKOUT", Path("nowhere"))
    save(tmp_path / "m.tflite", chain("RELU", "ABS"))
    outcome = run("rules", "verify", "-d", "xnnpack", "--models", tmp_path)
    assert outcome.code == 0
    assert "takes for real: 100 % of 1" in outcome.text


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

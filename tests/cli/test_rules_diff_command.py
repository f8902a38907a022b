"""`rules diff`: what changes for the rules and for a model, and what the exit code says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import run
from tests.packs import saved, tiny


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The same rules, but ABS is refused, and so is EXP of a later version."""
    text = tiny(name="other").replace("|ABS", "") + '\n[op.ABS]\nsupported = false\nfix = "Use RELU."\n'
    return saved(tmp_path, text, "other.toml")


def test_the_same_rules_differ_in_nothing(rules: Path) -> None:
    outcome = run("rules", "diff", rules, rules)
    assert outcome.code == 0
    assert "The rules are the same." in outcome.text


def test_rule_files_can_be_compared(rules: Path, other: Path) -> None:
    outcome = run("rules", "diff", rules, other)
    assert outcome.code == 1
    assert "ABS\n  conditionally taken -> never taken: the tiny delegate doesn't know the\n" in outcome.text


def test_shows_what_becomes_of_a_model(rules: Path, other: Path, model: Path) -> None:
    outcome = run("rules", "diff", rules, other, model)
    assert outcome.code == 1
    assert "  - partial: 2 operators delegated in 1 partition\n" in outcome.text
    assert "  + partial: 1 operator delegated in 1 partition\n" in outcome.text
    assert "  - #1 ABS  delegated -> refused: the tiny delegate doesn't know the operator\n" in outcome.text


def test_a_model_that_nothing_changes_for_is_no_difference(rules: Path, other: Path, tmp_path: Path) -> None:
    outcome = run("rules", "diff", rules, other, save(tmp_path / "plain.tflite", chain("RELU", "NEG")))
    assert outcome.code == 0
    assert "plain.tflite: nothing changes (partial: 1 operator delegated in 1 partition)" in outcome.text
    assert "ABS" not in outcome.text


def test_json_says_the_same(rules: Path, other: Path, model: Path) -> None:
    said = run("rules", "diff", rules, other, model, "--format", "json").json
    assert said["different"] is True
    assert [one["operator"] for one in said["operators"]] == ["ABS"]
    [found] = said["models"]
    assert [(one["index"], one["delegated"]) for one in found["operators"]] == [
        (1, {"before": True, "after": False})
    ]
    assert found["operators"][0]["findings"][0]["rule"] == "other/abs/never"


def test_levels_of_a_shipped_pack_differ() -> None:
    outcome = run("rules", "diff", "nnapi:api=29", "nnapi:api=31")
    assert outcome.code == 1
    assert "ELU\n  never taken -> conditionally taken" in outcome.text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("gpu", "gpi"), "delegate gpi: there is no such rule pack; did you mean gpu?"),
        (("gpu", "nowhere.toml"), "nowhere.toml: can't be read"),
        (("gpu", "gpu:level=3"), "delegate gpu: no parameter level"),
        (("gpu", "gpu", "nowhere.tflite"), "nowhere.tflite:"),
    ],
)
def test_says_what_is_wrong(arguments: tuple[str, ...], complaint: str) -> None:
    outcome = run("rules", "diff", *arguments)
    assert outcome.code == 2
    assert outcome.complaint.startswith(complaint)


def test_one_of_a_set_that_cannot_be_read_costs_a_line(rules: Path, other: Path, tmp_path: Path) -> None:
    save(tmp_path / "models" / "b.tflite", chain("RELU", "ABS"))
    save(tmp_path / "models" / "a.tflite", b"no model")
    outcome = run("rules", "diff", rules, other, tmp_path / "models")
    assert outcome.code == 2
    assert "a.tflite: is a text file" in outcome.complaint
    assert "b.tflite\n  - " in outcome.text
    assert run("rules", "diff", rules, other, tmp_path / "models" / "a.tflite").text == ""

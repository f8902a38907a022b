"""Which delegates are asked where none is named: those of a platform, and those that apps ship to today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.rules.registry import Packs
from tests.cli.models import chain, save
from tests.cli.running import Outcome, run


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "m.tflite", chain("RELU", "ABS"))


def asked(outcome: Outcome) -> list[str]:
    return [audit["delegate"] for audit in outcome.json["models"][0]["audits"]]


@pytest.mark.parametrize(
    ("platform", "systems"),
    [("android", {"android"}), ("ios", {"ios"}), ("desktop", {"linux", "macos", "windows"})],
)
def test_a_platform_picks_its_delegates(platform: str, systems: set[str]) -> None:
    outcome = run("audit", "m.tflite", "--for", platform, "--format", "json", "--fail-on", "never")
    packs = Packs()
    assert (outcome.code, bool(asked(outcome))) == (0, True)
    assert all(systems & set(packs.get(name).platforms) for name in asked(outcome))


def test_the_project_s_file_may_say_it() -> None:
    Path("delegate-analyzer.toml").write_text('for = "ios"\nfail-on = ["never"]\n')
    from_file = run("audit", "m.tflite", "--format", "json")
    Path("delegate-analyzer.toml").unlink()
    assert asked(from_file) == asked(run("audit", "m.tflite", "--for", "ios", "--format", "json"))


@pytest.mark.parametrize(("written", "meant"), [("andriod", "android"), ("iOS", "ios")])
def test_a_platform_that_there_is_none_of(written: str, meant: str) -> None:
    outcome = run("audit", "m.tflite", "--for", written)
    assert outcome.code == 2
    assert f"did you mean {meant}?" in outcome.complaint


@pytest.mark.parametrize("system", ["windows", "macOS", "linux"])
def test_a_system_isn_t_taken_for_another_platform(system: str) -> None:
    outcome = run("audit", "m.tflite", "--for", system)
    assert outcome.code == 2
    assert "did you mean" not in outcome.complaint
    assert f"--for {system}: is no platform by itself; write --for desktop" in outcome.complaint


def test_of_two_platforms_none_is_dropped_without_a_word() -> None:
    outcome = run("audit", "m.tflite", "--for", "ios", "--for", "android")
    assert outcome.code == 2
    assert "--for ios --for android: give one platform" in outcome.complaint


def test_delegates_and_a_platform_exclude_each_other() -> None:
    outcome = run("audit", "m.tflite", "--for", "ios", "-d", "coreml")
    assert outcome.code == 2
    assert "--for picks the delegates" in outcome.complaint


def test_by_default_deprecated_delegates_come_last_and_apart() -> None:
    packs = Packs()
    names = asked(run("audit", "m.tflite", "--format", "json"))
    statuses = [packs.get(name).status for name in names]
    assert names[0] == "litert-gpu"
    assert statuses == sorted(statuses)
    text = run("audit", "m.tflite").text
    assert text.index("Legacy, deprecated by their makers") > text.index("Core ML")


def test_a_dash_is_standard_output() -> None:
    outcome = run("audit", "m.tflite", "-d", "gpu", "-o", "json=-", "-o", "m.md")
    assert json.loads(outcome.text)["schema"] == 2
    assert Path("m.md").is_file()

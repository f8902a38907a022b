"""Models of a set: left out, called without their folders, and judged by what the project says of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import Outcome, run


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "someone" / "models"
    for name in ("a.tflite", "old/b.tflite", "detectors/c.tflite"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        save(folder / name, chain("RELU", "ABS"))
    return folder


def paths(outcome: Outcome) -> list[str]:
    return [os.path.basename(model["path"]) for model in outcome.json["models"]]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [(["old/*"], ["a", "c"]), (["b.tflite", "c.*"], ["a"]), (["*/models/old/*", "a.tflite"], ["c"])],
)
def test_models_are_left_out(models: Path, patterns: list[str], left: list[str]) -> None:
    options = [part for pattern in patterns for part in ("--exclude", pattern)]
    done = run("audit", models, "-d", "gpu", "--format", "json", *options)
    assert paths(done) == [f"{name}.tflite" for name in left]


def test_nothing_left_is_one_line(models: Path) -> None:
    done = run("audit", models, "--exclude", "*")
    assert (done.code, done.complaint) == (2, "--exclude *: leaves none of the 3 models")
    done = run("audit", models, "--exclude", "*", "-o", models / "a.sqlite")
    assert (done.code, done.complaint) == (2, "--exclude *: leaves none of the 3 models")
    assert not list(models.glob("a.sqlite*"))


def test_a_pattern_that_fits_none_is_told_of(models: Path) -> None:
    """But for one of the project's, which may be about other models."""
    (models / "delegate-analyzer.toml").write_text('exclude = ["none/*"]\n')
    words = ("audit", models, "--exclude", "old/*", "--exclude", "odl/*")
    done = run(*words)
    assert (done.code, done.err) == (0, "--exclude odl/*: fits none of the models\n")
    assert run(*words, "-q").err == ""
    many = run(*words, "-o", models / "zoo.sqlite")
    assert "--exclude odl/*: fits none of the models\n" in many.err


def test_the_project_leaves_models_out_and_a_baseline_does_too(models: Path) -> None:
    (models / "delegate-analyzer.toml").write_text('exclude = ["old/*"]\n')
    assert paths(run("audit", models, "--format", "json")) == ["a.tflite", "c.tflite"]
    written = run("baseline", "write", models, "-d", "hexagon", "-o", models / "known.json")
    assert written.err.endswith("of 2 models\n")


def test_paths_are_redacted_everywhere(models: Path) -> None:
    (models / "bad.tflite").write_bytes(b"nothing")
    done = run("audit", models, "-d", "hexagon", "--redact-paths", "--format", "json", "-j", "1")
    assert [model["path"] for model in done.json["models"]] == [
        *("models/a.tflite", "models/bad.tflite", "models/detectors/c.tflite", "models/old/b.tflite")
    ]
    assert "someone" not in done.text + done.err
    assert "policy failed: models/a.tflite: hexagon: " in done.err
    twice = run("audit", models, f"{models}/", "-d", "gpu", "--redact-paths", "--format", "json")
    assert {model["path"].partition("/")[0] for model in twice.json["models"]} == {models.name}
    single = run("audit", models / "a.tflite", "--redact-paths")
    assert single.text.startswith("a.tflite   ")


def test_targets_by_pattern_of_model(models: Path) -> None:
    (models / "delegate-analyzer.toml").write_text(
        'delegates = ["gpu"]\nfail-on = ["never"]\n\n'
        '[[targets]]\nmodels = "detectors/*"\nfor = "ios"\nfail-on = ["coreml:partial"]\n\n'
        '[[targets]]\nmodels = "b.tflite"\ndevices = ["android-29"]\n'
    )
    done = run("audit", models, "--format", "json", "-j", "2")
    asked = {
        os.path.basename(model["path"]): [audit["delegate"] for audit in model["audits"]]
        for model in done.json["models"]
    }
    assert asked == {
        "a.tflite": ["gpu"],
        "b.tflite": ["litert-gpu", "gpu", "nnapi"],
        "c.tflite": ["litert-gpu", "gpu", "coreml", "xnnpack"],
    }
    assert done.code == 1
    assert done.json["policy"]["fail_on"] == ["never", "coreml:partial"]
    [reason] = done.json["policy"]["reasons"]
    assert "c.tflite: coreml: " in reason
    # What the command line names goes for all of them.
    named = run("audit", models, "-d", "gpu", "--format", "json")
    assert {audit["delegate"] for model in named.json["models"] for audit in model["audits"]} == {"gpu"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[targets]]\nmodel = "a"', ":2: there is no key targets[0].model; did you mean models?"),
        ('[[targets]]\nfor = "ios"', ":1: targets[0]: object missing required field `models`"),
        (
            '[[targets]]\nmodels = "a"\nfor = "iso"',
            ":3: --for iso: there is no such platform; did you mean ios?",
        ),
        ('devices = ["pixl-8"]', ":1: device pixl-8: there is no such one; did you mean pixel-8?"),
    ],
)
def test_wrong_targets_are_one_line(models: Path, text: str, complaint: str) -> None:
    file = models / "delegate-analyzer.toml"
    file.write_text(text)
    done = run("audit", models)
    assert done.code == 2
    assert done.complaint.startswith(f"{file}{complaint}")


def test_config_shows_targets_and_pins_them(models: Path) -> None:
    file = models / "delegate-analyzer.toml"
    file.write_text(
        'devices = ["pixel-8"]\nexclude = ["old/*"]\n\n[[targets]]\nmodels = "c.*"\nfor = "ios"\n'
    )
    shown = run("config", "--config", file)
    assert shown.code == 0, shown.err
    lines = shown.text.splitlines()
    assert f"exclude    old/*   (from {file}:2)" in lines and f"devices    pixel-8   (from {file}:1)" in lines
    assert f"models     c.*   (from {file}:5)" in lines
    own = [line.strip().partition(":")[0] for line in lines if line.startswith("    ") and ":" in line]
    assert own == ["litert-gpu", "gpu", "coreml", "xnnpack"]
    pinned = run("config", "--config", file, "--pin").text
    file.write_text(pinned)
    assert "[[targets]]" in pinned and "[packs.coreml]" in pinned
    assert run("audit", models, "--format", "json", "--fail-on", "never").code == 0


def test_a_budget_for_the_arena(tmp_path: Path) -> None:
    model = save(tmp_path / "m.tflite", chain("RELU", "ABS"))
    done = run("audit", model, "-d", "gpu", "--fail-on", "arena_bytes > 10")
    assert done.code == 1
    assert ": gpu: arena_bytes > 10 holds: arena_bytes is " in done.err
    assert run("audit", model, "-d", "gpu", "--fail-on", "arena_bytes > 1000000").code == 0

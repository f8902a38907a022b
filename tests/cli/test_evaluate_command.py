"""`evaluate` as a user sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.models import save
from tests.cli.running import run
from tests.evaluation.classifiers import CONFUSED, LARGEST, linear, samples
from tests.evaluation.classifiers import save as save_data
from tests.sources.packing import zipped


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Nine rows of three classes."""
    return save_data(tmp_path / "data.npz", *samples((4, 3, 2)))


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    """One that is right, one that takes the second class for the third."""
    return [
        save(tmp_path / "right.tflite", linear(LARGEST)),
        save(tmp_path / "confused.tflite", linear(CONFUSED)),
    ]


def test_the_table(models: list[Path], data: Path) -> None:
    done = run("evaluate", *models, "--data", data, "-d", "cpu")
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.text.splitlines()]
    assert "9 samples of 3 classes" in " ".join(done.text.split())
    [right] = [line for line in lines if line[:1] == ["right.tflite"]]
    assert right[1:4] == ["100.0", "%", "-"]
    first, second = [line for line in lines if line[:1] == ["confused.tflite"]]
    assert first[1:3] == ["44.4", "%"]
    assert second[1:5] == ["-55.6", "5", "5", "0"]
    assert ["1", "3", "3", "confused.tflite", "3", "(-3", "+0)"] in lines
    assert all(len(line) <= 80 for line in done.text.splitlines())


def test_the_json(models: list[Path], data: Path) -> None:
    done = run("evaluate", *models, "--data", data, "-d", "cpu", "--format", "json")
    found = done.json
    assert found["data"]["samples"] == 9
    right, confused = found["models"]
    [best], [other] = right["outputs"], confused["outputs"]
    assert (best["target"], best["task"], len(best["classes"])) == ("y", "classification", 3)
    assert best["score"]["top1"] == 1 and best["difference"] is None
    assert other["difference"]["lost"] == 5
    assert confused["backend"] == "cpu" and confused["status"] == "ok"
    assert confused["bytes"] == models[1].stat().st_size
    assert set(confused["latency_ms"]) == {"init", "first", "median", "mean", "p90"}


def test_every_model_with_every_delegate(models: list[Path], data: Path) -> None:
    done = run("evaluate", models[0], "--data", data, "-d", "cpu,xnnpack", "--format", "json")
    assert [model["backend"] for model in done.json["models"]] == ["cpu", "xnnpack"]
    assert done.json["models"][1]["delegated"] == {"0": [0]}


def test_files_of_several_formats(models: list[Path], data: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / "e.json", tmp_path / "e.md", tmp_path / "e.html"]
    done = run("evaluate", *models, "--data", data, *(part for file in outputs for part in ("-o", file)))
    assert (done.code, done.out) == (0, b"")
    assert len(json.loads(outputs[0].read_text())["models"]) == 2
    assert "| confused.tflite | 44.4 % |" in outputs[1].read_text()
    assert "<td>44.4 %</td>" in outputs[2].read_text()


def test_numbers(tmp_path: Path) -> None:
    model = save(tmp_path / "sum.tflite", linear([[1, 1]]))
    data = save_data(tmp_path / "data.npz", np.ones((2, 2), np.float32), np.array([2.5, 1.5]))
    done = run("evaluate", model, model, "--data", data, "-d", "cpu")
    assert done.code == 0
    assert "MAE" in done.text and "0.5" in done.text and "mean difference" in done.text


def test_a_failed_run_is_told_and_the_exit_code_is_1(models: list[Path], tmp_path: Path) -> None:
    data = save_data(tmp_path / "data.npz", np.zeros((1, 3), np.float32), np.array([7]))
    done = run("evaluate", models[0], "--data", data, "-d", "cpu")
    assert done.code == 1
    assert "failed: tells 3 classes apart, the labels go up to class 7" in done.text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--data", "none.npz"], "--data none.npz: can't be used (No such file or directory)"),
        (["--range", "1"], "--range 1: not LOW,HIGH"),
        (["--format", "junit"], "there is no such format"),
        (["-d", "hexagon"], "hexagon: there is no way to run it on this machine"),
        (["-d", "nothing"], "delegate nothing: there is no such rule pack"),
        (["-d", "cpu,all"], "there is no way to run it on this machine"),
        (["-d", "rules.toml"], "delegate rules.toml: is a rule file; give that with --rules rules.toml"),
        (["--signature", "other"], "has no such signature"),
        (["--labels", "none.txt"], "--labels none.txt: can't be read"),
        (["--delegate-lib", "none.so"], "--delegate-lib none.so: there is no such file"),
        (["--delegate-option", "a=b"], "name that with --delegate-lib"),
        (["--delegate-lib", "none.so", "--delegate-option", "a"], "--delegate-option a: not KEY=VALUE"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    models: list[Path], data: Path, options: list[str], words: str
) -> None:
    done = run("evaluate", models[0], "--data", data, *options)
    assert done.code == 2
    assert words in done.complaint


@pytest.mark.parametrize("name", ["none.tflite", "none.keras"])
def test_a_model_that_is_not_there(data: Path, name: str) -> None:
    done = run("evaluate", name, "--data", data)
    assert done.code == 2
    assert name in done.complaint


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo-terminals here")
def test_progress_is_shown_on_a_terminal_and_nowhere_else(models: list[Path], data: Path) -> None:
    command = [sys.executable, "-m", "analyzer", "evaluate", str(models[0]), "--data", str(data), "-d", "cpu"]
    ours, theirs = os.openpty()
    with open(ours, "rb", buffering=0) as shown:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True)
        os.close(theirs)
        seen = shown.read(1 << 16).decode()
    assert "right.tflite on cpu" in seen and "100%" in seen
    assert b"on cpu  [" not in done.stdout
    assert run("evaluate", models[0], "--data", data, "-d", "cpu").err == ""


def test_a_model_in_an_archive(models: list[Path], data: Path, tmp_path: Path) -> None:
    app = save(tmp_path / "app.apk", zipped({"assets/m.tflite": models[0].read_bytes()}))
    member = f"{app}!assets/m.tflite"
    done = run("evaluate", models[1], member, "--data", data, "-d", "cpu", "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert [model["path"] for model in done.json["models"]] == [str(models[1]), member]
    assert "is not in the archive" in run("evaluate", f"{app}!none", "--data", data, "-d", "cpu").complaint

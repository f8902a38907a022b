"""Many models to a line each: written as they come, in order, and whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.fleet import batch
from analyzer.fleet.answers import Answer
from analyzer.sources import ModelSource
from tests.cli.models import chain, save
from tests.cli.running import run

COUNT = 40


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder of models, and a file that is none."""
    for number in range(COUNT):
        save(tmp_path / "set" / f"{number:02}.tflite", chain(*["RELU"] * (1 + number)))
    (tmp_path / "set" / "00.tflite").write_bytes(b"no model")
    return tmp_path / "set"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_line_a_model_in_order(tmp_path: Path, models: Path, jobs: str) -> None:
    file = tmp_path / "out.jsonl"
    done = run("audit", models, "-o", file, "-j", jobs, "-q")
    assert (done.code, done.out) == (2, b"")
    assert [line["operators"] for line in lines(file)] == [0, *range(2, COUNT + 1)]
    document = run("audit", models, "--format", "json").json
    assert [{"schema": 2, **model} for model in document["models"]] == lines(file)


def test_models_are_written_as_they_are_done(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    results = batch.results

    def watched(*arguments: Any) -> Iterator[tuple[ModelSource, Answer]]:
        for result in results(*arguments):
            yield result
            sizes.append(pipe.stat().st_size)

    # A file that is in its place already, so that what is written can be seen.
    pipe = tmp_path / "seen"
    pipe.touch()
    monkeypatch.setattr(batch, "results", watched)
    monkeypatch.setattr("analyzer.cli.options.output_file.OutputFile._open", lambda _: pipe.open("wb", 0))
    run("audit", models, "-o", tmp_path / "out.jsonl")
    assert sizes[0] == 0  # nothing is certain before the first model that can be audited
    assert len(set(sizes[1:])) == COUNT - 1 and sizes == sorted(sizes)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, KeyError])
def test_a_run_that_ends_early_leaves_no_file(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    results = batch.results

    def stopped(*arguments: Any) -> Iterator[tuple[ModelSource, Answer]]:
        for number, result in enumerate(results(*arguments)):
            if number == COUNT // 2:
                raise stop
            yield result

    out = tmp_path / "out"
    out.mkdir()
    (out / "old.jsonl").write_text("before")
    monkeypatch.setattr(batch, "results", stopped)
    assert run("audit", models, "-o", out / "old.jsonl", "-o", out / "new.jsonl").code in (3, 130)
    assert [(file.name, file.read_text()) for file in out.iterdir()] == [("old.jsonl", "before")]


def test_lines_and_other_formats_side_by_side(tmp_path: Path, models: Path) -> None:
    run("audit", models, "-o", tmp_path / "a.jsonl", "-o", tmp_path / "a.json", "-o", tmp_path / "a.md")
    document = json.loads((tmp_path / "a.json").read_text())
    assert [{"schema": 2, **model} for model in document["models"]] == lines(tmp_path / "a.jsonl")
    assert (tmp_path / "a.md").stat().st_size


def test_nothing_is_written_where_no_model_has_the_input(tmp_path: Path, models: Path) -> None:
    words = ("audit", models / "05.tflite", models / "06.tflite", "--shape", "nope=1")
    done = run(*words, "--format", "jsonl")
    assert (done.code, done.out) == (2, b"")
    assert run(*words, "-o", tmp_path / "out.jsonl").code == 2
    assert not (tmp_path / "out.jsonl").exists()


def test_a_file_that_cant_be_written_is_told_before_anything_is_audited(tmp_path: Path, models: Path) -> None:
    (tmp_path / "file").touch()
    done = run("audit", models, "-o", f"jsonl={tmp_path}")
    assert done.code == 2
    assert "is a folder; name a file in it" in done.complaint

"""No output takes the place of a file that the command reads."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import run
from tests.packs import saved, tiny

#: Files that a command reads, by name.
FILES = {
    "known.json": '{"schema": 1, "tool": "9", "models": {}}',
    "delegate-analyzer.toml": "fail-on = []",
    "phone.txt": "I tflite: nothing",
    "zoo.jsonl": "{}",
    "profile.json": "{}",
    "x.npz": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "m.tflite", chain("RELU"))
    saved(tmp_path, tiny())
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    with zipfile.ZipFile(tmp_path / "app.apk", "w") as archive:
        archive.write("m.tflite")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("audit m.tflite --rules tiny.toml", "tiny.toml"),
        ("audit m.tflite --rules ./tiny.toml", "tiny.toml"),
        ("audit m.tflite --baseline known.json", "known.json"),
        ("audit m.tflite --config delegate-analyzer.toml", "delegate-analyzer.toml"),
        ("audit app.apk", "app.apk"),
        ("audit app.apk!m.tflite", "app.apk"),
        ("recommend m.tflite --measured profile.json", "profile.json"),
        ("recommend m.tflite --rules tiny.toml", "tiny.toml"),
        ("compare m.tflite app.apk", "app.apk"),
        ("fix m.tflite --dry-run --rules tiny.toml", "tiny.toml"),
        ("log phone.txt", "phone.txt"),
        ("fleet show zoo.jsonl", "zoo.jsonl"),
        ("fleet diff zoo.jsonl zoo.jsonl", "zoo.jsonl"),
        ("rules diff gpu tiny.toml", "tiny.toml"),
        ("rules coverage --rules tiny.toml", "tiny.toml"),
        ("run m.tflite -d xnnpack --input a=x.npz", "x.npz"),
        ("evaluate m.tflite --data x.npz", "x.npz"),
    ],
)
def test_what_is_read_is_not_written_over(folder: Path, words: str, file: str) -> None:
    before = (folder / file).read_bytes()
    format = "table" if words.startswith("rules diff") else "markdown"
    done = run(*words.split(), "-o", f"{format}={file}")
    assert (done.code, done.out) == (2, b"")
    assert done.complaint == f"-o {file}: is read here, and would be lost; choose another place"
    assert (folder / file).read_bytes() == before


@pytest.mark.parametrize("words", ["audit m.tflite", "log phone.txt", "fleet show zoo.jsonl"])
@pytest.mark.parametrize("name", ["delegate-analyzer.toml", "pyproject.toml"])
def test_a_project_s_file_is_not_written_over(folder: Path, words: str, name: str) -> None:
    """Whether or not it was found."""
    (folder / name).write_text("fail-on = []")
    done = run(*words.split(), "-o", f"markdown={name}")
    assert done.complaint == f"-o {name}: is a project's file, which would be lost; choose another place"
    assert (folder / name).read_text() == "fail-on = []"


def test_a_baseline_spares_it_too(folder: Path) -> None:
    done = run("baseline", "write", "m.tflite", "-o", "tiny.toml", "--rules", "tiny.toml")
    assert done.complaint.startswith("-o tiny.toml: is read here")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_leads_to_it(folder: Path) -> None:
    (folder / "link.json").symlink_to("known.json")
    done = run("audit", "m.tflite", "--baseline", "known.json", "-o", "link.json")
    assert done.complaint.startswith("-o link.json: is read here")


def test_other_files_are_written_over(folder: Path) -> None:
    assert run("audit", "m.tflite", "--rules", "tiny.toml", "-o", "profile.json", "-q").code == 0
    assert (folder / "profile.json").stat().st_size > 100

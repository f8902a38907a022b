"""Adding cases to the archives."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

from analyzer.conformance.verdicts import Data, Truth
from tests.cli.models import chain, save
from tests.conformance.add import add
from tests.conformance.cases import FOLDER


def contents(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_folder_is_laid_over_the_archives(tmp_path: Path) -> None:
    here, new = tmp_path / "here", tmp_path / "new"
    here.mkdir()
    for name in ("cases.zip", "truth.zip", "targets.json"):
        shutil.copy(FOLDER / name, here)
    path = "synth/RELU/own.tflite"
    save(new / path, chain("RELU"))
    save(new / "synth" / "cases.jsonl", json.dumps({"path": path, "valid": True}).encode())
    save(new / "truth" / "gpu-classic.jsonl", json.dumps({"path": path, "supported": {"0": "1"}}).encode())
    before = contents(here / "cases.zip")
    add(new, here)
    after = contents(here / "cases.zip")
    assert after.keys() - before.keys() == {path}
    assert after["synth/cases.jsonl"].startswith(before["synth/cases.jsonl"])
    assert Data(here).truth("gpu-classic")[path] == Truth(path, {"0": "1"})


def test_adding_nothing_changes_nothing(tmp_path: Path) -> None:
    for name in ("cases.zip", "truth.zip"):
        shutil.copy(FOLDER / name, tmp_path)
    add(tmp_path / "empty", tmp_path)
    for name in ("cases.zip", "truth.zip"):
        assert contents(tmp_path / name) == contents(FOLDER / name)

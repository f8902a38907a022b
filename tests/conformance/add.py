"""Adds generated models, and what delegates said of them, to the archives here.

usage: python -m tests.conformance.add FOLDER

FOLDER has the data's own layout, unpacked: `synth/OPERATOR/CASE.tflite`, `synth/cases.jsonl`,
`truth/TARGET.jsonl` and `works/truth.jsonl`. What it says of a path takes the place of what stood here.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

HOST = Path(__file__).parent
_SEEN = "works/truth.jsonl"
#: Files in archives bear one date, so that the same contents are the same bytes.
_DATE = (2026, 1, 1, 0, 0, 0)


def add(folder: Path, to: Path = HOST) -> None:
    """Lay a folder over the archives in another."""
    models = {
        f"synth/{file.relative_to(folder / 'synth').as_posix()}": file for file in _files(folder / "synth")
    }
    _overlay(to / "cases.zip", models, zipfile.ZIP_DEFLATED)
    truth = {file.name: file for file in _files(folder / "truth")}
    _overlay(to / "truth.zip", truth, zipfile.ZIP_LZMA)
    seen, here = folder / _SEEN, to / _SEEN
    if seen.is_file():
        here.write_bytes(_lines(here.read_bytes(), seen.read_bytes()))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _overlay(archive: Path, files: dict[str, Path], compression: int) -> None:
    with zipfile.ZipFile(archive) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    for name, file in files.items():
        new = file.read_bytes()
        contents[name] = _lines(contents.get(name, b""), new) if name.endswith(".jsonl") else new
    zipped(archive, contents, compression)


def zipped(archive: Path, contents: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    """Write an archive whose bytes follow from its contents."""
    with zipfile.ZipFile(archive, "w", compression) as opened:
        for name, content in sorted(contents.items()):
            opened.writestr(zipfile.ZipInfo(name, _DATE), content, compression)


def _lines(before: bytes, after: bytes) -> bytes:
    """Lines on models, each told once, or once of a delegate; the latest word on it."""
    told = {_about(line): line for line in (*before.splitlines(), *after.splitlines())}
    return b"".join(line + b"\n" for line in told.values())


def _about(line: bytes) -> tuple[str, str]:
    # Python's own reader takes numbers that aren't finite, too.
    row = json.loads(line)
    return row["path"], row.get("delegate", "")


if __name__ == "__main__":
    add(Path(sys.argv[1]))

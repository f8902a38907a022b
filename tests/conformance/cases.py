"""The generated models, for every test that takes some of them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.conformance.verdicts import Data
from analyzer.model import Model, read_bytes

FOLDER = Path(__file__).parent
DATA = Data(FOLDER)


def models(below: str = "synth/", every: int = 1) -> Iterator[Model]:
    """Those whose paths begin so, or one in so many of them."""
    with zipfile.ZipFile(FOLDER / "cases.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith(below) and name.endswith(".tflite")]
        for name in names[::every]:
            yield read_bytes(archive.read(name), name)


def described() -> Iterator[tuple[dict[str, Any], bytes]]:
    """A description of each model, and its bytes."""
    with zipfile.ZipFile(FOLDER / "cases.zip") as archive:
        for line in archive.read("synth/cases.jsonl").splitlines():
            case = json.loads(line)
            yield case, archive.read(case["path"])

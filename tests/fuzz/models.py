"""Models to start from: cases of the conformance data, made ones with something of everything, real ones."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.mutation import without_weights
from tests.model.test_damaged import sample
from tests.sweeps.mutants.corpus import CASES

#: Every so manieth case; bytes of the largest real model, and of what is left without its weights.
_EACH, _LARGEST, _CUT = 29, 1 << 23, 1 << 16


def seeds() -> list[bytes]:
    """All of them; real ones where DELEGATE_ANALYZER_MODELS names their folder."""
    with zipfile.ZipFile(CASES) as archive:
        names = [name for name in archive.namelist() if name.endswith(".tflite")][::_EACH]
        return [sample(), *map(archive.read, names), *_real()]


def _real() -> Iterator[bytes]:
    folder = os.environ.get("DELEGATE_ANALYZER_MODELS")
    for file in sorted(Path(folder).rglob("*.tflite")) if folder else ():
        if file.stat().st_size > _LARGEST:
            continue
        try:
            data = without_weights(file.read_bytes())
        except Exception:
            # Some of them are older than the schema that is written.
            continue
        if len(data) <= _CUT:
            yield data

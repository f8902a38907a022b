"""Models by the paths that name them."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import pytest

from analyzer.errors import UsageError
from analyzer.sources import SAMPLE, STDIN, at_hand, find, find_one, load, on_disk

CONTENT = Path(find_one(SAMPLE).file or "").read_bytes()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, and a model on standard input."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(folder))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CONTENT)))
    return folder


def test_a_small_standard_input_stays_in_memory(temporary: Path) -> None:
    with at_hand(find_one(STDIN)) as source:
        assert (source.file, source.data, source.size) == (None, CONTENT, len(CONTENT))
        assert not [*temporary.iterdir()]
        assert load(source).subgraphs[0].operators


@pytest.mark.parametrize("in_memory", [0, 1, len(CONTENT) - 1])
def test_a_big_standard_input_is_kept_in_a_file_while_it_is_needed(temporary: Path, in_memory: int) -> None:
    with at_hand(find_one(STDIN), in_memory) as source:
        assert (source.name, source.data, source.size) == (STDIN, None, len(CONTENT))
        assert source.file is not None and Path(source.file).read_bytes() == CONTENT
        assert source.sha256 == hashlib.sha256(CONTENT).hexdigest()
        model = load(source)
    assert not [*temporary.iterdir()]
    # What was mapped is still there.
    assert any(tensor.data for tensor in model.subgraphs[0].tensors if tensor.data is not None)


def test_a_file_of_what_standard_input_holds() -> None:
    with on_disk(find_one(STDIN)) as source:
        assert Path(source.file or "").read_bytes() == CONTENT


def test_no_room_for_what_standard_input_holds() -> None:
    with (
        mock.patch("shutil.copyfileobj", side_effect=OSError(28, "No space left on device")),
        pytest.raises(UsageError, match=r"-: can't be kept in .* \(No space left on device\); make room"),
        at_hand(find_one(STDIN), 0),
    ):
        pass


def test_a_file_is_its_own_source(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(CONTENT)
    [source] = find([os.fspath(file)])
    with at_hand(source) as held, on_disk(source) as kept:
        assert held is kept is source

"""What outputs and answers of others may take."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from weakref import WeakSet

import pytest

from analyzer.cli.options.screen import width
from analyzer.execution.android.adb import Adb, AdbError
from analyzer.model import read, read_bytes
from tests.building import model, named_chain, operator, tensor
from tests.cli.models import chain, save
from tests.cli.running import run


@pytest.mark.parametrize("format", ["json", "html", "junit"])
def test_long_names_are_cut_with_a_mark(tmp_path: Path, format: str) -> None:
    file = save(tmp_path / "m.tflite", named_chain("n" * 100_000 + str(number) for number in range(11)))
    done = run("audit", file, "-d", "gpu,coreml", "--format", format, "--fail-on", "never")
    assert done.code == 0
    assert "n…" in done.text
    assert len(done.out) < 400_000


def test_names_are_shorter_where_there_are_many() -> None:
    shared = model(
        [tensor("x" * 2000, [1, 8])],
        [operator("NEG", [0], [0]) for _ in range(20_000)],
        inputs=[0],
        outputs=[0],
    )
    assert len(read_bytes(shared, "m").subgraphs[0].tensors[0].name) < 900


@pytest.mark.parametrize("stated", ["999999999", "-5", "0", "1e9", "9" * 5000])
def test_columns_that_are_no_width(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv("COLUMNS", stated)
    assert 0 < width() <= 1000


@pytest.mark.parametrize("format", ["json", "markdown", "html", "jsonl"])
def test_an_output_onto_a_model(tmp_path: Path, format: str) -> None:
    file = save(tmp_path / "m.tflite", chain("RELU"))
    before = file.read_bytes()
    done = run("audit", file, "-o", f"{format}={file}")
    assert (done.code, done.out) == (2, b"")
    assert "is a model, which would be lost" in done.complaint
    assert file.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="a script stands in for the client")
def test_an_answer_of_adb_without_end(tmp_path: Path) -> None:
    client = tmp_path / "adb"
    client.write_text("#!/bin/sh\nexec cat /dev/zero\n")
    client.chmod(0o755)
    with pytest.raises(AdbError, match="the answer is larger than 16 MB"):
        Adb(str(client)).devices()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs Linux")
def test_models_that_are_held_keep_few_files_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Before Python 3.13 a map keeps its file open, so that only some are mapped.
    most = 0 if sys.version_info >= (3, 13) else 5
    reading = import_module("analyzer.model.read")
    monkeypatch.setattr(reading, "_MOST_MAPPED", most)
    monkeypatch.setattr(reading, "_MAPPED", WeakSet())
    before = len(os.listdir("/proc/self/fd"))
    weights = tensor("w", [1 << 21], "INT8", data=bytes(1 << 21))
    data = model([tensor("x", [8]), weights, tensor("y", [8])], [operator("ADD", ["x", "w"], ["y"])])
    files = [save(tmp_path / f"{number}.tflite", data) for number in range(20)]
    held = [read(file) for file in files]
    assert len(os.listdir("/proc/self/fd")) <= before + most, held[0].path
    del held
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before

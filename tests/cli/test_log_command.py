"""`log`: a file or stdin, with and without a model; what can't be read is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import run
from tests.device_log import logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "phone.log"
    file.write_text(logs.CLASSIC, encoding="utf-8")
    return file


def test_a_log_is_told(log: Path) -> None:
    done = run("log", log)
    assert (done.code, done.err) == (0, "")
    assert "Operators that go to the GPU: 28. That stay on the CPU: 22, with those" in " ".join(
        done.text.split()
    )


def test_stdin() -> None:
    assert "CoreML" not in run("log", "-", stdin=logs.XCODE.encode()).text
    assert run("log", "-", "--format", "json", stdin=logs.XCODE.encode()).json["delegates"] == ["coreml"]


def test_the_exit_code_says_whether_it_is_as_predicted() -> None:
    line = "CoreML delegate: {} nodes delegated out of 50 nodes, with 1 partitions.\n"
    done = run("log", "-", "sample:", stdin=line.format(5).encode())
    assert done.code == 0
    assert "operators delegated: 5, as predicted" in done.text
    done = run("log", "-", "sample:", stdin=line.format(6).encode())
    assert done.code == 1
    assert "operators delegated: 6, predicted 5" in done.text


def test_files_get_the_format_of_their_ending(log: Path, tmp_path: Path) -> None:
    done = run("log", log, "-o", tmp_path / "told.md", "-o", tmp_path / "told.json")
    assert (done.code, done.out) == (0, b"")
    assert (tmp_path / "told.md").read_text(encoding="utf-8").startswith("## ")


def test_what_is_no_log_is_said_in_a_line(log: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ([tmp_path / "none.log"], "can't be read (No such file or directory); name the file of a log"),
        ([tmp_path], "can't be read"),
        ([log, tmp_path / "none.tflite"], "none.tflite"),
        ([log, "sample:", "-d", "gpuu"], "no such rule pack"),
        ([log, "-d", "gpu"], "name the model as well"),
        (["-", "-"], "not both"),
        ([log, "--format", "html"], "there is no such format"),
    ):
        done = run("log", *arguments)
        assert done.code == 2
        assert words in done.complaint


def test_the_schema_of_a_log() -> None:
    assert run("schema", "--of", "log").json["title"] == "Delegate Analyzer log"

"""However a run ends, it is said how, and nothing else comes to harm."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from analyzer.execution import process, worker
from analyzer.execution.request import Limits
from tests.building import model, operator, tensor
from tests.execution import models
from tests.execution.running import Given, hurry


def test_a_crash_is_told_with_its_signal_and_where(tmp_path: Path) -> None:
    result = Given(tmp_path, models.crashing()).run()
    assert result.status == "crashed"
    assert result.message.startswith("ended by SIGSEGV while building")
    assert result.measured is None and not result.outputs


def test_a_run_without_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hurry(monkeypatch, lambda: any(file.read_text() == "running" for file in tmp_path.rglob("stage")))
    result = Given(tmp_path, models.endless()).run(limits=Limits(seconds=120))
    assert (result.status, result.message) == (
        "timeout",
        "no answer within 120 s (--timeout), while running",
    )


def test_a_run_that_takes_too_much_memory_is_ended(tmp_path: Path) -> None:
    result = Given(tmp_path, models.huge()).run(limits=Limits(seconds=60, megabytes=300))
    assert (result.status, result.message) == (
        "failed",
        "needs more than the 300 MB it was allowed (--memory), while running",
    )


def test_timing_stops_at_half_of_the_time_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it takes long to start, no more than that is shown: only the other process is told of 6 s."""
    leave = worker.leave_task
    monkeypatch.setattr(worker, "leave_task", lambda folder, task: leave(folder, replace(task, seconds=6)))
    result = Given(tmp_path, models.chain("ABS")).run(limits=Limits(seconds=120), runs=10_000_000)
    assert result.status == "ok" and result.measured is not None
    latency = result.measured.latency
    assert latency.median is not None and 0 < latency.runs < 10_000_000
    assert f"{latency.runs} of 10000000 inferences timed" in result.measured.remarks[-1]


@pytest.mark.tensorflow
def test_what_the_runtime_says_is_passed_on(tmp_path: Path) -> None:
    strange = model([tensor("x", [1]), tensor("y", [1])], [operator("Unheard", ["x"], ["y"])])
    result = Given(tmp_path, strange).run()
    assert result.status == "failed"
    assert "Unheard" in result.message and "\n" not in result.message
    assert "its last words" not in result.message, "it said nothing else that tells"


def test_the_last_words_are_those_that_tell() -> None:
    log = """INFO: Created a delegate.
F0000 00:00:1 3 reader.cc:373] Check failed: CanReadValue(input)
*** Check failure stack trace: ***
    @     0x7f9b9a97c654  (unknown)
    @     0x7f9b9a97c618  tflite::Subgraph::AddNode()
"""
    words = "F0000 00:00:1 3 reader.cc:373] Check failed: CanReadValue(input)"
    assert process.with_words("ended", log) == f"ended; its last words: {words}"
    assert process.with_words("ended", "INFO: nothing") == "ended"


def test_a_folder_of_the_same_name_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "analyzer").mkdir()
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert Given(tmp_path, models.chain("ABS")).run().status == "ok"

"""Delegates in shared libraries, and what they are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.request import Limits
from analyzer.report.document.audit_document import json_schema
from tests.cli.running import run
from tests.execution import models
from tests.execution.delegates import compiled, needs_compiler
from tests.execution.running import Given
from tests.schemas import faults

pytestmark = needs_compiler


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    built = tmp_path_factory.mktemp("delegate") / "delegate.so"
    compiled(built)
    return str(built)


@pytest.mark.tensorflow
def test_a_library_is_loaded_and_watched(tmp_path: Path, library: str) -> None:
    result = Given(tmp_path, models.chain("ABS")).run("external", library=library)
    assert result.status == "ok", result.message
    assert result.measured is not None and result.measured.delegated == {0: ()}


def test_a_library_in_the_current_folder(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Given(tmp_path, models.chain("ABS"))
    monkeypatch.chdir(Path(library).parent)
    assert given.run("external", library=Path(library).name).status == "ok"


def test_options_reach_the_library(tmp_path: Path, library: str) -> None:
    result = Given(tmp_path, models.chain("ABS")).run(
        "external", library=library, options={"refuse": "no driver"}
    )
    assert result.status == "failed" and "no driver" in result.message


@pytest.mark.parametrize(("written", "left"), [("0", {"t1": 8}), ("24", {"t1": 2}), ("32", {})])
@pytest.mark.parametrize("samples", [1, 3])
def test_what_a_delegate_leaves_unwritten_is_found_out(
    tmp_path: Path, library: str, written: str, left: dict[str, int], samples: int
) -> None:
    given = Given(tmp_path, models.chain("ABS"), samples=samples)
    result = given.run("external", library=library, options={"write": written})
    assert result.measured is not None and result.measured.delegated == {0: (0,)}
    assert result.measured.never_written == left


def test_the_command_line_says_what_is_wrong_with_a_delegate(tmp_path: Path, library: str) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(models.chain("ABS", "EXP", "NEG"))
    options = ("--delegate-lib", library, "--delegate-option", "write=4", "--bisect", "--format", "json")
    done = run("run", file, *options)
    assert done.code == 1
    assert faults(done.json, json_schema()) == []
    (outcome,) = done.json["models"][0]["runs"]
    assert outcome["reasons"] == ["output t3: the run never wrote 7 of 8 elements"]
    assert outcome["outputs"][0]["never_written"] and not outcome["agrees"]
    (culprit,) = outcome["culprits"]
    assert (culprit["subgraph"], culprit["operator"], culprit["before"]) == (0, 0, None)
    assert culprit["output"]["name"] == "t1" and not culprit["alone"]["within"]


def test_the_text_for_an_issue_says_how_to_see_it(tmp_path: Path, library: str) -> None:
    file, small = tmp_path / "m.tflite", tmp_path / "so small.tflite"
    file.write_bytes(models.chain("ABS", "EXP", "NEG"))
    options = ("--delegate-lib", library, "--delegate-option", "write=4", "-o", small)
    command = "    delegate-analyzer run 'so small.tflite' "
    last = f"--delegate-lib {Path(library).name} --delegate-option write=4 --input 'so small.npz'\n"
    assert run("run", file, *options).code == 1
    assert f"{command}{last}" in small.with_suffix(".md").read_text()
    small.unlink()
    assert run("run", file, "-d", "coreml:max_partitions=3", *options).code == 1
    told = small.with_suffix(".md").read_text()
    assert f"{command}-d coreml:" in told and ":max_partitions=3:" in told and f" {last}" in told


def test_a_value_that_looks_unwritten_is_none(tmp_path: Path) -> None:
    bytes_of_the_pattern = {"t0": np.full((1, 8), 0xA5, np.uint8).repeat(4).view(np.float32).reshape(1, 8)}
    result = Given(tmp_path, models.chain("NEG", "NEG"), given=bytes_of_the_pattern).run()
    assert result.measured is not None and result.measured.never_written == {}


def test_what_a_delegate_starts_counts_too_and_is_ended_with_it(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARTED_FOR", str(tmp_path))
    result = Given(tmp_path, models.chain("ABS")).run(
        "external", Limits(60, megabytes=500), library=library, options={"start": "600"}
    )
    assert result.status == "failed"
    assert result.message == "needs more than the 500 MB it was allowed (--memory), while building"
    of_ours = [
        process
        for process in psutil.process_iter(["environ"])
        if (process.info["environ"] or {}).get("STARTED_FOR") == str(tmp_path)
    ]
    assert not psutil.wait_procs(of_ours, timeout=10)[1]


def test_a_file_that_is_no_library_says_so(tmp_path: Path) -> None:
    other = tmp_path / "other.so"
    other.write_text("text")
    result = Given(tmp_path, models.chain("ABS")).run("external", library=str(other))
    assert result.status == "failed" and "other.so" in result.message
    assert "its last words" not in result.message


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeUnavailable, match=r"--delegate-lib none.so: there is no such file"):
        Given(tmp_path, models.chain("ABS")).run("external", library="none.so")

"""Runs one model in a process of its own and says how that ended, whatever native code did to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.execution import process, sample_file
from analyzer.execution.request import (
    FAILED,
    OK,
    UNAVAILABLE,
    Limits,
    Measured,
    RunRequest,
    RunResult,
    Sample,
)
from analyzer.files import temporary_folder

#: The files through which the two processes talk.
TASK, SAMPLES, ANSWER, OUTPUTS, STAGE, LOG = "task", "samples.npz", "answer", "outputs.npz", "stage", "log"
#: Has TensorFlow keep to itself what it misses on this machine, but not what ends it.
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
#: What does a task of this module.
CHILD = "analyzer.execution.worker_main"


class Task(Struct, frozen=True):
    """A request for the other process, and the engine to run it on."""

    engine: str
    request: RunRequest
    #: What it may take.
    seconds: float
    megabytes: int = 0


class Answer(Struct, frozen=True):
    """The other process's answer: an error that the runtime raised, else what was measured, if anything."""

    #: Empty where all went well.
    error: str = ""
    unavailable: bool = False
    measured: Measured | None = None
    #: See `RunResult.before_failing`.
    delegated: Mapping[int, tuple[int, ...]] | None = None


def run(
    engine: str,
    request: RunRequest,
    samples: Sequence[Sample],
    limits: Limits,
) -> RunResult:
    """Run a request; nothing that the process does can harm this one."""
    with temporary_folder() as name:
        folder = Path(name)
        leave_task(folder, Task(engine, request, limits.seconds, limits.megabytes))
        sample_file.save(folder / SAMPLES, samples)
        return finish(folder, CHILD, limits)


def leave_task(folder: Path, task: Struct) -> None:
    """Write down what the other process is to do. Raises: UsageError where it names what has no text."""
    try:
        (folder / TASK).write_bytes(msgspec.msgpack.encode(task))
    except UnicodeEncodeError as error:
        raise UsageError(
            f"{error.object}: has bytes that aren't UTF-8, which runtimes don't take; name it otherwise"
        ) from None


def finish(folder: Path, module: str, limits: Limits, moved: Callable[[], bool] = lambda: False) -> RunResult:
    """Have a module do what a folder says; each time it has `moved` on, its time begins anew."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    # What it leaves behind in temporary folders goes with this one, however it ends.
    environment = {**_QUIET, **os.environ, "PYTHONPATH": path, "TMPDIR": os.fspath(folder)}
    command = [sys.executable, "-P", "-W", "ignore", "-m", module, os.fspath(folder)]
    ended = process.watch(command, folder / LOG, environment, limits, moved)
    log = _text(folder / LOG)
    stage = _text(folder / STAGE) or "starting"
    if failed := process.over_limit(ended, limits, stage, log):
        return failed
    if not (folder / ANSWER).is_file():
        return process.crash(ended, stage, log)
    return _result(folder, stage, log)


def _result(folder: Path, stage: str, log: str) -> RunResult:
    answer = msgspec.msgpack.decode((folder / ANSWER).read_bytes(), type=Answer)
    if answer.unavailable:
        return RunResult(status=UNAVAILABLE, message=answer.error, log=log)
    if answer.error:
        message = process.with_words(f"{answer.error}, while {stage}", log)
        return RunResult(status=FAILED, message=message, log=log, before_failing=answer.delegated)
    outputs: list[dict[str, Any]] = sample_file.load(folder / OUTPUTS)
    return RunResult(status=OK, measured=answer.measured, outputs=outputs, log=log)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""

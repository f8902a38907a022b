"""Runs one model in a process of its own and says how that ended, whatever native code did to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.runtime import arrays
from analyzer.runtime.interface import (
    CRASHED,
    FAILED,
    OK,
    TIMEOUT,
    UNAVAILABLE,
    Limits,
    Measured,
    RunRequest,
    RunResult,
    Sample,
)

#: The files through which the two processes talk.
TASK, SAMPLES, ANSWER, OUTPUTS, STAGE, LOG = "task", "samples.npz", "answer", "outputs.npz", "stage", "log"
#: What does a task of this module.
CHILD = "analyzer.runtime.child"

_POLL_SECONDS = 0.02
_LAST_WORDS = 300
#: Lines that runtimes write whatever happens.
_CHATTER = ("INFO", "I0", "W0", "WARNING: [", "WARNING: Logging before", "VERBOSE", "└", "===", "See instr")


class Task(Struct, frozen=True):
    """What the other process is to do."""

    engine: str
    request: RunRequest


class Answer(Struct, frozen=True):
    """What it came to: an error that the runtime raised, or measurements."""

    error: str = ""
    unavailable: bool = False
    measured: Measured | None = None


def run(
    engine: str,
    request: RunRequest,
    samples: Sequence[Sample],
    limits: Limits,
) -> RunResult:
    """Run a request; nothing that the process does can harm this one."""
    with TemporaryDirectory(prefix="delegate-analyzer-") as name:
        folder = Path(name)
        (folder / TASK).write_bytes(msgspec.msgpack.encode(Task(engine, request)))
        arrays.save(folder / SAMPLES, samples)
        return finish(folder, CHILD, limits)


def finish(folder: Path, module: str, limits: Limits, moved: Callable[[], bool] = lambda: False) -> RunResult:
    """Have a module do what a folder says; each time it has `moved` on, its time begins anew."""
    return _result(folder, _watch(folder, module, limits, moved), limits)


class _Ended(Struct, frozen=True):
    code: int
    late: bool
    #: The most memory that was seen in use, in bytes.
    peak: int


def _watch(folder: Path, module: str, limits: Limits, moved: Callable[[], bool]) -> _Ended:
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    with open(folder / LOG, "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, os.fspath(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # What it leaves behind in temporary folders goes with this one, however it ends.
            env={**os.environ, "PYTHONPATH": path, "TMPDIR": os.fspath(folder)},
            start_new_session=True,
        )
    late, peak, until = False, 0, time.monotonic() + limits.seconds
    try:
        while process.poll() is None:
            peak = max(peak, _resident(process.pid))
            if moved():
                until = time.monotonic() + limits.seconds
            late = time.monotonic() > until
            if late or peak > limits.megabytes << 20:
                break
            time.sleep(_POLL_SECONDS)
    finally:
        _end(process)
    return _Ended(process.returncode, late, peak)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with whatever it started, unless it ended by itself."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _resident(pid: int) -> int:
    """Bytes that a process holds in memory; 0 where the system doesn't tell."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _result(folder: Path, ended: _Ended, limits: Limits) -> RunResult:
    log = (folder / LOG).read_bytes().decode("utf-8", "replace")
    stage = _text(folder / STAGE) or "starting"
    if ended.peak > limits.megabytes << 20:
        limit = f"needs more than the {limits.megabytes} MB it was allowed, while {stage}"
        return RunResult(status=FAILED, message=limit, log=log)
    if ended.late:
        message = f"no answer within {limits.seconds:g} s, while {stage}"
        return RunResult(status=TIMEOUT, message=with_words(message, log), log=log)
    if not (folder / ANSWER).is_file():
        message = f"ended by {cause(ended.code)} while {stage}"
        return RunResult(status=CRASHED, message=with_words(message, log), log=log)
    answer = msgspec.msgpack.decode((folder / ANSWER).read_bytes(), type=Answer)
    if answer.unavailable:
        return RunResult(status=UNAVAILABLE, message=answer.error, log=log)
    if answer.measured is None:
        message = with_words(f"{answer.error}, while {stage}", log)
        return RunResult(status=FAILED, message=message, log=log)
    outputs: list[dict[str, Any]] = arrays.load(folder / OUTPUTS)
    return RunResult(status=OK, measured=answer.measured, outputs=outputs, log=log)


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "replace") if file.is_file() else ""


def cause(code: int) -> str:
    """What ended a process, by its exit code."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def with_words(message: str, log: str) -> str:
    """The message with the last that the runtime wrote, where it wrote anything that tells."""
    lines = [" ".join(line.split()) for line in log.splitlines()]
    telling = [line for line in lines if line and not line.startswith(_CHATTER)]
    words = " / ".join(dict.fromkeys(telling[-2:]))
    words = words if len(words) <= _LAST_WORDS else f"{words[: _LAST_WORDS - 1]}…"
    return f"{message}; its last words: {words}" if words else message

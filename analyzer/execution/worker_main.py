"""The other process: `python -m analyzer.execution.worker_main FOLDER` runs what `worker` left there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from analyzer.errors import RuntimeUnavailable
from analyzer.execution import sample_file, worker
from analyzer.execution.engines.lookup import engine
from analyzer.execution.request import Latency, Measured, Memory, RunRequest, Sample, Session
from analyzer.execution.worker import Answer, Task

#: What outputs are filled with before a run, and what they are filled with to make sure.
_PATTERN, _OTHER_PATTERN = 0xA5, 0x5A
#: The share of its time that a run may use up before it stops timing: what it has found must not be lost.
_TIMING = 0.5
#: What Linux calls the signal that a process gets when its parent ends.
_SET_DEATH_SIGNAL = 1
#: How many times its limits a process has before it ends by itself, and bytes that runtimes set aside unused.
_PATIENCE, _RUNTIMES = 4, 4 << 30
#: Seconds that an alarm can be set to.
_LONGEST = 2**31 - 1

_Kind = TypeVar("_Kind")


def main(folder: Path) -> None:
    """Do the task and leave an answer."""
    begun = time.monotonic()
    task = begin(folder, Task)
    limit(task.seconds, task.megabytes)
    samples = sample_file.load(folder / worker.SAMPLES)
    leave(folder, lambda: _run(folder, task, samples, begun + _TIMING * task.seconds))


def leave(folder: Path, act: Callable[[], tuple[Answer, list[dict[str, Any]]]]) -> None:
    """Act, and leave what it comes to, or what went wrong, where the other process looks for it."""
    try:
        answer, outputs = act()
        sample_file.save(folder / worker.OUTPUTS, outputs)
    except RuntimeUnavailable as error:
        answer = Answer(str(error), unavailable=True)
    except MemoryError:
        answer = Answer("MemoryError")
    except Exception as error:
        answer = Answer(_words(error))
    (folder / worker.ANSWER).write_bytes(msgspec.msgpack.encode(answer))


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _run(
    folder: Path, task: Task, samples: Sequence[Sample], until: float
) -> tuple[Answer, list[dict[str, Any]]]:
    def stage(name: str) -> None:
        (folder / worker.STAGE).write_text(name)

    request = task.request
    stage("loading the runtime")
    opened = engine(task.engine)
    opened.load()
    stage("building")
    before, start = memory("VmRSS"), time.perf_counter()
    session = opened.open(request)
    init = time.perf_counter() - start
    stage("running")
    try:
        outputs, first = _compute(session, samples)
    except Exception as error:
        return Answer(_words(error), delegated=_delegated(session)), []
    unwritten = _unwritten(session, samples[0], outputs[0])
    times = _time(session, samples[0], request, until)
    stage("asking what was delegated")
    peak = memory("VmHWM")
    measured = Measured(
        runtime=session.runtime,
        device=session.device,
        latency=latency(init, first, times, request),
        memory=Memory(before, peak) if peak else None,
        delegated=session.delegated(),
        never_written=unwritten,
        remarks=(*session.remarks, *_stopped(times, request)),
    )
    return Answer(measured=measured), outputs


def _delegated(session: Session) -> Mapping[int, tuple[int, ...]] | None:
    """Operators that a failed session had delegated; None where it is past answering."""
    try:
        return session.delegated()
    except Exception:
        return None


def _compute(session: Session, samples: Sequence[Sample]) -> tuple[list[dict[str, Any]], float]:
    """Each sample's outputs, and the first inference in seconds."""
    outputs: list[dict[str, Any]] = []
    first = 0.0
    for sample in samples:
        session.feed(sample)
        session.mark(_PATTERN)
        start = time.perf_counter()
        session.invoke()
        outputs.append(session.fetch())
        first = first or time.perf_counter() - start
    return outputs, first


def _unwritten(session: Session, sample: Sample, outputs: Mapping[str, Any]) -> dict[str, int]:
    """Elements of each output that are what they were filled with, whatever that is."""
    suspects = {name: kept for name, values in outputs.items() if (kept := _holding(values, _PATTERN)).any()}
    if not suspects:
        return {}
    session.feed(sample)
    session.mark(_OTHER_PATTERN)
    session.invoke()
    again = session.fetch()
    left = {
        name: int((kept & _holding(again[name], _OTHER_PATTERN)).sum()) for name, kept in suspects.items()
    }
    return {name: count for name, count in left.items() if count}


def _holding(values: Any, pattern: int) -> Any:
    """A mask of the elements that are made of one byte alone."""
    import numpy as np

    raw = np.frombuffer(values.tobytes(), np.uint8).reshape(values.size, values.itemsize)
    return (raw == pattern).all(axis=1)


def _time(session: Session, sample: Sample, request: RunRequest, until: float) -> list[float]:
    """Seconds of each inference after those that warm up, until its outputs are there.

    An accelerator may compute on after it is invoked, until it is asked for them.
    """
    times: list[float] = []
    for number in range(request.warmup + request.runs if request.runs else 0):
        if time.monotonic() > until:
            break
        session.feed(sample)
        start = time.perf_counter()
        session.invoke()
        session.fetch()
        if number >= request.warmup:
            times.append(time.perf_counter() - start)
    return times


def _stopped(times: Sequence[float], request: RunRequest) -> tuple[str, ...]:
    if len(times) >= request.runs:
        return ()
    return (f"{len(times)} of {request.runs} inferences timed: more would take too long (--timeout).",)


def latency(init: float, first: float, times: Sequence[float], request: RunRequest) -> Latency:
    """Times in milliseconds, out of seconds."""
    import numpy as np

    median, p90 = (float(np.percentile(times, q)) * 1000 for q in (50, 90)) if times else (None, None)
    each = tuple(round(seconds * 1000, 4) for seconds in times)
    return Latency(init * 1000, first * 1000, median, p90, len(times), request.warmup, request.threads, each)


def memory(field: str) -> int:
    """A figure of this process's own, in bytes; 0 where the system keeps none."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith(field))
    except (OSError, StopIteration):
        return 0


def begin(folder: Path, kind: type[_Kind]) -> _Kind:
    """What a folder says to do, by a process that ends with its parent and dumps no core."""
    task = msgspec.msgpack.decode((folder / worker.TASK).read_bytes(), type=kind)
    end_with_parent()
    without_core_dumps()
    return task


def end_with_parent() -> None:
    """However the process ends that started this one, also where it can't say so."""
    if sys.platform != "linux":
        return
    import ctypes
    import signal

    parent = os.getppid()
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def limit(seconds: float, megabytes: int) -> None:
    """Hold to what the other process watches over more closely, should it come to stand still."""
    try:
        import resource
        import signal
    except ImportError:
        return
    signal.alarm(int(min(seconds * _PATIENCE + 10, _LONGEST)))
    if megabytes:
        resource.setrlimit(resource.RLIMIT_DATA, ((megabytes * _PATIENCE << 20) + _RUNTIMES,) * 2)


def without_core_dumps() -> None:
    """A process that ends badly leaves nothing behind."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # All that is wanted is written; taking a model apart would take time, and drivers crash or hang over it.
    os._exit(0)

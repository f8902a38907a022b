"""Runs a model on every sample of a data set, in a process of its own that reads and judges by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from analyzer.evaluation import keras
from analyzer.evaluation.datasets import Source
from analyzer.evaluation.metrics import OutputMetrics
from analyzer.execution import worker
from analyzer.execution.engines import lookup
from analyzer.execution.request import FAILED, Engine, Entry, Limits, RunRequest, RunResult

CHILD = "analyzer.evaluation.inference_main"
PROGRESS, OUTCOME = "progress", "found"

#: The entry of a model whose inside isn't known here.
OPAQUE = Entry(None, 0, (), ())


class Task(Struct, frozen=True, kw_only=True):
    """The other process's work: a model on an engine, and a data set."""

    engine: str
    request: RunRequest
    source: Source
    batch: int = 1
    #: What labels hold; None where they tell.
    task: str | None = None
    #: The class of each of the model's outputs, or what their numbers exceed those of classes by.
    order: tuple[int, ...] = ()
    offset: int = 0
    #: The folder of the first model's run, which this one's answers are compared with.
    first: str | None = None


class Times(Struct, frozen=True):
    """Milliseconds; `median`, `mean` and `p90` for each sample."""

    init: float
    first: float
    median: float
    mean: float
    p90: float


class Outcome(Struct, frozen=True):
    """A model's times and metrics, or why there are none."""

    times: Times
    answers: tuple[OutputMetrics, ...] = ()
    problem: str = ""


def engine(name: str) -> Engine:
    """TensorFlow for models that aren't .tflite files yet, else the engine of execution that has the name.

    Raises: RuntimeUnavailable.
    """
    return cast(Engine, keras) if name == keras.NAME else lookup.engine(name)


def infer(
    task: Task, folder: Path, limits: Limits, moved: Callable[[int], None]
) -> tuple[RunResult, Outcome | None]:
    """Run a task in a new folder. What it found is None where it came to no end.

    `limits.seconds` are those without any progress, of which `moved` is told in samples.
    """
    folder.mkdir()
    worker.leave_task(folder, task)
    progress = _Progress(folder / PROGRESS, moved)
    result = worker.finish(folder, CHILD, limits, progress)
    progress()
    if result.measured is None:
        return result, None
    outcome = msgspec.msgpack.decode((folder / OUTCOME).read_bytes(), type=Outcome)
    if outcome.problem:
        return replace(result, status=FAILED, message=outcome.problem), None
    return result, outcome


class _Progress:
    """Tells of the number of samples that a file holds, each time it is another one."""

    def __init__(self, file: Path, moved: Callable[[int], None]) -> None:
        self._file = file
        self._moved = moved
        self._seen = b""

    def __call__(self) -> bool:
        now = self._file.read_bytes() if self._file.is_file() else b""
        if now == self._seen:
            return False
        self._seen = now
        self._moved(int(now or b"0"))
        return True

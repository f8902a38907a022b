"""Models side by side on a labelled data set: accuracy, inference time, size."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.model import read
from analyzer.runtime import datasets, engines, entries, keras, prediction
from analyzer.runtime.datasets import Source
from analyzer.runtime.interface import FAILED, OK, Limits, Measured, RunRequest, RunResult
from analyzer.runtime.scores import CLASSIFICATION, TOP, ClassScore, Difference, Score, Truth

_CHUNK = 1 << 20


class Backend(Struct, frozen=True):
    """An engine with what it is told; `name` is how the user writes that."""

    name: str
    engine: str
    parameters: Mapping[str, Any] = {}


class Candidate(Struct, frozen=True):
    """A model on a backend."""

    path: str
    backend: Backend


class Settings(Struct, frozen=True):
    """How models are evaluated, whichever they are; `task` is None where the labels tell."""

    source: Source
    task: str | None = None
    signature: str | None = None
    batch: int = 1
    threads: int = 1
    warmup: int = 3
    limits: Limits = Limits()
    vulkan_driver: str | None = None


class Size(Struct, frozen=True):
    """Bytes of a file, or of a folder's files together, as they are and through gzip."""

    bytes: int
    gzip_bytes: int


class Times(Struct, frozen=True):
    """Milliseconds; `mean` and `p90` for each sample."""

    init: float
    first: float
    mean: float
    p90: float


class Result(Struct, frozen=True, kw_only=True):
    """How one candidate did; what couldn't be measured is None."""

    candidate: Candidate
    size: Size
    #: Of a .tflite model.
    operators: int = 0
    status: str
    message: str = ""
    measured: Measured | None = None
    times: Times | None = None
    score: Score | None = None
    #: Against the first candidate; None for itself.
    difference: Difference | None = None
    classes: tuple[ClassScore, ...] = ()

    @property
    def left(self) -> int:
        """How many operators a delegate left, as far as the runtime tells."""
        delegated = self.measured.delegated if self.measured else None
        if delegated is None or self.candidate.backend.engine == engines.REFERENCE:
            return 0
        return self.operators - sum(map(len, delegated.values()))


class Evaluation(Struct, frozen=True):
    """Every candidate on the same samples."""

    settings: Settings
    task: str
    samples: int
    #: How many classes the samples are of; 0 for numbers.
    classes: int
    results: tuple[Result, ...]

    @property
    def complete(self) -> bool:
        return all(result.status == OK for result in self.results)


#: Gives, for a candidate and the number of samples, what is told how many of them are done.
Watch = Callable[[Candidate, int], AbstractContextManager[Callable[[int], None]]]


def candidates(paths: Sequence[str], backends: Sequence[Backend]) -> Iterator[Candidate]:
    """Every .tflite model on every backend; Keras's own on TensorFlow."""
    for path in paths:
        own = [Backend(engines.KERAS, engines.KERAS)] if keras.is_ours(path) else backends
        yield from (Candidate(path, backend) for backend in own)


def evaluate(chosen: Sequence[Candidate], settings: Settings, watch: Watch) -> Evaluation:
    """Run all candidates, one after the other.

    Raises: UsageError, ModelError, RuntimeUnavailable, all before anything runs.
    """
    data = datasets.open(settings.source)
    truth = Truth(data.labels, data.classes, settings.task)
    jobs = [_job(candidate, data.shape, settings) for candidate in chosen]
    for job in jobs:
        engines.engine(job.candidate.backend.engine).check(job.request)
    results: list[Result] = []
    first: Any = None
    for job in jobs:
        with watch(job.candidate, len(truth.values)) as moved:
            ran = prediction.predict(_task(job, truth, settings), settings.limits, moved)
        outputs = ran.outputs[0] if ran.outputs else {}
        results.append(_result(job, ran, outputs, truth, first if results else None, settings.batch))
        if len(results) == 1 and results[0].status == OK:
            first = outputs[prediction.FOUND]
    classes = len(set(truth.values.tolist())) if truth.task == CLASSIFICATION else 0
    return Evaluation(settings, truth.task, len(truth.values), classes, tuple(results))


class _Job(Struct, frozen=True):
    """A candidate, ready to run; `operators` are its model's."""

    candidate: Candidate
    request: RunRequest
    operators: int = 0


def _job(candidate: Candidate, sample: tuple[int, ...] | None, settings: Settings) -> _Job:
    request = RunRequest(
        model=candidate.path,
        entry=replace(prediction.OPAQUE, key=settings.signature),
        parameters=candidate.backend.parameters,
        threads=settings.threads,
        warmup=settings.warmup,
        vulkan_driver=settings.vulkan_driver,
    )
    if candidate.backend.engine == engines.KERAS:
        return _Job(candidate, request)
    model = read(candidate.path)
    entry = entries.entries(model, settings.signature)[0]
    shapes = prediction.shapes(model, entry, sample, settings.batch)
    operators = sum(len(subgraph.operators) for subgraph in model.subgraphs)
    return _Job(candidate, replace(request, entry=entry, shapes=shapes), operators)


def _task(job: _Job, truth: Truth, settings: Settings) -> prediction.Task:
    return prediction.Task(
        engine=job.candidate.backend.engine,
        request=job.request,
        source=settings.source,
        batch=settings.batch,
        ranks=TOP if truth.task == CLASSIFICATION else 0,
    )


def _result(
    job: _Job, ran: RunResult, outputs: Mapping[str, Any], truth: Truth, first: Any, batch: int
) -> Result:
    """What a run came to; `first` are the first candidate's predictions, None for itself."""
    result = Result(
        candidate=job.candidate,
        size=_size(job.candidate.path),
        operators=job.operators,
        status=ran.status,
        message=ran.message,
        measured=ran.measured,
    )
    if ran.measured is None:
        return result
    found, width = outputs[prediction.FOUND], int(outputs[prediction.WIDTH])
    problem = truth.problem(width)
    if problem is not None:
        return replace(result, status=FAILED, message=problem)
    return replace(
        result,
        times=_times(ran.measured, outputs[prediction.SECONDS], batch),
        score=truth.score(found, width),
        difference=None if first is None else truth.difference(first, found),
        classes=truth.classes(found if first is None else first, found),
    )


def _times(measured: Measured, seconds: Any, batch: int) -> Times:
    import numpy as np

    each = seconds * 1000 / batch
    latency = measured.latency
    return Times(latency.init, latency.first or 0.0, float(each.mean()), float(np.percentile(each, 90)))


def _size(path: str) -> Size:
    """Read a piece at a time."""
    total, packed, pack = 0, 0, zlib.compressobj(9, wbits=31)
    for file in _files(path):
        with open(file, "rb") as opened:
            while chunk := opened.read(_CHUNK):
                total += len(chunk)
                packed += len(pack.compress(chunk))
    return Size(total, packed + len(pack.flush()))


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    for at, folders, names in os.walk(path):
        folders.sort()
        yield from (os.path.join(at, name) for name in sorted(names))

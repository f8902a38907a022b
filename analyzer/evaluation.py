"""Models side by side on a labelled data set: accuracy, inference time, size."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec import Struct

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
    status: str
    message: str = ""
    measured: Measured | None = None
    times: Times | None = None
    score: Score | None = None
    #: Against the first candidate; None for itself.
    difference: Difference | None = None
    classes: tuple[ClassScore, ...] = ()


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
    requests = [_request(candidate, data.shape, settings) for candidate in chosen]
    for candidate, request in zip(chosen, requests, strict=True):
        engines.engine(candidate.backend.engine).check(request)
    judge = _Judge(truth, settings)
    results = []
    for candidate, request in zip(chosen, requests, strict=True):
        with watch(candidate, len(truth.values)) as moved:
            results.append(judge.result(candidate, request, moved))
    classes = len(set(truth.values.tolist())) if truth.task == CLASSIFICATION else 0
    return Evaluation(settings, truth.task, len(truth.values), classes, tuple(results))


def _request(candidate: Candidate, sample: tuple[int, ...] | None, settings: Settings) -> RunRequest:
    entry, shapes = prediction.OPAQUE, {}
    if candidate.backend.engine != engines.KERAS:
        model = read(candidate.path)
        entry = entries.entries(model, settings.signature)[0]
        shapes = prediction.shapes(model, entry, sample, settings.batch)
    return RunRequest(
        model=candidate.path,
        entry=entry,
        parameters=candidate.backend.parameters,
        shapes=shapes,
        threads=settings.threads,
        warmup=settings.warmup,
        vulkan_driver=settings.vulkan_driver,
    )


class _Judge:
    """Runs candidates and holds each against the truth and against the first."""

    def __init__(self, truth: Truth, settings: Settings) -> None:
        self._truth = truth
        self._settings = settings
        self._first: Any = None
        self._begun = False

    def result(self, candidate: Candidate, request: RunRequest, moved: Callable[[int], None]) -> Result:
        settings = self._settings
        ranks = TOP if self._truth.task == CLASSIFICATION else 0
        limits = settings.limits
        task = prediction.Task(
            candidate.backend.engine, request, limits.megabytes, settings.source, settings.batch, ranks
        )
        ran, first = prediction.predict(task, limits, moved), not self._begun
        self._begun = True
        return self._judged(candidate, ran, first)

    def _judged(self, candidate: Candidate, ran: RunResult, first: bool) -> Result:
        size = _size(candidate.path)
        if ran.measured is None:
            return Result(candidate=candidate, size=size, status=ran.status, message=ran.message)
        [outputs] = ran.outputs
        found, width = outputs[prediction.FOUND], int(outputs[prediction.WIDTH])
        problem = self._truth.problem(width)
        if problem is not None:
            return Result(candidate=candidate, size=size, status=FAILED, message=problem)
        if first:
            self._first = found
        against = found if self._first is None else self._first
        compared = not first and self._first is not None
        return Result(
            candidate=candidate,
            size=size,
            status=OK,
            measured=ran.measured,
            times=_times(ran.measured, outputs[prediction.SECONDS], self._settings.batch),
            score=self._truth.score(found, width),
            difference=self._truth.difference(against, found) if compared else None,
            classes=self._truth.classes(against, found),
        )


def _times(measured: Measured, seconds: Any, batch: int) -> Times:
    import numpy as np

    each = seconds * 1000 / batch
    latency = measured.latency
    return Times(latency.init, latency.first, float(each.mean()), float(np.percentile(each, 90)))


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

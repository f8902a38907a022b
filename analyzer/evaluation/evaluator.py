"""Models side by side on a labelled data set: accuracy, inference time, size."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.configurations import configure
from analyzer.evaluation import class_names, datasets, inference, io_mapping, keras, metrics
from analyzer.evaluation.class_names import ClassNumbers
from analyzer.evaluation.datasets import Dataset, Source
from analyzer.evaluation.inference import Times
from analyzer.evaluation.metrics import ClassMetrics, OutputMetrics
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import signatures
from analyzer.execution.request import OK, Limits, Measured, RunRequest
from analyzer.files import temporary_folder
from analyzer.model import read
from analyzer.rules.registry import Packs
from analyzer.sources import find_one, on_disk

_CHUNK = 1 << 20


class Backend(Struct, frozen=True):
    """An engine with what it is told; `name` is how the user writes that."""

    name: str
    engine: str
    parameters: Mapping[str, Any] = {}
    #: A delegate's shared library with its options.
    library: str | None = None
    options: Mapping[str, str] = {}


class Candidate(Struct, frozen=True):
    """A model on a backend; `held` is the file it is in, where that isn't what it is called."""

    path: str
    backend: Backend
    held: str = ""

    @property
    def file(self) -> str:
        """The file, or folder, to read."""
        return self.held or self.path


class Settings(Struct, frozen=True):
    """Settings of all models alike; `task` is None where the labels tell."""

    source: Source
    task: str | None = None
    #: A file that names the outputs of every model; None leaves it to each model's metadata.
    labels: str | None = None
    #: What the numbers of outputs exceed those of classes by.
    offset: int = 0
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


class Result(Struct, frozen=True, kw_only=True):
    """A candidate's figures; what couldn't be measured is None."""

    candidate: Candidate
    size: Size
    #: Of a .tflite model.
    operators: int = 0
    status: str
    message: str = ""
    measured: Measured | None = None
    times: Times | None = None
    #: One for each output that there are labels for.
    answers: tuple[OutputMetrics, ...] = ()

    @property
    def left(self) -> int:
        """The number of operators that a delegate left, as far as the runtime tells."""
        delegated = self.measured.delegated if self.measured else None
        if delegated is None or self.candidate.backend.engine == lookup.REFERENCE:
            return 0
        return self.operators - sum(map(len, delegated.values()))

    def of(self, target: str) -> OutputMetrics | None:
        return next((output for output in self.answers if output.target == target), None)


class Evaluation(Struct, frozen=True):
    """Every candidate on the same samples."""

    settings: Settings
    samples: int
    results: tuple[Result, ...]

    def __repr__(self) -> str:
        measured = sum(result.status == OK for result in self.results)
        return f"<Evaluation on {self.samples} samples: {measured} of {len(self.results)} measured>"

    @property
    def complete(self) -> bool:
        """Whether all could be measured."""
        return all(result.status == OK for result in self.results)

    @property
    def targets(self) -> tuple[str, ...]:
        """The arrays that any model's outputs were compared with."""
        return tuple(dict.fromkeys(output.target for result in self.results for output in result.answers))


#: Candidate, number of samples -> what is told, while the candidate runs, how many of them are done.
ProgressOf = Callable[[Candidate, int], AbstractContextManager[Callable[[int], None]]]


def backends(packs: Packs, specs: Sequence[str]) -> Iterator[Backend]:
    """Delegates with their packs' parameters, or the built-in kernels alone, which no pack describes.

    Without any, what the interpreter does by itself; what comes to the same is there once.
    Raises: UsageError, RuleError.
    """
    given: list[tuple[str, Mapping[str, Any]]] = []
    for backend in _asked(packs, specs or (lookup.DEFAULT,)):
        if (told := (backend.engine, backend.parameters)) not in given:
            given.append(told)
            yield backend


def _asked(packs: Packs, specs: Sequence[str]) -> Iterator[Backend]:
    for spec in specs:
        if spec == lookup.REFERENCE:
            yield Backend(spec, spec)
        else:
            yield from (
                Backend(spec, each.pack.delegate, each.parameters) for each in configure(packs, [spec])
            )


def candidates(
    paths: Sequence[str], backends: Sequence[Backend], held: Mapping[str, str] = {}
) -> Iterator[Candidate]:
    """Every .tflite model on every backend; Keras's own on TensorFlow. `held` are files of members."""
    for path in paths:
        own = [Backend(keras.NAME, keras.NAME)] if keras.is_ours(path) else backends
        yield from (Candidate(path, backend, held.get(path, "")) for backend in own)


@contextmanager
def held(paths: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Files of models that aren't in one, members of archives, say. Raises: ModelError, UsageError."""
    with ExitStack() as stack:
        files: dict[str, str] = {}
        for path in dict.fromkeys(paths):
            source = None if keras.is_ours(path) else find_one(path)
            if source is not None and (source.member or source.file != path):
                files[path] = str(stack.enter_context(on_disk(source)).file)
        yield files


def evaluate(chosen: Sequence[Candidate], settings: Settings, watch: ProgressOf) -> Evaluation:
    """Run all candidates, one after the other.

    Raises: UsageError, ModelError, RuntimeUnavailable, all before anything runs.
    """
    tasks = [_task(candidate, settings) for candidate in chosen]
    # Before data is read, which takes what comes with an engine.
    for task in tasks:
        inference.engine(task.engine).check(task.request)
    data = datasets.open(settings.source)
    jobs = list(_jobs(zip(chosen, tasks, strict=True), data, settings))
    results: list[Result] = []
    with temporary_folder() as name:
        folders = [Path(name, str(number)) for number in range(len(jobs))]
        for job, folder in zip(jobs, folders, strict=True):
            compared = results and results[0].status == OK
            task = replace(job.task, first=str(folders[0]) if compared else None)
            with watch(job.candidate, data.samples) as moved:
                ran, outcome = inference.infer(task, folder, settings.limits, moved)
            result = Result(
                candidate=job.candidate,
                size=_size(job.candidate.file),
                operators=job.operators,
                status=ran.status,
                message=ran.message,
                measured=ran.measured,
                times=outcome.times if outcome else None,
                answers=tuple(_named(output, data.classes) for output in outcome.answers) if outcome else (),
            )
            results.append(result)
    return Evaluation(settings, data.samples, tuple(results))


class _Job(Struct, frozen=True):
    """A candidate, ready to run; `operators` are its model's."""

    candidate: Candidate
    task: inference.Task
    operators: int = 0


def _jobs(
    chosen: Iterable[tuple[Candidate, inference.Task]], data: Dataset, settings: Settings
) -> Iterator[_Job]:
    given = class_names.read(settings.labels) if settings.labels else ()
    numbers = ClassNumbers(data.classes)
    for candidate, task in chosen:
        if candidate.backend.engine == keras.NAME:
            yield _Job(candidate, replace(task, order=numbers.of(candidate.path, given)))
        else:
            yield _tflite(candidate, task, data, settings, given, numbers)


def _tflite(
    candidate: Candidate,
    task: inference.Task,
    data: Dataset,
    settings: Settings,
    given: Sequence[str],
    numbers: ClassNumbers,
) -> _Job:
    path, model = candidate.path, read(candidate.file, candidate.path)
    entry = signatures.entries(model, settings.signature)[0]
    bindings = io_mapping.bind_inputs(path, io_mapping.model_inputs(model, entry), data)
    outputs = io_mapping.bind_outputs(path, io_mapping.model_outputs(model, entry), data)
    for binding in outputs:
        metrics.truth(data, binding.array, settings.task)
    described = outputs[0].io.described
    known = given or class_names.embedded(candidate.file, described.labels if described else None)
    request = replace(
        task.request, entry=entry, shapes=io_mapping.resized(path, bindings, data, settings.batch)
    )
    order = numbers.of(path, known) if len(outputs) == 1 else ()
    operators = sum(len(subgraph.operators) for subgraph in model.subgraphs)
    return _Job(candidate, replace(task, request=request, order=order), operators)


def _task(candidate: Candidate, settings: Settings) -> inference.Task:
    backend = candidate.backend
    request = RunRequest(
        model=candidate.file,
        entry=replace(inference.OPAQUE, key=settings.signature),
        parameters=backend.parameters,
        threads=settings.threads,
        warmup=settings.warmup,
        library=backend.library,
        options=backend.options,
        vulkan_driver=settings.vulkan_driver,
    )
    return inference.Task(
        engine=backend.engine,
        request=request,
        source=settings.source,
        batch=settings.batch,
        task=settings.task,
        offset=settings.offset,
    )


def _named(answers: OutputMetrics, classes: Mapping[str, int]) -> OutputMetrics:
    """With the names of classes, where they have any."""
    names = {number: name for name, number in classes.items()}

    def named(score: ClassMetrics) -> ClassMetrics:
        return replace(score, name=names.get(score.number))

    return replace(answers, classes=tuple(map(named, answers.classes)))


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

"""Many models: finding them and auditing them, in several processes where asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.audit import Auditor, configure
from analyzer.errors import ModelError
from analyzer.model import Model, read, read_bytes
from analyzer.policy import read_policies
from analyzer.report import convert, document
from analyzer.rules.packs import Packs

SAMPLE = "sample:"
STDIN = "-"
ENDING = ".tflite"


class Found(Struct, frozen=True):
    """A model to audit: what it is called, and its file (None: standard input)."""

    name: str
    file: str | None


class Task(Struct, frozen=True):
    """What every model of a run is audited for; plain texts, so that any process can take it up."""

    delegates: tuple[str, ...]
    rules: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = {}
    #: Whether to compute each file's SHA-256.
    hash: bool = False


class Answer(Struct, frozen=True):
    """What became of one model: its part of the document, why policies fail, why it can't be read."""

    model: document.Model
    reasons: tuple[str, ...] = ()
    error: str | None = None


def find(paths: Sequence[str]) -> list[Found]:
    """The models that paths name: files, folders (recursive, sorted), `sample:` and `-`.

    A link is followed only where it is itself named. Raises: ModelError for a folder without models.
    """
    found: list[Found] = []
    for path in paths:
        if path == SAMPLE:
            found.append(Found(SAMPLE, str(Path(__file__).parent / "model" / "sample.tflite")))
        elif path == STDIN:
            found.append(Found(STDIN, None))
        elif os.path.isdir(path):
            inside = list(_inside(path))
            if not inside:
                raise ModelError(
                    path, f"no model ({ENDING}) in this folder", "name a model or another folder"
                )
            found += inside
        else:
            found.append(Found(path, path))
    return found


def _inside(folder: str) -> Iterator[Found]:
    files = []
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in names:
            file = os.path.join(at, name)
            if name.lower().endswith(ENDING) and not os.path.islink(file):
                files.append(file)
    prefix = folder.rstrip("/" + os.sep)
    for file in sorted(files):
        relative = os.path.relpath(file, folder).replace(os.sep, "/")
        yield Found(f"{prefix}/{relative}" if prefix else f"/{relative}", file)


def load(found: Found) -> Model:
    """Read a model that was found. Raises: ModelError."""
    if found.file is None:
        return read_bytes(sys.stdin.buffer.read(), found.name)
    return read(found.file, found.name)


class Worker:
    """Audits one model after another for the same task.

    Raises: UsageError, RuleError.
    """

    def __init__(self, task: Task) -> None:
        packs = Packs(Path(file) for file in task.rules)
        configurations = configure(packs, task.delegates)
        self.delegates = [one.pack.delegate for one in configurations]
        self._auditor = Auditor(packs, configurations)
        self._policies = read_policies(task.fail_on, self.delegates)
        self.task = task

    def answer(self, found: Found) -> Answer:
        """Audit one model; an error that is about the model becomes part of the answer."""
        try:
            model = load(found)
            audit = self._auditor.audit(model, self.task.shapes)
        except ModelError as error:
            return Answer(convert.unread(found.name, _size(found), error), error=str(error))
        reasons = [reason for policy in self._policies for reason in policy.reasons(audit)]
        return Answer(convert.model(audit, _digest(found) if self.task.hash else None), tuple(reasons))


def _size(found: Found) -> int:
    try:
        return os.path.getsize(found.file) if found.file else 0
    except OSError:
        return 0


def _digest(found: Found) -> str | None:
    """SHA-256 of a file; None for standard input, which is gone."""
    if found.file is None:
        return None
    import hashlib

    with open(found.file, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def answers(worker: Worker, models: Sequence[Found], jobs: int) -> Iterator[Answer]:
    """Audit models in their order, in `jobs` processes where there are enough models for that."""
    if jobs <= 1 or len(models) < 2 or any(found.file is None for found in models):
        for found in models:
            yield worker.answer(found)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs, initializer=_start, initargs=(worker.task,)) as pool:
        for encoded in pool.map(_answer, models, chunksize=16):
            yield msgspec.msgpack.decode(encoded, type=Answer)


_workers: list[Worker] = []


def _start(task: Task) -> None:
    _workers.append(Worker(task))


def _answer(found: Found) -> bytes:
    return msgspec.msgpack.encode(_workers[0].answer(found))

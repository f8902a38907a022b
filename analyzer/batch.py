"""Many models: finding them and auditing them, in several processes where asked."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure, fallbacks
from analyzer.auditing.policy import read_policies
from analyzer.errors import InputError, ModelError, UsageError
from analyzer.model import Model, read, read_bytes
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs

SAMPLE = "sample:"
STDIN = "-"
ENDING = ".tflite"


class ModelSource(Struct, frozen=True):
    """A model to audit: what it is called, and its file (None: standard input) or, once read, its bytes."""

    name: str
    file: str | None
    data: bytes = b""


class Task(Struct, frozen=True):
    """What every model of a run is audited for; plain texts, so that any process can take it up."""

    #: None: the rule files' own, else those that packs state a default order for.
    delegates: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    fail_on: tuple[str, ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = {}
    #: Custom operators that the app registers kernels for, as names or patterns.
    registered: tuple[str, ...] = ()
    #: Whether to compute each file's SHA-256.
    hash: bool = False
    #: Whether to tell every operator's operands and where it runs, and every tensor too.
    everything: bool = False


class MissingInput(Struct, frozen=True):
    """An input that was to be resized and that a model hasn't, and those that it has."""

    input: str
    known: tuple[str, ...]


class ModelResult(Struct, frozen=True):
    """What became of one model: its part of the document, why policies fail, why it can't be audited."""

    model: audit_document.Model
    reasons: tuple[str, ...] = ()
    error: str | None = None
    lacks: MissingInput | None = None


def find(paths: Sequence[str]) -> list[ModelSource]:
    """The models that paths name: files, folders (recursive, sorted), `sample:` and `-`.

    A link, and a folder whose name begins with a dot, is followed only where it is itself named.

    Raises: ModelError for a folder without models.
    """
    found: list[ModelSource] = []
    for path in paths:
        if path == SAMPLE:
            found.append(ModelSource(SAMPLE, str(Path(__file__).parent / "model" / "sample.tflite")))
        elif path == STDIN:
            found.append(ModelSource(STDIN, None))
        elif os.path.isdir(path):
            found += _inside(path)
        else:
            found.append(ModelSource(_readable(path), path))
    return found


def _inside(folder: str) -> list[ModelSource]:
    files = sorted(file for file in _files(folder) if file.lower().endswith(ENDING) and _regular(file))
    if not files:
        raise ModelError(
            _readable(folder), f"no model ({ENDING}) in this folder", "name a model or another folder"
        )
    prefix = folder.rstrip("/" + os.sep)
    names = [os.path.relpath(file, folder).replace(os.sep, "/") for file in files]
    return [ModelSource(_readable(f"{prefix}/{name}"), file) for name, file in zip(names, files, strict=True)]


def _files(folder: str) -> Iterator[str]:
    def refuse(error: OSError) -> None:
        where = _readable(error.filename or folder)
        raise ModelError(where, "this folder can't be listed", "make it readable, or name another") from None

    for at, folders, names in os.walk(folder, onerror=refuse):
        # Environments and caches keep models of their own.
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(at, name) for name in names)


def _regular(file: str) -> bool:
    """Whether it is a file proper: no link, no pipe."""
    return stat.S_ISREG(os.lstat(file).st_mode)


def _readable(path: str) -> str:
    """A path as text, with replacement characters where its bytes are none."""
    return os.fsencode(path).decode("utf-8", "replace") or "''"


def load(found: ModelSource) -> Model:
    """Read a model that was found. Raises: ModelError."""
    return read_bytes(found.data, found.name) if found.file is None else read(found.file, found.name)


@contextmanager
def file(path: str) -> Iterator[tuple[ModelSource, str]]:
    """The one model that a path names, and a file that holds it for as long as it is needed.

    Raises: ModelError, UsageError where there are several.
    """
    models = find([path])
    if len(models) > 1:
        raise UsageError(f"{path}: a folder of {len(models)} models; name one of them")
    found = _with_input(models[0])
    if found.file is not None:
        yield found, found.file
        return
    from tempfile import NamedTemporaryFile

    with NamedTemporaryFile(suffix=ENDING) as copy:
        copy.write(found.data)
        copy.flush()
        yield found, copy.name


def _with_input(found: ModelSource) -> ModelSource:
    """The same with what standard input holds, where that is asked for."""
    return ModelSource(found.name, None, sys.stdin.buffer.read()) if found.file is None else found


class Worker:
    """Audits one model after another for the same task.

    Raises: UsageError, RuleError.
    """

    def __init__(self, task: Task) -> None:
        packs = Packs(Path(file) for file in task.rules)
        for name in packs.given:
            packs.get(name)
        configurations = configure(packs, task.delegates or packs.usual())
        self.delegates = [one.pack.delegate for one in configurations]
        self._auditor = Auditor(
            packs,
            configurations,
            fallbacks(packs, configurations) if task.everything else (),
            task.registered,
        )
        self._policies = read_policies(task.fail_on, self.delegates)
        self._catalogue = packs.catalogue if task.everything else None
        self.task = task

    def answer(self, found: ModelSource) -> ModelResult:
        """Audit one model; an error that is about the model becomes part of the answer."""
        found = _with_input(found)
        try:
            model = load(found)
            audit = self._auditor.audit(model, self.task.shapes)
        except ModelError as error:
            lacks = MissingInput(error.name, tuple(error.known)) if isinstance(error, InputError) else None
            return ModelResult(convert.unread(found.name, _size(found), error), error=str(error), lacks=lacks)
        reasons = [reason for policy in self._policies for reason in policy.reasons(audit)]
        digest = _digest(found) if self.task.hash else None
        return ModelResult(convert.model(audit, digest, self._catalogue), tuple(reasons))


def _size(found: ModelSource) -> int:
    try:
        return os.path.getsize(found.file) if found.file else len(found.data)
    except OSError:
        return 0


def _digest(found: ModelSource) -> str:
    """SHA-256 of the model's bytes."""
    import hashlib

    if found.file is None:
        return hashlib.sha256(found.data).hexdigest()
    with open(found.file, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def answers(worker: Worker, models: Sequence[ModelSource], jobs: int) -> Iterator[ModelResult]:
    """Audit models in their order, in `jobs` processes where there are enough models for that."""
    if jobs <= 1 or len(models) < 2 or any(found.file is None for found in models):
        for found in models:
            yield worker.answer(found)
        return
    from concurrent.futures import ProcessPoolExecutor

    processes = min(jobs, len(models), _MOST_PROCESSES)
    with ProcessPoolExecutor(processes, initializer=_start, initargs=(worker.task,)) as pool:
        for encoded in pool.map(_answer, models, chunksize=16):
            yield msgspec.json.decode(encoded, type=ModelResult)


#: Windows has a pool wait for no more.
_MOST_PROCESSES = 61
_workers: list[Worker] = []


def _start(task: Task) -> None:
    from threading import Thread

    # An interruption from the keyboard reaches every process; the one that started them speaks for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _workers.append(Worker(task))


def _end_with_parent() -> None:
    """However the process ends that started this one, which else would wait for work for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _answer(found: ModelSource) -> bytes:
    # Not as MessagePack, which has no numbers beyond 64 bits.
    return msgspec.json.encode(_workers[0].answer(found))

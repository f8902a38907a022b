"""What runtimes on this machine take of many models, without running any: one process after another.

Native code may end its process at any model; the next process goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from analyzer.execution import worker
from analyzer.execution.engines.lookup import engine
from analyzer.execution.request import Entry, Limits, RunRequest

CHILD = "analyzer.conformance.runtime_query_main"
#: Where a process leaves its words, one a line.
WORDS = "words"
#: For engines that are asked nothing that an entry is needed for.
NOWHERE = Entry(None, 0, (), ())
#: What can be asked: names of delegates as their packs have them.
ENGINES = ("xnnpack", "litert-gpu")


class Task(Struct, frozen=True):
    """What a process is to ask."""

    engine: str
    files: tuple[str, ...]


class Word(Struct, frozen=True, omit_defaults=True):
    """What became of one model; `delegated` is None where the runtime took it for none to delegate."""

    file: str
    delegated: dict[int, tuple[int, ...]] | None = None
    runtime: str = ""
    error: str = ""


def check(name: str) -> None:
    """Raises: RuntimeUnavailable, with what to install."""
    engine(name).check(RunRequest(model="", entry=NOWHERE))


def ask(name: str, files: Sequence[str], limits: Limits) -> Iterator[Word]:
    """What a runtime takes of each model, in order; `limits.seconds` are those for one."""
    left = list(files)
    while left:
        with TemporaryDirectory(prefix="delegate-analyzer-") as folder:
            words, ended = _ask(name, left, Path(folder), limits)
        yield from words
        left = left[len(words) :]
        if left:
            yield Word(left.pop(0), error=ended)


def _ask(name: str, files: Sequence[str], folder: Path, limits: Limits) -> tuple[list[Word], str]:
    """The words on the first of the files, and how the process ended."""
    (folder / worker.TASK).write_bytes(msgspec.msgpack.encode(Task(name, tuple(files))))
    words = folder / WORDS
    words.touch()
    result = worker.finish(folder, CHILD, limits, _Moved(words))
    # A line that is cut off belongs to the model at which the process ended.
    lines = words.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Word) for line in lines], result.message or result.status


class _Moved:
    """Whether a file has grown since it was asked last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._size = 0

    def __call__(self) -> bool:
        before, self._size = self._size, self._file.stat().st_size
        return self._size > before

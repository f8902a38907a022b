"""Asks runtimes what they delegate of many models, without running any: one process after another.

Native code may end its process at any model; the next process goes on behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from analyzer.execution import worker
from analyzer.execution.engines.lookup import GPU, engine
from analyzer.execution.request import Entry, Limits, RunRequest
from analyzer.files import temporary_folder

CHILD = "analyzer.conformance.runtime_query_main"
#: Where a process leaves its words, one a line.
REPLIES = "words"
#: For engines that are asked nothing that an entry is needed for.
NOWHERE = Entry(None, 0, (), ())
#: The GPU's about models as their files have them, whatever the CPU's kernels say of them.
UNPREPARED = f"{GPU}, unprepared"


class Task(Struct, frozen=True):
    """An engine to ask, and the models to ask it of."""

    engine: str
    files: tuple[str, ...]


class Reply(Struct, frozen=True, omit_defaults=True):
    """A model's delegated operators; `delegated` is None where the runtime took it for none to delegate."""

    file: str
    delegated: dict[int, tuple[int, ...]] | None = None
    runtime: str = ""
    error: str = ""


def check(name: str) -> None:
    """Raises: RuntimeUnavailable, with what to install."""
    engine(name).check(RunRequest(model="", entry=NOWHERE))


def query(name: str, files: Sequence[str], limits: Limits) -> Iterator[Reply]:
    """A reply for each model, in order; `limits.seconds` are those for one."""
    left = list(files)
    while left:
        with temporary_folder() as folder:
            replies, ended = _query(name, left, Path(folder), limits)
        yield from replies
        left = left[len(replies) :]
        if left:
            yield Reply(left.pop(0), error=ended)


def _query(name: str, files: Sequence[str], folder: Path, limits: Limits) -> tuple[list[Reply], str]:
    """The words on the first of the files, and how the process ended."""
    worker.leave_task(folder, Task(name, tuple(files)))
    replies = folder / REPLIES
    replies.touch()
    result = worker.finish(folder, CHILD, limits, _Moved(replies))
    # A line that is cut off belongs to the model at which the process ended.
    lines = replies.read_bytes().split(b"\n")[:-1]
    return [msgspec.json.decode(line, type=Reply) for line in lines], result.message or result.status


class _Moved:
    """True each time a file has grown since the last call."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._size = 0

    def __call__(self) -> bool:
        before, self._size = self._size, self._file.stat().st_size
        return self._size > before

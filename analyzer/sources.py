"""Models by the paths that name them: files, folders, standard input, the sample that ships with the tool."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec import Struct

from analyzer.errors import ModelError, UsageError
from analyzer.model import Model, read, read_bytes

SAMPLE = "sample:"
STDIN = "-"
ENDING = ".tflite"

#: What standard input holds beyond this is kept in a file and mapped.
_IN_MEMORY = 1 << 24


class ModelSource(Struct, frozen=True):
    """A model: what it is called, and its file or its bytes; of standard input that isn't read neither."""

    name: str
    file: str | None
    data: bytes | None = None

    @property
    def size(self) -> int:
        """Bytes; 0 where that can't be told."""
        try:
            return os.path.getsize(self.file) if self.file is not None else len(self.data or b"")
        except OSError:
            return 0

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes."""
        import hashlib

        if self.file is None:
            return hashlib.sha256(self.data or b"").hexdigest()
        with open(self.file, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def find(paths: Sequence[str]) -> list[ModelSource]:
    """The models that paths name: files, folders (recursive, sorted), `sample:` and `-`.

    A link, and a folder whose name begins with a dot, is followed only where it is itself named.

    Raises: ModelError for a folder without models.
    """
    sources: list[ModelSource] = []
    for path in paths:
        if path == SAMPLE:
            sources.append(ModelSource(SAMPLE, str(Path(__file__).parent / "model" / "sample.tflite")))
        elif path == STDIN:
            sources.append(ModelSource(STDIN, None))
        elif os.path.isdir(path):
            sources += _inside(path)
        else:
            sources.append(ModelSource(_readable(path), path))
    return sources


def find_one(path: str) -> ModelSource:
    """The one model that a path names. Raises: ModelError, UsageError where there are several."""
    sources = find([path])
    if len(sources) > 1:
        raise UsageError(f"{path}: a folder of {len(sources)} models; name one of them")
    return sources[0]


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


def load(source: ModelSource, name: str | None = None) -> Model:
    """Read a model that is at hand, called `name` if that is given. Raises: ModelError."""
    name = name or source.name
    return read(source.file, name) if source.file is not None else read_bytes(source.data or b"", name)


@contextmanager
def at_hand(source: ModelSource, in_memory: int = _IN_MEMORY) -> Iterator[ModelSource]:
    """The source for as long as it is needed, with what standard input holds: more than `in_memory` bytes
    in a temporary file.

    Raises: UsageError where there is no room for it.
    """
    if source.file is not None or source.data is not None:
        yield source
        return
    head = sys.stdin.buffer.read(in_memory + 1)
    if len(head) <= in_memory:
        yield ModelSource(source.name, None, head)
        return
    with _temporary(source.name, head, sys.stdin.buffer) as file:
        yield ModelSource(source.name, file)


@contextmanager
def on_disk(source: ModelSource) -> Iterator[ModelSource]:
    """The source as a file that holds it for as long as it is needed. Raises: UsageError."""
    with at_hand(source) as held:
        if held.file is not None:
            yield held
            return
        with _temporary(held.name, held.data or b"") as file:
            yield ModelSource(held.name, file)


@contextmanager
def _temporary(name: str, head: bytes, rest: IO[bytes] | None = None) -> Iterator[str]:
    """A file of these bytes and the rest of a stream."""
    from shutil import copyfileobj
    from tempfile import TemporaryDirectory, gettempdir

    # On Windows a file that is still mapped can't be deleted: the folder is left to the system then.
    with TemporaryDirectory(prefix="delegate-analyzer-", ignore_cleanup_errors=True) as folder:
        path = os.path.join(folder, f"model{ENDING}")
        try:
            with open(path, "wb") as file:
                file.write(head)
                del head
                if rest is not None:
                    copyfileobj(rest, file, 1 << 20)
        except OSError as error:
            raise UsageError(
                f"{name}: can't be kept in {gettempdir()} ({error.strerror}); "
                "make room there, or set TMPDIR to another folder"
            ) from None
        yield path

"""A model's bytes for as long as they are needed: in its file, in memory, or in a file made for that."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from msgspec.structs import replace

from analyzer.errors import ModelError, UsageError
from analyzer.files import opened
from analyzer.model import Model, read, read_bytes
from analyzer.model.read import unreadable
from analyzer.sources.model_source import ENDING, ModelSource

#: What standard input holds beyond this is kept in a file and mapped.
_IN_MEMORY = 1 << 24


def load(source: ModelSource, name: str | None = None) -> Model:
    """Read a model that is at hand, called `name` if that is given. Raises: ModelError."""
    name = name or source.name
    return read(source.file, name) if source.file is not None else read_bytes(source.data or b"", name)


@contextmanager
def at_hand(source: ModelSource, in_memory: int = _IN_MEMORY) -> Iterator[ModelSource]:
    """The source for as long as it is needed: a member of an archive, and what is fetched, in memory; what
    standard input holds in a temporary file where it is more than `in_memory` bytes.

    Raises: ModelError, UsageError where there is no room for it.
    """
    if source.problem is not None:
        raise ModelError(source.name, *source.problem)
    if source.address:
        from analyzer.sources.remote import fetch

        source = ModelSource(source.name, None, fetch(source.address, source.name), source.member)
    if source.member:
        yield ModelSource(source.name, None, _unpacked(source))
        return
    if source.file is not None or source.data is not None:
        yield source
        return
    head = sys.stdin.buffer.read(in_memory + 1)
    if len(head) <= in_memory:
        yield ModelSource(source.name, None, head)
        return
    with _temporary(source.name, head, sys.stdin.buffer) as file:
        yield ModelSource(source.name, file)


def _unpacked(source: ModelSource) -> bytes | memoryview:
    from analyzer.sources.archives import ArchiveError, contents

    try:
        with _archive(source) as stream:
            return contents(stream, source.member)
    except ArchiveError as error:
        raise ModelError(source.name, *error.problem) from None
    except OSError as error:
        raise unreadable(source.file or "", source.name, error) from None


def _archive(source: ModelSource) -> IO[bytes]:
    return opened(source.file) if source.file is not None else io.BytesIO(source.data or b"")


@contextmanager
def on_disk(source: ModelSource) -> Iterator[ModelSource]:
    """The source as a file that holds it for as long as it is needed. Raises: ModelError, UsageError."""
    with at_hand(source) as held:
        if held.file is not None:
            with _named_in_text(held.file) as file:
                yield held if file is held.file else replace(held, file=file)
            return
        with _temporary(held.name, held.data or b"") as file:
            yield ModelSource(held.name, file)


@contextmanager
def _named_in_text(file: str) -> Iterator[str]:
    """The same file by a name that runtimes take: they open none whose bytes aren't UTF-8."""
    if _is_text(file):
        yield file
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="delegate-analyzer-") as folder:
        link = os.path.join(folder, f"model{ENDING}")
        os.symlink(os.path.abspath(file), link)
        yield link


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _temporary(name: str, head: bytes | memoryview, rest: IO[bytes] | None = None) -> Iterator[str]:
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

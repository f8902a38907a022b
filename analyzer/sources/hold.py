"""A model's bytes for as long as they are needed: in its file, in memory, or in a file made for that."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from msgspec.structs import replace

from analyzer.errors import ModelError, UsageError
from analyzer.files import opened, temporary_folder
from analyzer.model import Model, read, read_bytes
from analyzer.model.read import unreadable
from analyzer.sources.model_source import ENDING, ModelSource, kind_of

#: What standard input holds beyond this is kept in a file and mapped.
_IN_MEMORY = 1 << 24
#: Archives within archives that are gone through, and bytes that tell whether something is one.
_DEEPEST, _HEAD = 3, 512


def load(source: ModelSource, name: str | None = None) -> Model:
    """Read a model that is at hand, called `name` if that is given. Raises: ModelError."""
    name = name or source.name
    return read(source.file, name) if source.file is not None else read_bytes(source.data or b"", name)


def given(source: bytes | bytearray | memoryview | IO[bytes], name: str | None = None) -> ModelSource:
    """What is handed over in memory, or in a file that is open. Raises: UsageError."""
    data, known = _contents(source)
    return ModelSource(name or known, None, data)


def _contents(source: bytes | bytearray | memoryview | IO[bytes]) -> tuple[bytes | memoryview, str]:
    """The bytes, and what they are called. Raises: UsageError."""
    if isinstance(source, bytes):
        return source, "<bytes>"
    try:
        # Whatever else holds bytes in memory, as a mapped file and an array do.
        return memoryview(source).cast("B"), "<bytes>"  # type: ignore[arg-type]
    except TypeError:
        if isinstance(source, memoryview):
            raise UsageError("<bytes>: don't lie in one row; give bytes(view)") from None
    if not callable(getattr(source, "read", None)):
        raise UsageError(
            f"{type(source).__name__} is no model; give a path, bytes, an open file, or what read returned"
        )
    return _read_whole(cast("IO[bytes]", source)), str(getattr(source, "name", "<file>"))


def _read_whole(file: IO[bytes]) -> bytes:
    """All that is left of an open file. Raises: UsageError."""
    name = str(getattr(file, "name", "<file>"))
    try:
        data: bytes | str = file.read()
    except UnicodeDecodeError:
        data = ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: can't be read ({error}); give a file that is open for reading") from None
    if not isinstance(data, bytes):
        raise UsageError(f"{name}: is open for reading text; open it with mode 'rb'")
    return data


@contextmanager
def at_hand(source: ModelSource, in_memory: int = _IN_MEMORY) -> Iterator[ModelSource]:
    """The source for as long as it is needed: a member of an archive, and what is fetched, in memory; what
    standard input holds in a temporary file where it is more than `in_memory` bytes. Bytes that are an
    archive of one model are that model.

    Raises: ModelError, UsageError where there is no room for it.
    """
    if source.problem is not None:
        raise ModelError(source.name, *source.problem)
    if source.address:
        from analyzer.sources.remote import fetch

        source = ModelSource(source.name, None, fetch(source.address, source.name), source.member)
    if source.file is not None and not source.member:
        # What is in there was looked at when it was found.
        yield source
    elif source.member or source.data is not None:
        yield _itself(source)
    else:
        with _standard_input(source.name, in_memory) as given:
            yield _itself(given)


@contextmanager
def _standard_input(name: str, in_memory: int) -> Iterator[ModelSource]:
    head = sys.stdin.buffer.read(in_memory + 1)
    if len(head) <= in_memory:
        yield ModelSource(name, None, head)
        return
    with _temporary(name, head, sys.stdin.buffer) as file:
        yield ModelSource(name, file)


def _itself(source: ModelSource) -> ModelSource:
    """The bytes of a member, and of the only model of what are an archive's. Raises: ModelError."""
    for _ in range(_DEEPEST):
        if source.member:
            source = ModelSource(source.name, None, _unpacked(source))
        # What is called a model has to be one: packed no runtime loads it as it is.
        if source.name.lower().endswith(ENDING):
            break
        with _archive(source) as stream:
            if not kind_of(stream.read(_HEAD)):
                break
            stream.seek(0)
            source = _only(source, stream)
    return source


def _only(archive: ModelSource, stream: IO[bytes]) -> ModelSource:
    from analyzer.sources.packed_models import of_archive

    first, *others = of_archive(archive, stream)
    if others:
        member = first.name.removeprefix(archive.name)
        raise ModelError(
            archive.name,
            f"is an archive of {len(others) + 1:,} models",
            f"keep it as a file, and name one of them, as in FILE{member}",
        )
    if first.problem is not None:
        raise ModelError(first.name, *first.problem)
    return first


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
    with temporary_folder() as folder:
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
    from tempfile import gettempdir

    with temporary_folder() as folder:
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

"""Reads a .tflite file, or says what is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from typing import Any
from weakref import WeakSet

from analyzer.errors import ModelError
from analyzer.files import descriptor
from analyzer.model import file_magic
from analyzer.model.flatbuffer import Bytes, Flatbuffer
from analyzer.model.graph import Model
from analyzer.model.parse import Assembly
from analyzer.model.vtable import Malformed

IDENTIFIER = b"TFL3"

#: Up to this size reading a file is cheaper than mapping it.
_SMALL = 1 << 20

#: Files that are mapped, which keep descriptors before Python 3.13, and how many may be.
_MAPPED: WeakSet[mmap] = WeakSet()
_MOST_MAPPED = 64

#: What to name in place of what is no file.
_ADVICE = {
    "is a pipe, not a file": "pass what it holds on standard input, as -",
    "is a device, not a file": "name a file",
    "is a socket, not a file": "name a file",
}
CHANGED, WAIT = "changed while it was read", "leave it as it is, and read it again"

#: Whether faults of mapped files are told of, what tells, and the file that was mapped last.
_GUARD: dict[str, Any] = {}


def read(path: str | os.PathLike[str], name: str | None = None) -> Model:
    """Read a .tflite file, called `name` in the model and in messages.

    Constants are views of the file: a big one is mapped and stays so as long as any of them lives.

    Raises: ModelError
    """
    name = name or os.fspath(path)
    return _model(contents(path, name), name)


def read_bytes(data: bytes | memoryview, path: str) -> Model:
    """Read a model that is in memory, called `path` in the model and in messages. Raises: ModelError"""
    return _model(data if isinstance(data, bytes) else memoryview(data).cast("B"), path)


@contextmanager
def damage_told(path: str) -> Iterator[None]:
    """Where only those look who write a model anew, damage is told as of any model. Raises: ModelError"""
    try:
        yield
    except Malformed as problem:
        raise ModelError(path, str(problem), problem.advice) from None


def _model(data: Bytes, path: str) -> Model:
    file = Flatbuffer(data)
    try:
        if data[4:8] == IDENTIFIER:
            return Assembly(file).model(path)
    except Malformed as problem:
        raise ModelError(path, str(problem), problem.advice) from None
    from analyzer.model import legacy_schema

    try:
        return legacy_schema.assembly(file).model(path)
    except Malformed as problem:
        known = file_magic.explain(bytes(data[: file_magic.HEAD]), path)
        guess = f"lacks the identifier TFL3 of a model and, read as an older one, {problem}"
        raise ModelError(path, *(known or (guess, problem.advice))) from None


def contents(path: str | os.PathLike[str], name: str) -> Bytes:
    """The bytes of a file that is called `name` in messages; a big one's are mapped. Raises: ModelError"""
    try:
        file, status = descriptor(path)
        try:
            if (size := status.st_size) > _SMALL:
                _guard(name)
                return _map(file)
            # Some files don't know their size; one that is known is read in one go, without a file object.
            whole = os.read(file, size) if size else _rest(file)
        finally:
            os.close(file)
    except OSError as error:
        raise unreadable(path, name, error) from None
    if len(whole) < size:
        raise ModelError(name, CHANGED, WAIT)
    return whole


def _rest(file: int) -> bytes:
    with open(file, "rb", buffering=0, closefd=False) as stream:
        return stream.read()


def end_where_cut_short() -> None:
    """Have this process end in a line, with exit code 2, where a mapped file is cut short while it is read.

    For programs, not for libraries: the system's signal for it is taken.
    """
    _GUARD["wanted"] = True


def die_where_cut_short() -> None:
    """Have the system's signal for that end this process, which another then tells of."""
    import signal

    if _GUARD.pop("wanted", None) and _GUARD.pop("handler", None):
        signal.signal(signal.SIGBUS, signal.SIG_DFL)


def _guard(name: str) -> None:
    """Name the file that a fault is told of, and have faults told."""
    import signal

    _GUARD["file"] = name
    if "wanted" not in _GUARD or "handler" in _GUARD or not hasattr(signal, "SIGBUS"):
        return
    import ctypes

    def end(_: int) -> None:
        # Where memory is gone nothing can go on.
        line = f"delegate-analyzer: {_GUARD['file']}: {CHANGED}; {WAIT}\n"
        os.write(2, line.encode("utf-8", "backslashreplace"))
        os._exit(2)

    handler = _GUARD["handler"] = ctypes.CFUNCTYPE(None, ctypes.c_int)(end)
    take = ctypes.CDLL(None).signal
    take.restype, take.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p)
    take(int(signal.SIGBUS), ctypes.cast(handler, ctypes.c_void_p))


def _map(file: int) -> Bytes:
    if sys.version_info >= (3, 13):
        return mmap(file, 0, access=ACCESS_READ, trackfd=False)
    # A map keeps a descriptor: where very many models are held, the others are read.
    if len(_MAPPED) >= _MOST_MAPPED:
        return _rest(file)
    mapped = mmap(file, 0, access=ACCESS_READ)
    _MAPPED.add(mapped)
    return mapped


def unreadable(path: str | os.PathLike[str], name: str, error: OSError) -> ModelError:
    if os.path.isdir(path):
        return ModelError(name, "is a folder, not a model", "name the .tflite files in it")
    problem = (error.strerror or str(error)).lower()
    if isinstance(error, PermissionError):
        return ModelError(name, problem, "make the file readable")
    return ModelError(name, problem, _ADVICE.get(problem, "check the path"))

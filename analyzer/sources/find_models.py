"""The models that a command line names."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from analyzer.errors import ModelError, UsageError
from analyzer.files import opened, readable
from analyzer.model import file_magic
from analyzer.sources.model_source import (
    ENDING,
    ENDINGS,
    INSIDE,
    PERHAPS,
    SAMPLE,
    STDIN,
    ModelSource,
    is_model,
    kind_of,
)
from analyzer.sources.packed_models import at_name, of_archive

_ADDRESS = r"[a-z][a-z0-9+.-]+://"
_SAMPLE_FILE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "model", "sample.tflite")


def find(paths: Sequence[str]) -> list[ModelSource]:
    """The models that paths name: files, folders (recursive, sorted), archives, addresses, `sample:`, `-`.

    A link to a folder, and a folder whose name begins with a dot, is followed only where it is itself named.

    Raises: ModelError for a folder or an archive without models, UsageError.
    """
    return list(stream(paths))


def stream(paths: Sequence[str]) -> Iterator[ModelSource]:
    """The same one by one, so that there may be any number of them; a path without models is told at once."""
    streams = []
    for path in paths:
        sources = iter(_named(path))
        # Nothing is to be done before it is known that each path names something.
        streams.append(chain(list(islice(sources, 1)), sources))
    return chain.from_iterable(streams)


def find_one(path: str) -> ModelSource:
    """The one model that a path names. Raises: ModelError, UsageError where there are several."""
    sources = find([path])
    if len(sources) > 1:
        kind = "a folder" if os.path.isdir(path) else "an archive"
        raise UsageError(f"{path}: {kind} of {len(sources)} models; name one of them, like {sources[0].name}")
    return sources[0]


def _named(path: str) -> Iterable[ModelSource]:
    if path == SAMPLE:
        return [ModelSource(SAMPLE, _SAMPLE_FILE)]
    if path == STDIN:
        return [ModelSource(STDIN, None)]
    if re.match(_ADDRESS, path):
        from analyzer.sources.remote import at_address

        return at_address(path)
    if os.path.isdir(path):
        return _in_folder(path)
    if INSIDE in path and not os.path.lexists(path) and (sources := _in_archive(path)):
        return sources
    return _file(path)


def _file(path: str) -> Sequence[ModelSource]:
    """A file, by whatever name; where it is an archive, the models in it. Raises: ModelError."""
    source = ModelSource(readable(path), path)
    # What is called a model and is packed no runtime loads as it is: that is said of it when it is read.
    if path.lower().endswith(ENDING) or not kind_of(_head(path)):
        return [source]
    with opened(path) as stream:
        return of_archive(source, stream)


def _in_archive(path: str) -> Sequence[ModelSource]:
    """A member, or what is in a folder of an archive; empty where no part of the path is a file.

    Raises: ModelError where it isn't in there.
    """
    for place in (match.start() for match in re.finditer(re.escape(INSIDE), path)):
        archive = path[:place]
        if os.path.isfile(archive):
            return at_name(readable(path), _file(archive), place)
    return []


def _in_folder(folder: str) -> Iterator[ModelSource]:
    prefix = folder.rstrip("/" + os.sep)
    empty = True
    for file in _files(folder):
        name = os.path.relpath(file, folder).replace(os.sep, "/")
        for source in _candidate(file, readable(f"{prefix}/{name}")):
            empty = False
            yield source
    if empty:
        problem, advice = file_magic.of_folder(os.listdir(folder)) or (
            f"no model ({ENDING}) in this folder",
            "name a model or another folder",
        )
        raise ModelError(readable(folder), problem, advice)


def _candidate(file: str, name: str) -> Sequence[ModelSource]:
    """The models that a file in a folder holds."""
    lower = file.lower()
    if not lower.endswith((ENDING, *PERHAPS, *ENDINGS)):
        return []
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            return []
        source = ModelSource(name, file)
        if lower.endswith(ENDING):
            return [source]
        if lower.endswith(PERHAPS):
            return [source] if is_model(_head(file)) else []
        with opened(file) as stream:
            return of_archive(source, stream, empty=False)
    except OSError as error:
        # A link that leads nowhere, or in a circle.
        if lower.endswith(ENDING):
            return [ModelSource(name, file, problem=(str(error.strerror).lower(), "check the path"))]
    return []


def _files(folder: str) -> Iterator[str]:
    """The files below a folder, sorted by their paths; of each folder on the way its names are in memory."""
    open = [(folder, _listed(folder))]
    while open:
        at, names = open[-1]
        if not names:
            open.pop()
            continue
        path = os.path.join(at, names.pop())
        if path.endswith(os.sep):
            open.append((path[:-1], _listed(path[:-1])))
        else:
            yield path


def _listed(folder: str) -> list[str]:
    """What is in a folder, the last first; folders have a slash at their ends."""
    try:
        with os.scandir(folder) as entries:
            # Environments and caches keep models of their own.
            names = [
                entry.name + os.sep * inside
                for entry in entries
                if not (inside := entry.is_dir(follow_symlinks=False)) or not entry.name.startswith(".")
            ]
    except OSError as error:
        where = readable(error.filename or folder)
        raise ModelError(where, "this folder can't be listed", "make it readable, or name another") from None
    return sorted(names, reverse=True)


def _head(path: str) -> bytes:
    """The first bytes of a file; none where it can't be read, which is said when it is."""
    try:
        with opened(path) as file:
            return file.read(file_magic.HEAD)
    except OSError:
        return b""

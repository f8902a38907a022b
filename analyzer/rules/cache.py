"""Checked packs as JSON, so that a start needs neither TOML nor the checker.

A wheel brings them (`hatch_build.py` has them made by the very code that it ships). In a checkout they are
kept between runs, each entry named by all that it is made from: what files say and what the code that
reads them says. So several checkouts share one folder, and an entry is there for whoever would make the
same. It is never trusted to be there, and a folder that can't be written costs nothing but time.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from analyzer import __version__
from analyzer.resources import PACKS, made

T = TypeVar("T")
#: The packages whose code decides what an entry holds.
MAKERS = ("expressions", "model", "rules")
#: Seconds: entries that nobody has used for so long go, and one in use says so once in a while.
_KEPT, _REFRESHED = 90 * 86400, 86400


def folder() -> Path:
    """Where entries are kept: `DELEGATE_ANALYZER_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("DELEGATE_ANALYZER_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "delegate-analyzer"


def code_stamp(package: str) -> int:
    """Changes whenever the code that makes entries does; times of files don't tell that everywhere."""
    stamp = zlib.crc32(__version__.encode())
    for file in _sources(package):
        with open(file, "rb") as source:
            stamp = zlib.crc32(source.read(), stamp)
    return stamp


def _sources(package: str) -> Iterator[str]:
    for maker in MAKERS:
        for at, folders, names in os.walk(os.path.join(package, maker)):
            folders.sort()
            yield from (os.path.join(at, name) for name in sorted(names) if name.endswith(".py"))


@cache
def _own_stamp() -> int:
    return code_stamp(os.path.dirname(os.path.dirname(__file__)))


def kept(name: str, made_from: Callable[[], bytes], shape: type[T], make: Callable[[], T]) -> T:
    """The shipped entry, else the one for `made_from`, else what `make` returns, kept for the next run."""
    entry_read = _read(made(PACKS) / f"{name}.json", shape)
    if entry_read is not None:
        return entry_read
    text = made_from()
    # A checksum is enough to notice a change, and far cheaper to start with than a digest.
    entry = folder() / f"{name}-{zlib.crc32(text):08x}{len(text):08x}{_own_stamp():08x}.json"
    entry_read = _read(entry, shape)
    if entry_read is not None:
        _refresh(entry)
        return entry_read
    fresh = make()
    _write(entry, msgspec.json.encode(fresh))
    return fresh


def _read(entry: Path, shape: type[T]) -> T | None:
    try:
        with open(entry, "rb") as file:
            return msgspec.json.decode(file.read(), type=shape)
    except (OSError, msgspec.DecodeError):
        return None


def _refresh(entry: Path) -> None:
    """Say of an entry that it is in use, so that no other installation clears it away."""
    try:
        if time.time() - os.stat(entry).st_mtime > _REFRESHED:
            os.utime(entry)
    except OSError:
        pass


def _write(entry: Path, content: bytes) -> None:
    import tempfile

    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=entry.parent, prefix=entry.name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, entry)
        _clear(entry)
    except OSError:
        return


def _clear(entry: Path) -> None:
    """Take away the entries of the same name that nobody has used for long, half-written ones included."""
    oldest = time.time() - _KEPT
    for other in entry.parent.glob(f"{entry.name.rpartition('-')[0]}-*.json*"):
        if os.stat(other).st_mtime < oldest:
            other.unlink(missing_ok=True)

"""Checked packs as entries, so that a start needs neither TOML nor the checker.

A wheel brings them (`hatch_build.py` has them made by the very code that it ships). In a checkout they are
kept between runs, each entry named by all that it is made from: what files say and what the code that
reads them says. So several checkouts share one folder, and an entry is there for whoever would make the
same. It is never trusted to be there, and a folder that can't be written costs nothing but time.

Whoever writes an entry decides what a delegate is said to take. So the folder and its entries have to be
this user's own and for nobody else to write, entries are plain files of a bounded size, and each begins
with a digest of what it holds and of what it was made from.
"""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from analyzer import __version__
from analyzer.files import opened
from analyzer.resources import PACKS, made

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
#: How an entry's file ends.
ENDING = ".entry"
#: The packages whose code decides what an entry holds.
MAKERS = ("expressions", "model", "rules")
#: Seconds: entries that nobody has used for so long go, and one in use says so once in a while.
_KEPT, _REFRESHED = 90 * 86400, 86400
#: Bytes of an entry at most, and of the digest that it begins with.
_LARGEST, _DIGEST = 1 << 25, 16


class Codec(Struct, Generic[T], frozen=True):
    """How entries of a kind are written, and read. `read` raises: msgspec.DecodeError."""

    write: Callable[[T], bytes]
    read: Callable[[bytes], T]


def as_json(shape: type[T]) -> Codec[T]:
    """Entries that are JSON as a whole."""
    return Codec(msgspec.json.encode, lambda content: msgspec.json.decode(content, type=shape))


class _Held(Struct):
    """What this process made, where it is to keep that."""

    wanted: bool = False
    made: dict[object, Any] = {}

    def once(self, key: object, make: Callable[[], T]) -> T:
        if not self.wanted:
            return make()
        if key not in self.made:
            self.made[key] = make()
        before: T = self.made[key]
        return before


held = _Held()


def folder() -> Path | None:
    """Where entries are kept: `DELEGATE_ANALYZER_CACHE`, or the user's cache folder; None without a home."""
    from pathlib import Path

    chosen = os.environ.get("DELEGATE_ANALYZER_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "delegate-analyzer"
    except RuntimeError:
        return None


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


def hold() -> None:
    """From now on this process keeps what it made, judges too: for one that answers again and again."""
    held.wanted = True


def kept(name: str, made_from: Callable[[], bytes], codec: Codec[T], make: Callable[[], T]) -> T:
    """The shipped entry, else the one for `made_from`, else what `make` returns, kept for the next run."""
    return held.once(name, lambda: _kept(name, made_from, codec, make))


def _kept(name: str, made_from: Callable[[], bytes], codec: Codec[T], make: Callable[[], T]) -> T:
    try:
        # It came with the code.
        with open(os.path.join(made(PACKS), f"{name}{ENDING}"), "rb") as file:
            return codec.read(file.read())
    except (OSError, msgspec.DecodeError):
        pass
    at, text = folder(), made_from()
    if at is None:
        return make()
    # A checksum is enough to notice a change, and far cheaper to start with than a digest.
    entry = at / f"{name}-{zlib.crc32(text):08x}{len(text):08x}{_own_stamp():08x}{ENDING}"
    entry_read = _read(entry, text, codec)
    if entry_read is not None:
        _refresh(entry)
        return entry_read
    fresh = make()
    content = codec.write(fresh)
    _write(entry, _digest(text, content) + content)
    return fresh


def _read(entry: Path, text: bytes, codec: Codec[T]) -> T | None:
    """An entry's content, if it is ours and says what was made from this text."""
    try:
        if not _own(os.stat(entry.parent)):
            return None
        with opened(entry) as file:
            about = os.fstat(file.fileno())
            if not (stat.S_ISREG(about.st_mode) and _own(about) and about.st_size <= _LARGEST):
                return None
            whole = file.read(_LARGEST)
        digest, content = whole[:_DIGEST], whole[_DIGEST:]
        return codec.read(content) if digest == _digest(text, content) else None
    except (OSError, msgspec.DecodeError):
        return None


def _own(about: os.stat_result) -> bool:
    """Whether a file or folder is this user's, and for nobody else to write, where systems have users.

    Windows keeps that elsewhere; in a browser there is one user.
    """
    user = getattr(os, "geteuid", None)
    if user is None:
        return True
    return about.st_uid == user() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(text: bytes, content: bytes) -> bytes:
    """Of an entry and what it was made from."""
    try:
        # What `hashlib` brings along takes longer to load than all entries.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b
    digest = blake2b(text, digest_size=_DIGEST)
    digest.update(content)
    return digest.digest()


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
        entry.parent.mkdir(0o700, parents=True, exist_ok=True)
        if not _own(os.stat(entry.parent)):
            return
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
    for other in entry.parent.glob(f"{entry.name.rpartition('-')[0]}-*"):
        if os.stat(other).st_mtime < oldest:
            other.unlink(missing_ok=True)

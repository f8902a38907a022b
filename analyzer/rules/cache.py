"""Checked packs kept between runs as JSON, so that a start needs neither TOML nor the checker.

An entry is named by what it was made from; it is never trusted to be there, and a folder that can't
be written costs nothing but time.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from analyzer import __version__

T = TypeVar("T")
#: The packages whose code decides what an entry holds.
_MAKERS = ("expressions", "model", "rules")


def folder() -> Path:
    """Where entries are kept: `DELEGATE_ANALYZER_CACHE`, or the user's cache folder."""
    chosen = os.environ.get("DELEGATE_ANALYZER_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "delegate-analyzer"


@cache
def _code_stamp() -> str:
    """Changes whenever the code that makes entries does, in a checkout as in an installed package."""
    package = Path(__file__).parents[1]
    files = [file for name in _MAKERS for file in sorted((package / name).rglob("*.py"))]
    return " ".join(str(os.stat(file).st_mtime_ns) for file in files)


def kept(name: str, made_from: bytes, shape: type[T], make: Callable[[], T]) -> T:
    """The entry for `made_from`, or what `make` returns, kept for the next run."""
    # A checksum is enough to notice a change, and far cheaper to start with than a digest.
    stamp = zlib.crc32(f"{__version__} {_code_stamp()}".encode())
    entry = folder() / f"{name}-{zlib.crc32(made_from):08x}{len(made_from):08x}{stamp:08x}.json"
    try:
        return msgspec.json.decode(entry.read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError):
        pass
    made = make()
    _write(entry, msgspec.json.encode(made))
    return made


def _write(entry: Path, content: bytes) -> None:
    import tempfile

    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=entry.parent, prefix=entry.name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, entry)
    except OSError:
        return
    for old in entry.parent.glob(f"{entry.name.rpartition('-')[0]}-*.json"):
        if old != entry and len(old.name) == len(entry.name):
            old.unlink(missing_ok=True)

"""Opens files that somebody names."""

from __future__ import annotations

import errno
import os
import stat
from typing import IO

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """A file, to read it, unbuffered. Raises: OSError, also for pipes and devices, which may never end."""
    file = open(path, "rb", buffering=0, opener=_at_once)  # noqa: SIM115
    kind = _KINDS.get(stat.S_IFMT(os.fstat(file.fileno()).st_mode))
    if kind is not None:
        file.close()
        raise OSError(errno.EINVAL, f"is {kind}, not a file", os.fspath(path))
    return file


def _at_once(path: str, flags: int) -> int:
    # A pipe that nobody writes to would else not even open.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_text(path: str | os.PathLike[str]) -> str:
    """A file's text. Raises: OSError, UnicodeDecodeError."""
    with opened(path) as file:
        return file.read().decode("utf-8").replace("\r\n", "\n")

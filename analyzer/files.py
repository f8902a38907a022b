"""Opens and reads files that somebody names."""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import IO, Any

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


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises: tomllib.TOMLDecodeError, also for what Python itself gives up on."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        line, what = _line_of_most(r"[\[{.]", text), "tables or lists nested too deep"
    except ValueError:  # sys.set_int_max_str_digits
        line, what = _line_of_most(r"\d", text), "a number has too many digits"
    raise tomllib.TOMLDecodeError(f"{what} (at line {line}, column 1)")


def _line_of_most(pattern: str, text: str) -> int:
    counts = [len(re.findall(pattern, line)) for line in text.split("\n")]
    return 1 + counts.index(max(counts))

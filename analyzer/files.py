"""Opens and reads files that somebody names."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import IO, Any

from analyzer.errors import UsageError

#: Bytes of a file that people write.
MOST_TEXT = 1 << 24
#: Characters of what others say of a fault.
_MOST_SAID = 200
#: Names joined by dots: what reads them takes the square of their number.
_MOST_DOTS = 100

#: What systems say where there is no room left, or no more may be used.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

#: A pipe that nobody writes to would else not even open; Windows would take bytes for text.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def opened(path: str | os.PathLike[str]) -> IO[bytes]:
    """A file, to read it, unbuffered. Raises: OSError, also for pipes and devices, which may never end."""
    return open(path, "rb", buffering=0, opener=lambda path, _: descriptor(path)[0])


def descriptor(path: str | os.PathLike[str]) -> tuple[int, os.stat_result]:
    """The same as a descriptor, and what the system says of it. Raises: OSError"""
    file = os.open(path, _FLAGS)
    status = os.fstat(file)
    kind = _KINDS.get(stat.S_IFMT(status.st_mode))
    if kind is not None:
        os.close(file)
        raise OSError(errno.EINVAL, f"is {kind}, not a file", os.fspath(path))
    return file, status


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file that people write, so no large one. Raises: OSError, UnicodeDecodeError."""
    # Editors on Windows may begin it with a mark, which no format here has.
    return read_small(path).decode("utf-8-sig").replace("\r\n", "\n")


def read_small(path: str | os.PathLike[str]) -> bytes:
    """The bytes of a file that is no large one. Raises: OSError."""
    with opened(path) as file:
        content = file.read(MOST_TEXT + 1)
    if len(content) > MOST_TEXT:
        raise OSError(errno.EFBIG, f"is larger than {MOST_TEXT >> 20} MB", os.fspath(path))
    return content


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder that goes when it is no longer needed. Raises: UsageError where nothing can be kept there."""
    from tempfile import TemporaryDirectory, gettempdir

    advice = "make room there, or set TMPDIR to another folder"
    try:
        place = gettempdir()
        # On Windows a file that is still mapped can't be deleted: the folder is left to the system then.
        made = TemporaryDirectory(prefix="delegate-analyzer-", ignore_cleanup_errors=True)
    except OSError as error:
        raise UsageError(f"no file can be kept for the time of this ({error.strerror}); {advice}") from None
    with made as folder:
        try:
            yield folder
        except OSError as error:
            about = error.filename is None or os.fsdecode(error.filename).startswith(folder)
            if error.errno not in FULL or not about:
                raise
            raise UsageError(f"{place}: can't keep files there ({error.strerror}); {advice}") from None


def readable(path: str | os.PathLike[str]) -> str:
    """A path as text, with replacement characters where its bytes are none."""
    return os.fsencode(path).decode("utf-8", "replace") or "''"


def is_named(path: str, pattern: str) -> bool:
    """Whether a pattern means a file: its path, or the end of it from some folder on."""
    path = path.replace("\\", "/")
    return fnmatchcase(path, pattern) or fnmatchcase(f"/{path}", f"*/{pattern}")


def shortened(text: str, most: int) -> str:
    """The text in at most so many characters, of which the last quarter is its end."""
    return text if len(text) <= most else f"{text[: most * 3 // 4]} … {text[-most // 4 + 3 :]}"


def reason(error: Exception) -> str:
    """Whatever code of others says of a fault, in a line: the system's words, the first line, or its kind."""
    # Of a KeyError the text would be quoted, of a TokenError the place would be in it.
    own = error.args[0] if error.args and not isinstance(error, UnicodeError) else None
    text = getattr(error, "strerror", None) or (own if isinstance(own, str) else str(error))
    line = next((line for line in map(str.strip, text.splitlines()) if line), "")
    return shortened(line, _MOST_SAID) or type(error).__name__


def toml_fault(error: Exception, text: str) -> tuple[int, str]:
    """The line of a TOMLDecodeError, and what is wrong there."""
    what = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", what)
    line = int(place[1]) if place and place[1] else 1 + text.removesuffix("\n").count("\n")
    return line, what[: place.start()] if place else what


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises: tomllib.TOMLDecodeError, also for what Python itself gives up on."""
    import tomllib

    if (number := _dotted(text)) is not None:
        raise tomllib.TOMLDecodeError(
            f"more than {_MOST_DOTS} names joined by dots (at line {number}, column 1)"
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        line, what = _line_of_most(r"[\[{.]", text), "tables or lists nested too deep"
    except ValueError:  # sys.set_int_max_str_digits
        line, what = _line_of_most(r"\d", text), "a number has too many digits"
    raise tomllib.TOMLDecodeError(f"{what} (at line {line}, column 1)")


def _dotted(text: str) -> int | None:
    """The first line in which very many names are joined by dots, outside of quotes."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            bare = re.sub(r'"[^"]*"|\'[^\']*\'', "", line)
            if any(part.count(".") > _MOST_DOTS for part in re.split(r"[^\w.\s-]", bare)):
                return number
    return None


def _line_of_most(pattern: str, text: str) -> int:
    counts = [len(re.findall(pattern, line)) for line in text.split("\n")]
    return 1 + counts.index(max(counts))

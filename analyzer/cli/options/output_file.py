"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

from analyzer.errors import UsageError

#: Characters of a file's name that the one which becomes it shows, for whoever finds it after a kill.
_SHOWN = 40


class OutputFile:
    """A file to write piece by piece, which takes its place once it is kept. Its methods raise UsageError."""

    def __init__(self, file: str, option: str = "-o ") -> None:
        """`option` is what names the file on the command line."""
        self._file = file
        self._named = f"{option}{file}"
        self._temporary: str | None = None
        with self._told():
            try:
                self._output = self._open()
            except OSError:
                self._unlink()
                raise

    def _open(self) -> IO[bytes]:
        if os.path.exists(self._file) and not os.path.isfile(self._file):
            # A device or a pipe can't be replaced by a finished file.
            return open(self._file, "wb")
        import tempfile

        folder, name = os.path.split(os.path.realpath(self._file))
        # A name may be as long as names may be, beside which this one would be too long.
        handle, self._temporary = tempfile.mkstemp(dir=folder, prefix=f".{name[:_SHOWN]}.")
        return os.fdopen(handle, "wb")

    def write(self, content: bytes) -> None:
        """Write more of it."""
        with self._told():
            self._output.write(content)

    def keep(self) -> None:
        """Put the file in its place, finished."""
        with self._told():
            self._output.close()
            if self._temporary is not None:
                path = os.path.realpath(self._file)
                os.chmod(self._temporary, _rights(path))
                os.replace(self._temporary, path)
                self._temporary = None

    def discard(self) -> None:
        """Leave nothing of it behind, unless it has been kept."""
        with suppress(OSError):
            self._output.close()
        self._unlink()

    def _unlink(self) -> None:
        if self._temporary is not None:
            os.unlink(self._temporary)
            self._temporary = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"can't be written ({error.strerror}); choose another place"
            raise UsageError(f"{self._named}: {problem}") from None


def write(file: str, content: bytes, option: str = "-o ") -> None:
    """Write a file whole or not at all. Raises: UsageError."""
    write_together({file: content}, option)


def write_together(contents: Mapping[str, bytes], option: str = "-o ") -> None:
    """Write files whole, or none of them where one can't be written. Raises: UsageError."""
    with ExitStack() as discarding:
        outputs = []
        for file, content in contents.items():
            outputs.append(OutputFile(file, option))
            discarding.callback(outputs[-1].discard)
            outputs[-1].write(content)
        for output in outputs:
            output.keep()


def _rights(path: str) -> int:
    """Those of the file that is replaced, or what new files get."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0o666 & ~_umask()


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current

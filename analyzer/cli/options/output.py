"""Where output goes: stdout in one format, or files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from analyzer.cli import hush
from analyzer.errors import UsageError
from analyzer.report import ENDINGS, FORMATS, known


class Target(Struct, frozen=True):
    """One output: its format and its file (None: stdout)."""

    format: str
    file: str | None


def targets(stdout_format: str, files: Sequence[str], formats: Collection[str] = FORMATS) -> list[Target]:
    """What `--format` and `-o [FORMAT=]FILE` ask for, out of `formats`. Raises: UsageError."""
    on_stdout = Target(known(stdout_format, "--format", formats), None)
    if not files:
        return [on_stdout]
    found = [_target(text, formats) for text in files]
    for target in found:
        folder = Path(target.file or "").parent
        if not folder.is_dir():
            raise UsageError(f"-o {target.file}: there is no folder {folder}; make it first")
    return found


def _target(text: str, formats: Collection[str]) -> Target:
    if not text:
        raise UsageError("-o names no file; write -o FILE")
    before, sign, after = text.partition("=")
    if sign and before in formats:
        if not after:
            raise UsageError(f"-o {text}: names no file; write -o {text}FILE")
        return Target(before, after)
    ending = Path(text).suffix.lower()
    endings = {ending: format for ending, format in ENDINGS.items() if format in formats}
    if ending not in endings:
        known = ", ".join(endings)
        raise UsageError(
            f"-o {text}: no format for the ending {ending or '(none)'}; "
            f"use one of {known}, or write -o FORMAT=FILE"
        )
    return Target(endings[ending], text)


def show(content: bytes) -> None:
    """Write to stdout."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The exit code still tells what it is there to tell.
        hush()


def write(file: str, content: bytes) -> None:
    """Write a file whole or not at all. Raises: UsageError."""
    try:
        if os.path.exists(file) and not os.path.isfile(file):
            # A device or a pipe can't be replaced by a finished file.
            with open(file, "wb") as output:
                output.write(content)
        else:
            _replace(os.path.realpath(file), content)
    except OSError as error:
        raise UsageError(f"-o {file}: can't be written ({error.strerror}); choose another place") from None


def _replace(path: str, content: bytes) -> None:
    import tempfile

    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    try:
        with os.fdopen(handle, "wb") as output:
            output.write(content)
        os.chmod(temporary, _rights(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


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


def colored(choice: str) -> bool:
    """Whether stdout gets colors, by `--color`, NO_COLOR and whether it is a terminal that has any."""
    if choice != "auto":
        return choice == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout.isatty()

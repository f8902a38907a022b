"""The terminal that text is written for."""

from __future__ import annotations

import os
import sys

from analyzer.cli import STDOUT, hush

#: Columns where nothing says how many, and more than any screen has.
_USUAL, _WIDEST = 80, 1000


def width() -> int:
    """Its columns, or those that COLUMNS states; 80 where there is no terminal."""
    # As `shutil` finds them, which would load three compressors that nothing here needs.
    try:
        stated = int(os.environ.get("COLUMNS", "0"))
    except ValueError:
        stated = 0
    if 0 < stated <= _WIDEST:
        return stated
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else -1).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def colored(choice: str) -> bool:
    """Whether stdout gets colors, by `--color`, NO_COLOR and whether it is a terminal that has any."""
    if choice != "auto":
        return choice == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not plain and sys.stdout.isatty()


def show(content: bytes) -> None:
    """Write to stdout."""
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The exit code still tells what it is there to tell.
        hush()
    except OSError as error:
        error.filename = error.filename or STDOUT
        raise

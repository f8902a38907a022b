"""The terminal that text is written for."""

from __future__ import annotations

import os
import shutil
import sys

from analyzer.cli import hush


def width() -> int:
    """Its columns; 80 where there is no terminal."""
    return shutil.get_terminal_size((80, 24)).columns


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

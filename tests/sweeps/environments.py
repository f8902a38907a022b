"""Sweeps in another environment: the same program, started again by its Python."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

_OPTION = "--python"
_ROOT = str(Path(__file__).parents[2])


def add_option(parser: ArgumentParser) -> None:
    parser.add_argument(
        _OPTION,
        metavar="FILE",
        help="the Python of another environment, with another release of LiteRT and what the project needs",
    )


def enter(module: str, python: str | None, arguments: Sequence[str]) -> None:
    """Go on as a module in another environment, if one is named; doesn't return then."""
    if python is None:
        return
    kept = _without_option(arguments)
    path = os.pathsep.join(filter(None, [_ROOT, os.environ.get("PYTHONPATH")]))
    sys.stdout.flush()
    os.execve(python, [python, "-P", "-m", module, *kept], {**os.environ, "PYTHONPATH": path})


def _without_option(arguments: Sequence[str]) -> list[str]:
    kept, skip = [], False
    for argument in arguments:
        if not (skip or argument == _OPTION or argument.startswith(f"{_OPTION}=")):
            kept.append(argument)
        skip = argument == _OPTION
    return kept

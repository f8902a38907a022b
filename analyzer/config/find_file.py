"""Where a project's file lies: a run without one needs no more of this package."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from analyzer.files import parse_toml, read_text

#: Its name; it lies above the models or the working folder, the nearest counts.
FILE = "delegate-analyzer.toml"
#: Where the same may stand in a table of its own.
PYPROJECT, TABLE = "pyproject.toml", "delegate-analyzer"
NAMES = (FILE, PYPROJECT)
#: A line that may begin the table, so that nothing is parsed, nor the parser loaded, for other projects.
_BEGINS = rf"""(?m)^[\[ \t]*["']?tool["']?[ \t]*(?:[\]=]|\.[ \t]*["']?{TABLE}\b)"""


def find_file(chosen: str | None, paths: Sequence[str]) -> str | None:
    """The file that was chosen, else the nearest above the first model, else above the working folder."""
    if chosen:
        return chosen
    here = os.getcwd()
    for start in (*(os.path.realpath(path) for path in paths[:1] if os.path.exists(path)), here):
        for folder in _upwards(start):
            for name in NAMES:
                file = os.path.join(folder, name)
                # A link that leads nowhere, or a folder, is told of where it is read.
                if os.path.lexists(file) and (name == FILE or _has_table(file)):
                    return name if folder == here else file
    return None


def _upwards(path: str) -> Iterator[str]:
    """The path itself, and every folder that it lies in."""
    above = os.path.dirname(path)
    yield path
    if above != path:
        yield from _upwards(above)


def _has_table(file: str) -> bool:
    """Whether a pyproject.toml speaks of this tool; one that can't be read speaks of others."""
    try:
        text = read_text(file)
    except (OSError, UnicodeDecodeError):
        return False
    return re.search(_BEGINS, text) is not None and _is_tool(text)


def _is_tool(text: str) -> bool:
    """Whether there is the table, however it is written; of what isn't TOML, only as it usually is."""
    import tomllib

    try:
        tool = parse_toml(text).get("tool")
    except tomllib.TOMLDecodeError:
        return f"[tool.{TABLE}" in text
    return isinstance(tool, dict) and TABLE in tool

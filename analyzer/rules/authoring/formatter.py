"""Rule files in one shape: spaces, quotes and empty lines; words, order and comments stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from tomllib import TOMLDecodeError
from typing import Any

from analyzer.files import parse_toml
from analyzer.rules.loading.lines import LONG_TEXT

_TABLE = re.compile(r"^(\[\[?)\s*([^\[\]]+?)\s*(\]\]?)\s*(#.*)?$")
_ENTRY = re.compile(r"""^((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=\s*(.*)$""")
_KEY = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_BARE = re.compile(r"[\w-]+", re.ASCII)
_TEXT = re.compile(r"'([^'\"\\]*)'")


def formatted(text: str) -> str:
    """The rule file in shape: the same tables in the same order, with the same comments.

    Raises: tomllib.TOMLDecodeError where it isn't TOML.
    """
    before = parse_toml(text)
    shaped = "\n".join(_spaced(_lines(text))) + "\n"
    # A file that this can't read line by line stays as it is.
    return shaped if _holds(shaped, before) else text


def _holds(shaped: str, before: dict[str, Any]) -> bool:
    """Whether a text is these tables, in the same order."""
    try:
        return repr(parse_toml(shaped)) == repr(before)
    except (TOMLDecodeError, RecursionError):
        return False


def _lines(text: str) -> Iterator[str]:
    """The lines, each in shape; what stands in long texts and lists is only freed of spaces at its ends."""
    inside = depth = 0
    for line in text.removesuffix("\n").split("\n"):
        if inside:
            yield line
        elif depth:
            yield f"    {line.strip()}" if not line.strip().startswith("]") else line.strip()
        else:
            yield _shaped(line.strip())
        inside ^= len(LONG_TEXT.findall(line)) % 2
        depth = 0 if inside else max(0, depth + _opened(line))


def _opened(line: str) -> int:
    """How many more lists a line begins than it ends."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'|#.*', "", LONG_TEXT.sub("", line))
    return 0 if _TABLE.match(line) else bare.count("[") - bare.count("]")


def _shaped(line: str) -> str:
    if table := _TABLE.match(line):
        opening, name, closing, comment = table.groups()
        return f"{opening}{_name(name)}{closing}" + (f"  {comment}" if comment else "")
    if entry := _ENTRY.match(line):
        name, value = entry.groups()
        text = _TEXT.fullmatch(value)
        return f'{_name(name)} = "{text[1]}"' if text else f"{_name(name)} = {value}"
    return line


def _name(dotted: str) -> str:
    """A dotted name with quotes where TOML asks for them."""
    return ".".join(_quoted(part) for part in _KEY.findall(dotted))


def _quoted(part: str) -> str:
    plain = part[1:-1] if part[0] in "\"'" else part
    if _BARE.fullmatch(plain):
        return plain
    return part if "\\" in plain or '"' in plain else f'"{plain}"'


def _spaced(lines: Iterator[str]) -> Iterator[str]:
    """The lines with one empty line before each table and what is said of it, and no two in a row."""
    remarks: list[str] = []
    started = gap = inside = False
    for line in lines:
        was, inside = inside, inside != bool(len(LONG_TEXT.findall(line)) % 2)
        if was:
            yield line
        elif line.startswith("#"):
            remarks.append(line)
        else:
            if started and (remarks or line) and (gap or _TABLE.match(line)):
                yield ""
            yield from remarks
            if line:
                yield line
            started, gap, remarks = started or bool(remarks or line), not line, []
    if remarks:
        yield from ["", *remarks] if started and gap else remarks

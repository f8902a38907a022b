"""Text out of a model made fit to show: its names are whatever their author wrote."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Any

#: Control characters, marks that turn the direction of text, private and unassigned characters.
_HIDDEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}

#: Stands for a space at which no line may end; one of the characters that `plain` lets no name have.
_BOND = "\ue000"
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|[kMG]?B|ms|[kMG] MACs)(?!\w))")

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&])")
#: What GitHub would turn into a link to an issue.
_ISSUE = re.compile(r"#\d[\d/]*")


def plain(text: str) -> str:
    """The text on one line; whatever could fool a terminal or a reader is written out as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escaped(text: str) -> str:
    """Text that stands for itself wherever it is put in Markdown, table cells included."""
    return _ISSUE.sub(r"`\g<0>`", _MARKDOWN.sub(r"\\\1", plain(text)))


def shorten(text: str, width: int) -> str:
    """The text in at most `width` characters; what is cut is the start, where paths differ least."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]


def fill(text: str, width: int, **how: Any) -> str:
    """`textwrap.fill`, but a number stays beside its unit."""
    return textwrap.fill(_bound(text), width, **how).replace(_BOND, " ")


def _bound(text: str) -> str:
    return _BEFORE_UNIT.sub(_BOND, text)


def columns(
    rows: Sequence[Sequence[str]],
    sides: Sequence[str] | None = None,
    widths: Sequence[int | None] | None = None,
) -> str:
    """Rows as columns, each `left` or `right` of its column and wrapped where that has a width."""
    from tabulate import tabulate

    # Headers are a first row: headers proper would get a padding of their own.
    kept = [list(map(_bound, row)) for row in rows]
    text = tabulate(kept, tablefmt="plain", disable_numparse=True, colalign=sides, maxcolwidths=widths)
    return "\n".join(line.rstrip() for line in text.replace(_BOND, " ").splitlines())

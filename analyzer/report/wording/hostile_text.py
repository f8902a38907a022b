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
#: Patterns are compiled where they are first asked for: most runs need none of them.
_BEFORE_UNIT = r"(?<=\d) (?=(?:%|[kMG]?B|ms|[kMG] MACs)(?!\w))"

_MARKDOWN = r"([\\`*_\[\]<>|~&$])"
#: What GitHub would turn into a link, or tell somebody of: addresses, e-mail and people, issues, commits.
_LIVE = r"""(?ix) (?:https?|ftp|mailto|xmpp):[^\s`|<>\\]+ | (?<![^\W_])www\.[^\s`|<>\\]+
    | [\w.+/-]*@[\w.+/-]+ | (?<![^\W_])GH-\d+ | [\w./-]*\#\d[\d/]* | \b(?=[a-f]*\d)[0-9a-f]{7,64}\b"""
#: What begins a heading, a list or a line across the page where it begins a line.
_BLOCK = r"^(\s*)(#(?=#{0,5}\s)|[+-](?=\s+\S)|[=-](?=[=-]+$)|\d+(?=[.)]\s))"


def plain(text: str) -> str:
    """The text on one line; whatever could fool a terminal or a reader is written out as an escape."""
    # All that is hidden counts as not printable, and spaces beside the usual one.
    if text.isprintable():
        return text
    return "".join([char if char.isprintable() else _shown(char) for char in text])


def _shown(char: str) -> str:
    return _escape(char) if unicodedata.category(char) in _HIDDEN else char


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def escaped(text: str) -> str:
    """Text that stands for itself wherever it is put in Markdown, table cells included."""
    text = plain(text)
    said, end = [], 0
    for live in re.finditer(_LIVE, text):
        said += [_marked(text[end : live.start()]), f"`{live[0]}`"]
        end = live.end()
    return re.sub(_BLOCK, _inline, "".join([*said, _marked(text[end:])]))


def _marked(text: str) -> str:
    return re.sub(_MARKDOWN, r"\\\1", text)


def _inline(begun: re.Match[str]) -> str:
    """What would begin a block, as text: a sign can be escaped, of a number only what follows it."""
    return f"{begun[1]}`{begun[2]}`" if begun[2].isdecimal() else f"{begun[1]}\\{begun[2]}"


def shorten(text: str, width: int) -> str:
    """The text in at most `width` characters; what is cut is the start, where paths differ least."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]


def fill(text: str, width: int, **how: Any) -> str:
    """`textwrap.fill`, but numbers stay beside their units, and names and commands in one piece."""
    return textwrap.fill(_bound(text), width, **{"break_on_hyphens": False, **how}).replace(_BOND, " ")


def after(heading: str, text: str, width: int) -> str:
    """What follows a heading: beside it where there is room, else below."""
    return f"   {text}" if len(heading) + len(text) + 3 <= width else f"\n{fill(text, width)}"


def _bound(text: str) -> str:
    return re.sub(_BEFORE_UNIT, _BOND, text)


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

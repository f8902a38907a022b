"""The few rows that every audit ends in, set as tabulate would, which takes far longer to load."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.report.wording.hostile_text import columns, fill

_STYLE = re.compile(r"\x1b\[[\d;]*m")


def verdict_table(rows: Sequence[Sequence[str]], sides: Sequence[str], widths: Sequence[int | None]) -> str:
    """Rows as `columns` gives them; only cells of one place a character are set here."""
    if not all(cell.isascii() and "\n" not in cell for row in rows for cell in row):
        return columns(rows, sides, widths)
    cells = [[_lines(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    room = [max(_visible(line) for lines in column for line in lines) for column in zip(*cells, strict=True)]
    set_rows = []
    for row in cells:
        for number in range(max(map(len, row))):
            parts = [lines[number] if number < len(lines) else "" for lines in row]
            set_rows.append("  ".join(map(_padded, parts, sides, room)).rstrip())
    return "\n".join(set_rows)


def _lines(cell: str, width: int | None) -> list[str]:
    return [cell.strip()] if width is None else fill(cell.strip(), width).split("\n")


def _padded(text: str, side: str, room: int) -> str:
    gap = " " * (room - _visible(text))
    return text + gap if side == "left" else gap + text


def _visible(text: str) -> int:
    return len(_STYLE.sub("", text))

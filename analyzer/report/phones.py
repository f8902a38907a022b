"""Phones as text for a terminal: what `devices list` prints."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.report.text import plain
from analyzer.runtime.phone import Target

_HEADERS = ("serial", "phone", "Android", "chip", "GPU")


def phones(found: Sequence[Target], width: int) -> str:
    """A table of phones."""
    from tabulate import tabulate

    rows = [
        [
            plain(text)
            for text in (one.serial, one.name, one.android.removeprefix("Android "), one.soc, one.gpu)
        ]
        for one in found
    ]
    widths = [None, max(16, width - 62), None, None, None]
    text = tabulate([_HEADERS, *rows], tablefmt="plain", maxcolwidths=widths, disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())

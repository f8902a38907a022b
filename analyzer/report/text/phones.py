"""Phones as text for a terminal: what `devices` prints."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from analyzer.execution.android.device import PhoneInfo
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, plain

_HEADERS = ("serial", "phone", "Android", "chip", "GPU")
#: Room for the names of what is told of one phone.
_INDENT = 17


def phones(targets: Sequence[PhoneInfo], width: int) -> str:
    """A table of phones."""
    rows = [[plain(text) for text in _facts(target)] for target in targets]
    widths = [None, max(16, width - 62), None, None, None]
    return columns([_HEADERS, *rows], widths=widths)


def phone(target: PhoneInfo, specs: Sequence[str], free: int | None, width: int) -> str:
    """All that is known of one phone, with what to ask of it."""
    told = dict(zip(_HEADERS, map(plain, _facts(target)), strict=True))
    told |= {
        "processor": ", ".join(map(plain, target.abis)),
        "free": "" if free is None else figures.size(free),
        "delegates": f"-d {','.join(specs)}",
        "benchmark_model": target.build,
    }
    lines = [line for name, text in told.items() if text for line in _entry(name, text, width)]
    return "\n".join(lines)


def _facts(target: PhoneInfo) -> tuple[str, ...]:
    return target.serial, target.name, target.android.removeprefix("Android "), target.soc, target.gpu


def _entry(name: str, text: str, width: int) -> list[str]:
    first, *rest = wrap(text, max(_INDENT, width - _INDENT), break_on_hyphens=False)
    return [f"{name:<{_INDENT}}{first}", *(f"{'':<{_INDENT}}{line}" for line in rest)]

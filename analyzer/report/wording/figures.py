"""Numbers and counts the way people read them."""

from __future__ import annotations

_STEPS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def _scaled(number: int) -> tuple[str, str]:
    """Three significant digits and the prefix that goes with them."""
    for step, prefix in _STEPS:
        if number >= 0.9995 * step:
            value = number / step
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f}", prefix
    return str(number), ""


def size(number: int) -> str:
    """A number of bytes: `4.23 MB`."""
    value, prefix = _scaled(number)
    return f"{value} {prefix}B"


def macs(number: int | None) -> str:
    """A number of multiply-accumulates without its unit: `1.21 G`; empty where nothing is counted."""
    if not number:
        return ""
    value, prefix = _scaled(number)
    return f"{value} {prefix}".rstrip()


def percent(share: float) -> str:
    """A share in whole percent; 0 % and 100 % only where they are exact."""
    whole = round(share * 100)
    if share <= 0 or share >= 1:
        return f"{whole} %"
    return "<1 %" if whole == 0 else f"{min(whole, 99)} %"


def count(number: int, noun: str) -> str:
    """`1 operator`, `64 operators`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")

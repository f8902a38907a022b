"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Sequence


def nearest(name: str, known: Sequence[str]) -> str:
    """`; did you mean X?` for the nearest of `known`, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, known, 1, 0.6)
    return f"; did you mean {found[0]}?" if found else ""

"""What a misspelt name may have meant."""

from __future__ import annotations

from collections.abc import Sequence


def nearest(name: str, known: Sequence[str]) -> str:
    """`; did you mean X?` for the nearest of `known`, or nothing."""
    from difflib import get_close_matches

    folded = {one.casefold(): one for one in reversed(known)}
    found = get_close_matches(name.casefold(), folded, 1, 0.6)
    return f"; did you mean {folded[found[0]]}?" if found else ""

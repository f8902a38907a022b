"""Options that are written `KEY=VALUE`."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.errors import UsageError


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """What an option that may be repeated gives. Raises: UsageError."""
    given = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key and sign):
            raise UsageError(f"{option} {text}: not KEY=VALUE; write KEY=VALUE")
        given[key] = value
    return given

"""Releases of runtimes, in the order in which they came out."""

from __future__ import annotations

from collections.abc import Sequence


def place(text: str, releases: Sequence[str]) -> int:
    """Where a release stands among all of them; by its number where none are listed. Raises: ValueError."""
    if releases:
        return releases.index(text)
    major, _, minor = text.partition(".")
    return int(major) * 1000 + int(minor or 0)


class Release:
    """A release that rules compare with others by their names: `runtime >= 2.1`."""

    __slots__ = ("_releases", "_text")

    def __init__(self, text: str, releases: Sequence[str]) -> None:
        self._text = text
        self._releases = releases

    def __str__(self) -> str:
        return self._text

    def __ge__(self, other: str) -> bool:
        return place(self._text, self._releases) >= place(other, self._releases)

    def __le__(self, other: str) -> bool:
        return place(self._text, self._releases) <= place(other, self._releases)

"""Line numbers of a rule file's tables and keys, which the TOML parser doesn't keep."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(r"^\s*\[(\[)?\s*(.*?)\s*\](\])?\s*(#.*)?$")
LONG_TEXT = re.compile(r"""\"{3}|'{3}""")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+)\s*=""")


def _each_operator(header: str) -> Iterator[str]:
    """The header, and for a table of several operators those that the operators would have alone."""
    yield header
    kind, _, rest = header.partition(".")
    names, dot, below = rest.partition(".")
    if kind == "op" and "|" in names:
        yield from (f"op.{name}{dot}{below}" for name in names.split("|"))


class Lines:
    """Where tables and keys stand."""

    def __init__(self, text: str) -> None:
        self._headers: dict[str, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._last = 1
        header, inside = "", False
        for number, line in enumerate(text.split("\n"), 1):
            self._last = number
            within, inside = inside, inside != bool(len(LONG_TEXT.findall(line)) % 2)
            if within:
                continue
            found = _HEADER.match(line)
            if found and not _KEY.match(line):
                header = found[2].replace('"', "").replace("'", "")
                for name in _each_operator(header):
                    self._headers.setdefault(name, number)
            elif key := _KEY.match(line):
                for name in _each_operator(header):
                    self._keys.setdefault((name, key[1].strip("\"'")), number)

    def of(self, header: str, key: str = "") -> int:
        """The line of a table's key, or of its header where the key isn't found.

        The last line for a table that isn't there, and the first for what belongs before all tables.
        """
        if key and (header, key) in self._keys:
            return self._keys[header, key]
        if header in self._headers:
            return self._headers[header]
        below = (
            line
            for (known, name), line in self._keys.items()
            if name == key and known.startswith(f"{header}.")
        )
        parent, _, last = header.rpartition(".")
        missing = self._last if header else 1
        return next(below, self.of(parent, last) if parent else missing)

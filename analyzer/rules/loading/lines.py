"""Line numbers of a rule file's tables and keys, which the TOML parser doesn't keep."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[(\[)?\s*(.*?)\s*\](\])?\s*(#.*)?$")
_LONG_TEXT = re.compile(r"""\"{3}|'{3}""")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+)\s*=""")


class Lines:
    """Where tables and keys stand. The n-th `[[table]]` of a name is its occurrence n, counted from 0."""

    def __init__(self, text: str) -> None:
        self._headers: dict[str, list[int]] = {}
        self._keys: dict[tuple[str, int, str], int] = {}
        self._last = 1
        header, occurrence, inside = "", 0, False
        for number, line in enumerate(text.splitlines(), 1):
            self._last = number
            within, inside = inside, inside != bool(len(_LONG_TEXT.findall(line)) % 2)
            if within:
                continue
            found = _HEADER.match(line)
            if found and not _KEY.match(line):
                header = found[2].replace('"', "").replace("'", "")
                seen = self._headers.setdefault(header, [])
                occurrence = len(seen)
                seen.append(number)
            elif key := _KEY.match(line):
                self._keys.setdefault((header, occurrence, key[1].strip("\"'")), number)

    def of(self, header: str, occurrence: int = 0, key: str = "") -> int:
        """The line of a table's key, or of its header where the key isn't found.

        The last line for a table that isn't there, and the first for what belongs before all tables.
        """
        if key and (header, occurrence, key) in self._keys:
            return self._keys[header, occurrence, key]
        seen = self._headers.get(header, [])
        if occurrence < len(seen):
            return seen[occurrence]
        below = (
            line
            for (known, _, name), line in self._keys.items()
            if name == key and known.startswith(f"{header}.")
        )
        parent, _, last = header.rpartition(".")
        missing = self._last if header else 1
        return next(below, self.of(parent, 0, last) if parent else missing)

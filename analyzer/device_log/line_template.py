"""The shape of a log line: literal text with `{name}` where something varies."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

#: Names that stand for numbers only.
NUMBERS = frozenset({"nodes", "total", "rest", "partitions", "subsets", "subgraph", "node"})
#: Longer numbers are none that a model could give.
_DIGITS = 9
_HOLE = re.compile(r"\{([a-z]+)\}")

Values = Mapping[str, "str | int"]


class Match(Struct, frozen=True):
    """What stands at the names of a template, and where its literal text begins and ends."""

    values: dict[str, str | int]
    start: int
    end: int


class LineTemplate:
    """Matches anywhere in a line, in time that grows with its length alone: there is no going back."""

    def __init__(self, text: str) -> None:
        first, *rest = _HOLE.split(text)
        #: Literal text in front of the first name, then pairs of a name and the literal text after it.
        self.first = first
        self.rest = list(zip(rest[::2], rest[1::2], strict=True))
        self.names = frozenset(name for name, _ in self.rest)
        self._leading = None if first else self.rest.pop(0)
        #: Text that every line of this shape has.
        self.anchor = self._leading[1] if self._leading else first

    def match(self, line: str) -> Match | None:
        """The first match in a line."""
        start = line.find(self.anchor)
        if start < 0:
            return None
        values: dict[str, str | int] = {}
        if self._leading is not None:
            number = _number_before(line, start)
            if not number:
                return None
            values[self._leading[0]] = int(number)
        at = start + len(self.anchor)
        for position, (name, literal) in enumerate(self.rest):
            # At the very end a name may hold what looks like the literal text, such as a full stop.
            last = position == len(self.rest) - 1 and name not in NUMBERS
            until = len(line) if not literal else (line.rfind if last else line.find)(literal, at)
            if until < at:
                return None
            value = line[at:until].strip()
            if name in NUMBERS:
                if not (value.isdecimal() and value.isascii() and len(value) <= _DIGITS):
                    return None
                values[name] = int(value)
            else:
                values[name] = value
            at = until + len(literal)
        return Match(values, start, at if not self.rest or self.rest[-1][1] else start + len(self.anchor))


def _number_before(line: str, at: int) -> str:
    first = at
    while first > max(0, at - _DIGITS) and "0" <= line[first - 1] <= "9":
        first -= 1
    return line[first:at]


def filled(text: str, values: Values) -> str:
    """The text with values in place of their names."""
    return _HOLE.sub(lambda hole: str(values.get(hole[1], hole[0])), text)


def holes(text: str) -> frozenset[str]:
    """The names in a text."""
    return frozenset(_HOLE.findall(text))

"""What was worked out before, kept within bounds."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memo(dict[Key, Value]):
    """What came out, by what it hangs on. Full, it begins anew: telling what was asked last costs more."""

    __slots__ = ("_most",)

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: Key, value: Value) -> Value:
        """Keep a value and give it."""
        if len(self) >= self._most:
            self.clear()
        self[key] = value
        return value

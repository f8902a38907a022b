"""What was worked out before, kept within bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

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


class Tables:
    """Tables of what was worked out that are bounded together: when they are full, all of them begin anew."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = 0
        self._tables: list[dict[Any, Any]] = []

    def table(self) -> dict[Any, Any]:
        """Another one of them."""
        made: dict[Any, Any] = {}
        self._tables.append(made)
        return made

    def keep(self, table: dict[Key, Value], key: Key, value: Value) -> Value:
        """Keep a value, in one of the tables or in one that hangs on what is in them, and give it."""
        if self._kept >= self._most:
            for each in self._tables:
                each.clear()
            self._kept = 0
        self._kept += 1
        table[key] = value
        return value


class worked_out_once(Generic[Value]):
    """`functools.cached_property` without a lock, which until Python 3.12 takes longer than most answers."""

    def __init__(self, find: Callable[[Any], Value]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> worked_out_once[Value]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._find(instance)
        return value

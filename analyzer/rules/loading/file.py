"""A rule file as its author wrote it: its tables, where each stands, and all that is wrong with it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.expressions.check import ExpressionError, Scope, parse
from analyzer.expressions.nodes import Tree
from analyzer.files import read_text
from analyzer.resources import data
from analyzer.rules.loading.format import (
    AndroidTable,
    Case,
    CheckTable,
    FormTable,
    PackTable,
    ParameterTable,
    PartitionTable,
    Upstream,
    ValueTable,
    Words,
)
from analyzer.rules.loading.lines import Lines
from analyzer.suggest import nearest

#: A step of the path in a validation message: `.check[0]`.
_STEP = re.compile(r"\.(\w+)(?:\[(\d+)\])?")
_FIELD = re.compile(r"field `(\w+)`")
#: Tables that have lines of their own, and what they look like.
_SHAPES: Mapping[str, type[Struct]] = {
    "android": AndroidTable,
    "check": CheckTable,
    "every_op": CheckTable,
    "form": FormTable,
    "operands": Case,
    "parameters": ParameterTable,
    "partition": PartitionTable,
    "shared": CheckTable,
    "unlisted": Words,
    "unlisted_custom": Words,
    "upstream": Upstream,
    "values": ValueTable,
}
_LINE = re.compile(r" \(at (?:line (\d+)|end of document).*")


class RuleFile:
    """One rule file, with the pack that it extends laid under it; problems are gathered, not raised."""

    def __init__(self, path: Path) -> None:
        """Raises: RuleError where the file isn't TOML or not a pack at all."""
        self.path = path
        self.problems: list[str] = []
        tables, text = read_tables(path)
        self.lines = Lines(text)
        self._digest = hashlib.sha256(text.encode())
        converted = self.convert(self._extended(tables), PackTable, "")
        if converted is None:
            raise RuleError(self.problems)
        self.table: PackTable = converted

    @property
    def sha256(self) -> str:
        """Of the file and of the one that it extends."""
        return self._digest.hexdigest()

    def problem(self, header: str, what: object, key: str = "", occurrence: int = 0, rule: str = "") -> None:
        """Note what is wrong with a table, the n-th of its name, or with a key of it."""
        line = self.lines.of(header, occurrence, key)
        self.problems.append(f"{self.path}:{line}: {rule or header or 'pack'}: {what}")

    def convert(self, raw: Any, shape: type[Any], header: str) -> Any:
        """A raw table in its proper shape; None where it doesn't fit."""
        try:
            return msgspec.convert(raw, shape)
        except msgspec.ValidationError as error:
            where, key, occurrence, what = _misfit(header, shape, str(error))
            self.problem(where, what, key, occurrence)
            return None

    def tree(
        self, text: str, scope: Scope, header: str, key: str, occurrence: int = 0, wanted: str = "bool"
    ) -> Tree | None:
        """The expression checked; None where it is wrong."""
        try:
            return parse(text, scope, wanted)
        except ExpressionError as error:
            self.problem(header, error, key, occurrence)
            return None

    def _extended(self, tables: dict[str, Any]) -> dict[str, Any]:
        name = tables.get("extends")
        if not name:
            return tables
        base = data("rules") / f"{name}.toml"
        if not base.is_file():
            known = [file.stem for file in data("rules").glob("*.toml")]
            hint = nearest(str(name), known)
            self.problem("", f"there is no pack {name} to extend{hint}", "extends")
            raise RuleError(self.problems)
        lower, text = read_tables(base)
        self._digest.update(text.encode())
        return _laid_over(lower, tables)


def read_tables(path: Path) -> tuple[dict[str, Any], str]:
    """A rule file's tables and its text.

    Raises: RuleError.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise RuleError([f"{path}:1: can't be read ({reason}); name a rule file"]) from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        found = _LINE.search(what)
        line = found[1] if found and found[1] else max(1, len(text.splitlines()))
        raise RuleError([f"{path}:{line}: not TOML: {_LINE.sub('', what)}"]) from None


def _laid_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key; lists of tables with ids merge by id; anything else is replaced."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _laid_over(below, value)
        elif isinstance(below, list) and _tables(below) and _tables(value):
            replaced = {entry.get("id") for entry in value}
            merged[key] = [entry for entry in below if entry.get("id") not in replaced] + value
        else:
            merged[key] = value
    return merged


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _misfit(header: str, shape: type[Any], message: str) -> tuple[str, str, int, str]:
    """What a validation message complains of: table, key, occurrence of the table, and in words."""
    what, _, path = message.removeprefix("Object ").removeprefix("contains ").partition(" - at `$")
    key, occurrence = "", 0
    for name, position in _STEP.findall(path):
        if name not in _SHAPES:
            key = key or name
            continue
        header = f"{header}.{name}" if header else name
        shape = _SHAPES[name]
        occurrence = int(position or 0)
    if what.startswith("Expected"):
        what = f"{key}: e{what[1:]}" if key else f"e{what[1:]}"
    if field := _FIELD.search(what):
        key = field[1]
        what += nearest(key, shape.__struct_fields__) if "unknown" in what else ""
    return header, key, occurrence, what

"""A rule file as its author wrote it: its tables, where each stands, and all that is wrong with it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.expression import ExpressionError, Scope, parse
from analyzer.rules.lines import Lines
from analyzer.rules.spelling import nearest
from analyzer.rules.tables import PackTable
from analyzer.rules.trees import Tree

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
            self.problem(header, f"{error}{_nearest_key(str(error), shape)}", _key_of(str(error)))
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
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise RuleError([f"{path}:1: can't be read ({reason}); name a rule file"]) from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        found = _LINE.search(what)
        line = found[1] if found and found[1] else text.count("\n") + 1
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


def _key_of(message: str) -> str:
    """The key that a validation message names."""
    if "`" not in message:
        return ""
    path = message.rpartition("`$")[2].rstrip("`)") if "`$" in message else ""
    named = message.split("`")[1] if "field" in message else ""
    return named or path.rpartition(".")[2].split("[")[0]


def _nearest_key(message: str, shape: type[Any]) -> str:
    if "unknown field" not in message:
        return ""
    return nearest(message.split("`")[1], list(shape.__struct_fields__))

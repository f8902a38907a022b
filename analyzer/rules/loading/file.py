"""A rule file as its author wrote it: its tables, where each stands, and all that is wrong with it."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

import msgspec

from analyzer.errors import RuleError
from analyzer.expressions.check import parse
from analyzer.expressions.nodes import Node
from analyzer.expressions.scope import ExpressionError, Scope
from analyzer.files import parse_toml, read_text, shortened, toml_fault
from analyzer.resources import data
from analyzer.rules.loading.format import PackTable, misfit, nested_tables
from analyzer.rules.loading.lines import Lines
from analyzer.suggest import nearest

#: What texts may hold besides what can be shown, and what names may not.
_LAYOUT, _UNFIT = str.maketrans("\n\t", "  "), frozenset("`<>")
_ONE_LINE = frozenset({"delegate", "title", "version", "status", "fallback"})
#: Characters that a problem takes at most: it quotes what may be long.
_MOST = 500


class RuleFile:
    """One rule file, with the pack that it extends laid under it; problems are gathered, not raised."""

    def __init__(self, path: Path) -> None:
        """Raises: RuleError where the file isn't TOML or not a pack at all."""
        self.path = path
        self.problems: list[str] = []
        #: Headers of tables that don't fit their shapes.
        self._misfits: set[str] = set()
        tables, text = read_tables(path)
        self.lines = Lines(text)
        self._digest = hashlib.sha256(text.encode())
        self._fit_to_show(tables)
        if self.problems:
            raise RuleError(self.problems)
        self._one_table_each(tables.get("op"))
        converted = self.convert(self._extended(tables), PackTable, "")
        if converted is None:
            raise RuleError(self.problems)
        self.table: PackTable = converted

    @property
    def sha256(self) -> str:
        """Of the file and of the one that it extends."""
        return self._digest.hexdigest()

    def fits(self, header: str) -> bool:
        """Whether the table with this header, if there is one, has its proper shape."""
        return header not in self._misfits

    def problem(self, header: str, what: object, key: str = "", rule: str = "") -> None:
        """Note what is wrong with a table, or with a key of it; of tables that don't fit, no more."""
        if self.fits(header):
            line = self.lines.of(header, key)
            said = shortened(f"{rule or header or 'pack'}: {what}", _MOST)
            self.problems.append(f"{self.path}:{line}: {said}")

    def convert(self, raw: Any, shape: type[Any], header: str) -> Any:
        """A raw table in its proper shape, without tables below it that don't fit; None where it doesn't."""
        try:
            return msgspec.convert(raw, shape)
        except msgspec.ValidationError:
            fitting = self._fitting(raw, shape, header)
        try:
            return msgspec.convert(fitting, shape)
        except msgspec.ValidationError as error:
            self.problem(*misfit(header, shape, str(error)))
            self._misfits.add(header)
            return None

    def _fitting(self, raw: Any, shape: type[Any], header: str) -> Any:
        """The table with those below it in their proper shapes, as far as they fit; what doesn't is noted."""
        if not isinstance(raw, dict):
            return raw
        rest = dict(raw)
        for key, below, keyed in nested_tables(shape):
            value, path = raw.get(key), f"{header}.{key}" if header else key
            if not isinstance(value, dict):
                continue
            if keyed:
                converted = {name: self.convert(one, below, f"{path}.{name}") for name, one in value.items()}
                rest[key] = {name: table for name, table in converted.items() if table is not None}
            elif (table := self.convert(value, below, path)) is not None:
                rest[key] = table
            else:
                del rest[key]
        return rest

    def _one_table_each(self, operators: Any) -> None:
        """Note operators that stand in several tables: all that is said of one is in one place."""
        tables: dict[str, str] = {}
        for key in operators if isinstance(operators, dict) else ():
            for name in key.split("|"):
                if name in tables:
                    first = f"[{tables[name]}] at line {self.lines.of(tables[name])}"
                    self.problem(f"op.{key}", f"{name} stands in {first} already; write all of it there")
                tables.setdefault(name, f"op.{key}")

    def names_in(self, text: str, header: str, key: str) -> list[str]:
        """The names that stand in braces in a text; braces that hold anything else are noted."""
        try:
            parts = list(Formatter().parse(text))
        except ValueError as error:
            self.problem(header, f"{error}; write {{NAME}}, and {{{{ for a brace", key)
            return []
        if any(asked or converted for _, _, asked, converted in parts):
            self.problem(header, "in braces stands a name alone, as in {NAME}", key)
            return []
        return [name for _, name, _, _ in parts if name is not None]

    def _fit_to_show(self, value: Any, header: str = "") -> None:
        """Note names and texts that would do more to a terminal or a page than be read."""
        if isinstance(value, str):
            shown = value if header in _ONE_LINE else value.translate(_LAYOUT)
            if not shown.isprintable():
                self.problem(header, f"{value!r} holds characters that can't be shown; take them out")
        elif isinstance(value, list):
            for element in value:
                self._fit_to_show(element, header)
        elif isinstance(value, dict):
            for key, below in value.items():
                if not key.isprintable() or not _UNFIT.isdisjoint(key):
                    self.problem(header, f"{key!r} is no name; use letters, digits and signs between them")
                self._fit_to_show(below, f"{header}.{key}" if header else key)

    def tree(self, text: str, scope: Scope, header: str, key: str, wanted: str = "bool") -> Node | None:
        """The expression checked; None where it is wrong."""
        try:
            return parse(text, scope, wanted)
        except ExpressionError as error:
            self.problem(header, error, key)
            return None

    def _extended(self, tables: dict[str, Any]) -> dict[str, Any]:
        name = tables.get("extends")
        if not name:
            return tables
        known = {file.stem: file for file in data("rules").glob("*.toml")}
        base = known.get(name) if isinstance(name, str) else None
        if base is None:
            hint = nearest(str(name), list(known))
            self.problem("", f"there is no pack {name} to extend{hint}", "extends")
            raise RuleError(self.problems)
        lower, text = read_tables(base)
        self._digest.update(text.encode())
        # An operator may share its table with others in one of the two alone.
        return _laid_over(*(each | {"op": _by_operator(each.get("op", {}))} for each in (lower, tables)))


def read_tables(path: Path) -> tuple[dict[str, Any], str]:
    """A rule file's tables and its text.

    Raises: RuleError.
    """
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't UTF-8"
        raise RuleError([f"{path}: can't be read ({reason}); name a rule file"]) from None
    try:
        return parse_toml(text), text
    except tomllib.TOMLDecodeError as error:
        line, what = toml_fault(error, text)
        raise RuleError([f"{path}:{line}: not TOML: {what}"]) from None


def _by_operator(tables: dict[str, Any]) -> dict[str, Any]:
    """Tables that operators share, as one table for each."""
    return {name: table for names, table in tables.items() for name in names.split("|")}


def _laid_over(lower: dict[str, Any], upper: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key, those of checks too; anything else is replaced."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = (
            _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged

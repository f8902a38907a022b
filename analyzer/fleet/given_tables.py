"""Tables that others may have written: held to what audit writes before they are asked anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache

import msgspec

from analyzer.errors import UsageError
from analyzer.files import reason
from analyzer.fleet.store import ask, checked
from analyzer.fleet.tables import INDEXES, TABLES
from analyzer.report.wording.outcome import VERDICTS

#: Characters of a text, and of those that models have a say in.
_MOST, _OF_MODELS = 20_000, 1_000_000
#: How often models are asked of, at most: pairs of audits are looked for one by one.
_MOST_CONFIGURATIONS = 1_000
_LONG = frozenset({"path", "error", "dtypes", "ops", "sha256"})
#: What a column has to hold beyond its type.
_HOLDS = {
    "verdict": f"verdict IN ({', '.join(map(repr, VERDICTS))})",
    "parameters": "json_valid(parameters) AND json_type(parameters) = 'object'",
    "ops": "json_valid(ops) AND json_type(ops) = 'object'",
}
#: What is read by nobody here.
_UNREAD = frozenset({"reasons"})


def check(database: sqlite3.Connection, path: str) -> None:
    """Raises: UsageError where a file holds anything but what audit writes."""
    checked(database, path)
    made, indexes, conditions = _expected()
    with told_of(path):
        kept = dict(ask(database, "SELECT name, sql FROM sqlite_master"))
        if not indexes.keys() <= kept.keys():
            raise UsageError(f"{path}: isn't finished; go on with it with audit --resume")
        for name, sql in (made | indexes).items():
            if kept.get(name) != sql:
                raise UsageError(f"{path}: isn't what audit writes ({name}); audit again")
        for name, condition in conditions.items():
            if ask(database, f"SELECT 1 FROM {name} WHERE NOT ({condition}) LIMIT 1"):
                raise UsageError(f"{path}: isn't what audit writes (a row of {name}); audit again")
        if ask(database, "SELECT count(*) FROM configuration")[0][0] > _MOST_CONFIGURATIONS:
            raise UsageError(f"{path}: holds more than {_MOST_CONFIGURATIONS:,} delegates; audit for fewer")


@contextmanager
def told_of(file: str, *damage: type[Exception]) -> Iterator[None]:
    """Tell in a line of what shows only as tables are asked; `damage`: errors beside SQLite's and of texts.

    Raises: UsageError.
    """
    kinds: tuple[type[Exception], ...] = (sqlite3.Error, msgspec.DecodeError, UnicodeDecodeError, *damage)
    try:
        yield
    except kinds as error:
        raise UsageError(f"{file}: isn't what audit writes ({reason(error)}); audit again") from None


@cache
def _expected() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """How tables and indexes are made, and what each row of a table holds to."""
    made: dict[str, dict[str, str]] = {"table": {}, "index": {}, "view": {}}
    columns = 'SELECT name, type, "notnull" FROM pragma_table_info(?)'
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(TABLES + INDEXES)
        query = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        for kind, name, sql in ask(database, query):
            made[kind][name] = sql
        conditions = {
            table: " AND ".join(
                _condition(*column) for column in ask(database, columns, table) if column[0] not in _UNREAD
            )
            for table in made["table"]
        }
    return made["table"], made["index"], conditions


def _condition(column: str, kind: str, filled: int) -> str:
    """What holds of each value of a column, as SQL."""
    sound = f"typeof({column}) = '{kind.lower()}'"
    if kind == "TEXT":
        sound += f" AND length({column}) <= {_OF_MODELS if column in _LONG else _MOST}"
    if column in _HOLDS:
        sound += f" AND {_HOLDS[column]}"
    return f"({sound})" if filled or column == "id" else f"({column} IS NULL OR {sound})"

"""Audits of many models in an SQLite file, which is their journal until it is finished."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import UsageError
from analyzer.files import reason
from analyzer.fleet.answers import Answer
from analyzer.fleet.rows import CauseRow, Configuration, Rows
from analyzer.fleet.tables import INDEXES, TABLES, VERSION
from analyzer.memo import Memo
from analyzer.rules.parameters import as_written

#: Seconds after which what was audited is safe.
_EVERY = 1.0
#: So many reasons are kept at hand.
_MOST_REASONS = 4096
#: How much SQLite keeps in memory, in kilobytes.
_CACHE = 8000


class Progress(Struct, frozen=True):
    """What a journal holds so far."""

    files: int
    errors: int
    #: Lines that tell why policies fail.
    reasons: int


class Store:
    """Tables of audits, to be written. Raises: UsageError where that can't be done there."""

    def __init__(self, path: str, lines: str | None = None) -> None:
        """At `path`; with `lines`, a file that grows beside it and is cut back to what the tables know."""
        self._path = path
        self._claimed: set[str] = set()
        self._reasons: Memo[tuple[str, ...], int] = Memo(_MOST_REASONS)
        with told(path):
            self._lines = open(lines, "ab") if lines else None  # noqa: SIM115
            new = path == ":memory:" or not os.path.exists(path) or not os.path.getsize(path)
            self.database = sqlite3.connect(path, isolation_level=None)
            try:
                self._take_up(new)
            except BaseException:
                self.close()
                raise

    def _take_up(self, new: bool) -> None:
        self.database.execute(f"PRAGMA cache_size = -{_CACHE}")
        if new:
            self.database.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        checked(self.database, self._path)
        self._configured = _configured(self.database)
        self._cut_back()
        self._begin()

    def _cut_back(self) -> None:
        if self._lines is not None:
            known = int(self.said("lines") or 0)
            if self._lines.seek(0, os.SEEK_END) < known:
                raise UsageError(
                    f"{self._lines.name}: lacks lines that {self._path} knows of; "
                    "audit again without --resume"
                )
            self._lines.truncate(known)
            self._lines.seek(0, os.SEEK_END)

    def _begin(self) -> None:
        self.database.execute("BEGIN")
        self._due = time.monotonic() + _EVERY

    # What is known

    def said(self, key: str) -> str | None:
        """What was noted under a key."""
        row = self.database.execute("SELECT value FROM run WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def note(self, key: str, value: str) -> None:
        """Note something about the run."""
        self.database.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, value))

    def has(self, path: str) -> bool:
        """Whether the file is in it already."""
        return self._exists("file", "path", path)

    def claims(self, digests: Sequence[str | None]) -> list[bool]:
        """Which contents, by their SHA-256, nobody audits yet; what isn't known is to be audited."""
        return [sha256 is None or self._claim(sha256) for sha256 in digests]

    def _claim(self, sha256: str) -> bool:
        if sha256 in self._claimed or self._exists("model", "sha256", sha256):
            return False
        self._claimed.add(sha256)
        return True

    def _exists(self, table: str, column: str, value: str) -> bool:
        asked = self.database.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", (value,))
        return asked.fetchone() is not None

    @property
    def progress(self) -> Progress:
        counted = "SELECT count(*), count(error), sum(json_array_length(reasons)) FROM file"
        files, errors, reasons = self.database.execute(counted).fetchone()
        return Progress(files, errors, reasons or 0)

    # What is new

    def add(self, path: str, size: int, answer: Answer, configurations: Sequence[Configuration] = ()) -> None:
        """Add one file, with its model, audited for these, where that is new. Raises: UsageError."""
        with told(self._path):
            result = answer.result
            error = None if result is None else result.model.error
            reasons = msgspec.json.encode(result.reasons).decode() if result and result.reasons else None
            said = (None, None) if error is None else (error.code, error.message)
            self.database.execute(
                "INSERT INTO file VALUES (NULL, ?, ?, ?, ?, ?, ?)",
                (path, size, answer.sha256, *said, reasons),
            )
            if answer.rows is not None and answer.sha256 is not None:
                self._add_model(answer.sha256, size, answer.rows, self._numbers(configurations))
            if self._lines is not None:
                self._lines.write(answer.line)
            if time.monotonic() > self._due:
                self.commit()

    def _numbers(self, configurations: Sequence[Configuration]) -> list[int]:
        """The numbers of configurations, each called by a name of its own."""
        numbers: list[int] = []
        for each in configurations:
            alike = self._configured.setdefault(_key(each), [])
            left = [number for number in alike if number not in numbers]
            if not left:
                left = [sum(map(len, self._configured.values()))]
                alike += left
                row = (*left, *msgspec.structs.astuple(self._titled(each)))
                self.database.execute("INSERT INTO configuration VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            numbers.append(left[0])
        return numbers

    def _titled(self, configuration: Configuration) -> Configuration:
        """A configuration by another title where one of other parameters has its own."""
        others = "SELECT parameters FROM configuration WHERE title = ? AND parameters != ?"
        named = configuration
        for (parameters,) in ask(self.database, others, configuration.title, configuration.parameters):
            theirs = msgspec.json.decode(parameters)
            own = msgspec.json.decode(configuration.parameters)
            apart = [f"{name}={as_written(own[name])}" for name in own if own[name] != theirs.get(name)]
            named = replace(configuration, title=" ".join((configuration.title, *apart)))
        return named

    def _add_model(self, sha256: str, size: int, rows: Rows, numbers: Sequence[int]) -> None:
        """Add a content, or what it is asked for beyond what it was before."""
        self._claimed.discard(sha256)
        self.database.execute(
            "INSERT OR IGNORE INTO model VALUES (NULL, ?, ?, ?, ?, ?)",
            (sha256, size, rows.operators, rows.macs, rows.dtypes),
        )
        [(model,)] = ask(self.database, "SELECT id FROM model WHERE sha256 = ?", sha256)
        self.database.executemany(
            f"INSERT OR IGNORE INTO audit VALUES ({', '.join('?' * 15)})",
            [
                (model, number, *msgspec.structs.astuple(audit))
                for number, audit in zip(numbers, rows.audits, strict=True)
            ],
        )
        self.database.executemany(
            "INSERT OR IGNORE INTO cause VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (model, numbers[row.position], place, self._reason(row), *_figures(row))
                for place, row in enumerate(rows.causes)
            ],
        )

    def _reason(self, row: CauseRow) -> int:
        delegate = row.rule.partition("/")[0]
        key = (delegate, row.rule, row.fix, row.severity, row.stage, row.level, row.kind or "")
        known = self._reasons.get(key)
        if known is not None:
            return known
        columns = "delegate = ? AND rule = ? AND fix = ? AND severity = ? AND stage = ? AND level = ?"
        inserted = "INSERT OR IGNORE INTO reason VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
        self.database.execute(inserted, (*key, row.message))
        asked = self.database.execute(f"SELECT id FROM reason WHERE {columns} AND kind = ?", key)
        number: int = asked.fetchone()[0]
        return self._reasons.keep(key, number)

    def commit(self) -> None:
        """Make safe what was added. Raises: UsageError."""
        with told(self._path):
            if self._lines is not None:
                self._lines.flush()
                os.fsync(self._lines.fileno())
                self.note("lines", str(self._lines.tell()))
            self.database.execute("COMMIT")
            self._begin()

    # The end

    def unanswered(self) -> list[str]:
        """Files whose content another was to have audited, and couldn't."""
        asked = (
            "SELECT path FROM file WHERE error IS NULL AND sha256 IS NOT NULL"
            " AND sha256 NOT IN (SELECT sha256 FROM model)"
        )
        return [path for (path,) in self.database.execute(asked)]

    def forget(self, paths: Sequence[str]) -> None:
        """Take files out again, which are to be audited by themselves."""
        self.database.executemany("DELETE FROM file WHERE path = ?", [(path,) for path in paths])
        self._claimed.clear()

    def finish(self, shared: bool) -> None:
        """Nothing more is added; `shared`: files of one content have their policies' reasons in common.

        Raises: UsageError.
        """
        with told(self._path):
            self.commit()
            self.database.execute("COMMIT")
            self.database.executescript((_SHARED_REASONS if shared else "") + INDEXES)

    def close(self) -> None:
        """Leave the file as it was when it was last safe, or finished."""
        self.database.close()
        if self._lines is not None:
            self._lines.close()


#: A policy says of a file what it says of the one whose content it has.
_SHARED_REASONS = """
CREATE TEMP TABLE told AS
    SELECT sha256, min(id) AS id, path, reasons FROM file WHERE reasons IS NOT NULL GROUP BY sha256;
CREATE INDEX temp.told_sha256 ON told (sha256);
UPDATE file SET reasons = (
    SELECT replace(reasons, substr(json_quote(told.path), 2, length(json_quote(told.path)) - 2) || ': ',
        substr(json_quote(file.path), 2, length(json_quote(file.path)) - 2) || ': ')
    FROM told WHERE told.sha256 = file.sha256
) WHERE reasons IS NULL AND error IS NULL AND sha256 IN (SELECT sha256 FROM told);
DROP TABLE told;
"""


def _figures(row: CauseRow) -> tuple[object, ...]:
    return row.operators, row.macs, row.ops, row.alone


#: What tells configurations apart.
_Key = tuple[str, str | None, str, str]


def _key(configuration: Configuration) -> _Key:
    return (
        configuration.delegate,
        configuration.device,
        configuration.parameters,
        configuration.rules_sha256,
    )


def _configured(database: sqlite3.Connection) -> dict[_Key, list[int]]:
    """The numbers of the configurations that are known; several where the same was asked more than once."""
    known: dict[_Key, list[int]] = {}
    query = "SELECT delegate, device, parameters, rules_sha256, id FROM configuration ORDER BY id"
    for *key, number in ask(database, query):
        known.setdefault(tuple(key), []).append(number)
    return known


@contextmanager
def told(path: str) -> Iterator[None]:
    """Tell of what goes wrong with a file of tables in a line."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"{path}: can't be written ({reason(error)}); choose another place, or make room"
        ) from None


def checked(database: sqlite3.Connection, path: str) -> None:
    """Raises: UsageError where a file holds no such tables."""
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        named = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {name for (name,) in database.execute(named)}
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: isn't what audit writes ({reason(error)}); name a file that audit -o wrote"
        ) from None
    if not {"run", "file", "audit", "cause"} <= tables:
        raise UsageError(f"{path}: has no audits in it; name a file that audit -o wrote")
    if version != VERSION:
        raise UsageError(f"{path}: is of another version of this tool; audit the models again")


def ask(database: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows that answer a query."""
    with closing(database.execute(query, values)) as cursor:
        return cursor.fetchall()

"""What audit wrote of many models, in whichever format -> a database to ask."""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from analyzer.errors import UsageError
from analyzer.files import opened, temporary_folder
from analyzer.fleet.answers import Answer
from analyzer.fleet.given_tables import check, told_of
from analyzer.fleet.rows import Configurations, rows
from analyzer.fleet.store import Store, ask
from analyzer.fleet.tables import MAGIC
from analyzer.model_auditor import ModelResult
from analyzer.report.document import audit_document
from analyzer.report.document.json import read_line
from analyzer.report.wording.hostile_text import plain

#: What a file of Parquet begins with.
_PARQUET = b"PAR1"


@contextmanager
def database_of(file: str) -> Iterator[sqlite3.Connection]:
    """The tables in a file that audit wrote, to be read. Raises: UsageError."""
    with tables(file) as path, closing(connected(path)) as database, told_of(file):
        yield database


@contextmanager
def tables(file: str) -> Iterator[str]:
    """A file that audit wrote as one of SQLite. Raises: UsageError."""
    try:
        with opened(file) as content:
            head = content.read(len(MAGIC))
    except OSError as error:
        raise UsageError(f"{file}: {str(error.strerror).lower()}; name what audit -o wrote") from None
    if head == MAGIC:
        with closing(connected(file)) as database:
            check(database, file)
        yield file
        return
    if head[:4] != _PARQUET and head[:1] != b"{":
        raise UsageError(f"{file}: isn't what audit writes; name its .sqlite, .parquet or .jsonl")
    with temporary_folder() as folder:
        path = os.path.join(folder, "read.sqlite")
        with closing(Store(path)) as store:
            if head[:4] == _PARQUET:
                from analyzer.fleet import parquet

                parquet.read(file, store.database)
            else:
                _read_lines(file, store)
            store.finish(False)
            check(store.database, file)
        yield path


def _read_lines(file: str, store: Store) -> None:
    known = Configurations()
    with opened(file) as raw, open(raw.fileno(), "rb", closefd=False) as lines:
        for number, line in enumerate(lines, 1):
            try:
                model = read_line(line)
                add(store, model, known)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError):
                raise UsageError(f"{file}: line {number} is no audited model; audit again") from None


def add(store: Store, model: audit_document.Model, asked: Configurations) -> None:
    """Add an audited model; without hashes models are told apart by their paths. Raises: UsageError."""
    read = model.error is None
    if not store.has(model.path):
        result, kept = (None, rows(model)) if read else (ModelResult(model), None)
        answer = Answer(result, rows=kept, sha256=model.sha256 or model.path)
        store.add(model.path, model.bytes, answer, asked.of(model) if read else ())


def connected(file: str) -> sqlite3.Connection:
    """A database that is only read."""
    return sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)


def asked(database: sqlite3.Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows that answer a query; texts as they may be shown, whoever wrote them."""
    return [
        tuple(plain(each) if isinstance(each, str) else each for each in row)
        for row in ask(database, query, *values)
    ]


def value(database: sqlite3.Connection, query: str) -> Any:
    """The one value that answers a query."""
    return asked(database, query)[0][0]


def grouped(database: sqlite3.Connection, query: str, *values: Any) -> dict[Any, list[Any]]:
    """The rows of a query by their first column."""
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for first, *rest in asked(database, query, *values):
        grouped[first].append(rest)
    return grouped


def configurations(database: sqlite3.Connection, schema: str = "main") -> list[tuple[Any, ...]]:
    """Of each that was asked: number, delegate, title, whether deprecated, parameters, hash of its rules."""
    columns = "id, delegate, title, legacy, parameters, rules_sha256"
    return asked(database, f"SELECT {columns} FROM {schema}.configuration ORDER BY id")

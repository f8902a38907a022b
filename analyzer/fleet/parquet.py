"""Tables of many models as Parquet files, and back: what data frames and warehouses read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError
from analyzer.fleet.given_tables import told_of
from analyzer.fleet.store import told

#: Rows that are in memory at a time.
_ROWS = 20_000
#: Rows and unpacked bytes for each byte of a file, at most, beyond those that any may have.
_ROWS_OF_BYTE, _BYTES_OF_BYTE, _UNPACKED = 2, 100, 1 << 24
_MISSING = "Parquet needs pip install 'delegate-analyzer[fleet]'"
_COUNTS = frozenset(
    {
        *("bytes", "operators", "supported", "delegated", "unsupported", "macs", "delegated_macs"),
        *("partitions", "boundary_bytes", "causes", "alone", "legacy"),
    }
)


def library() -> Any:
    """What writes and reads Parquet. Raises: UsageError where it isn't installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(_MISSING) from None
    return pyarrow


def names(file: str) -> dict[str, str]:
    """View -> the file that it is written to: `zoo.parquet`, `zoo.causes.parquet`, `zoo.files.parquet`."""
    stem = file.removesuffix(Path(file).suffix) if Path(file).suffix else file
    beside = {view: f"{stem}.{view}.parquet" for view in ("causes", "files")}
    return {"audits": file, **beside}


def write(database: sqlite3.Connection, file: str) -> None:
    """The views of finished tables as files, each whole or not at all. Raises: UsageError."""
    library()
    partial = {path: f"{os.path.realpath(path)}.partial" for path in names(file).values()}
    try:
        for view, path in names(file).items():
            with told(path):
                _write(database, view, partial[path])
        for path, whole in partial.items():
            with told(path):
                os.replace(whole, os.path.realpath(path))
    finally:
        for left in partial.values():
            with suppress(OSError):
                os.unlink(left)


def _write(database: sqlite3.Connection, view: str, path: str) -> None:
    arrow = library()
    rows = database.execute(f"SELECT * FROM {view}")
    columns = [column[0] for column in rows.description]
    first = rows.fetchmany(_ROWS)
    schema = arrow.schema([(name, _type(arrow, name)) for name in columns])
    with arrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for portion in _portions(first, rows):
            by_column = zip(*portion, strict=True) if portion else ([] for _ in columns)
            arrays = [
                arrow.array(list(values), field.type) for values, field in zip(by_column, schema, strict=True)
            ]
            writer.write_table(arrow.table(arrays, schema=schema))


def _portions(first: list[Any], rows: sqlite3.Cursor) -> Iterator[list[Any]]:
    portion = first
    while True:
        yield portion
        portion = rows.fetchmany(_ROWS)
        if not portion:
            return


def _type(arrow: Any, name: str) -> Any:
    if name.endswith("_share"):
        return arrow.float64()
    return arrow.int64() if name in _COUNTS else arrow.string()


#: View -> the tables that it was made of, out of its rows.
_BACK = {
    "audits": """
        INSERT OR IGNORE INTO configuration SELECT dense_rank() OVER (ORDER BY first) - 1, delegate, title,
            device, legacy, parameters, rules_version, rules_sha256, '' FROM (
            SELECT min(rowid) AS first, * FROM given GROUP BY delegate, title, parameters);
        INSERT OR IGNORE INTO model SELECT NULL, sha256, bytes, operators, macs, dtypes FROM given;
        INSERT INTO audit SELECT model.id, configuration.id, verdict, selected, given.operators, supported,
            delegated, unsupported, given.macs, delegated_macs, delegated_operators_share,
            delegated_macs_share, partitions, boundary_bytes, causes
            FROM given JOIN model USING (sha256) JOIN configuration USING (delegate, title, parameters);
    """,
    "causes": """
        INSERT OR IGNORE INTO reason SELECT NULL, delegate, rule, fix, severity, stage, level,
            coalesce(kind, ''), message FROM given;
        INSERT INTO cause SELECT model.id, configuration.id, given.rowid, reason.id, given.operators,
            given.macs, ops, alone FROM given JOIN model USING (sha256)
            JOIN configuration USING (delegate, title)
            JOIN reason ON (reason.delegate, reason.rule, reason.fix, reason.severity, reason.stage,
                reason.level, reason.kind) = (given.delegate, given.rule, given.fix, given.severity,
                given.stage, given.level, coalesce(given.kind, ''));
    """,
    "files": "INSERT INTO file SELECT NULL, path, bytes, sha256, error_code, error, NULL FROM given;",
}


def read(file: str, database: sqlite3.Connection) -> None:
    """What `write` wrote, into empty tables. Raises: UsageError."""
    arrow = library()
    for view, path in names(file).items():
        with told_of(path, OSError, ValueError, OverflowError, arrow.ArrowException):
            opened = arrow.parquet.ParquetFile(path)
            _check(arrow, opened, os.path.getsize(path), database, view)
            columns = opened.schema_arrow.names
            database.execute(f"CREATE TEMP TABLE given ({', '.join(columns)})")
            for portion in opened.iter_batches(_ROWS):
                rows = (tuple(row.values()) for row in portion.to_pylist())
                database.executemany(f"INSERT INTO given VALUES ({', '.join('?' * len(columns))})", rows)
            for statement in _BACK[view].split(";")[:-1]:
                database.execute(statement)
            database.execute("DROP TABLE given")


def _check(arrow: Any, opened: Any, size: int, database: sqlite3.Connection, view: str) -> None:
    """Raises: ValueError where a file is none that was written, or unpacks to more than any that was."""
    columns = [column[0] for column in database.execute(f"SELECT * FROM {view} LIMIT 0").description]
    if opened.schema_arrow.remove_metadata() != arrow.schema(
        [(name, _type(arrow, name)) for name in columns]
    ):
        raise ValueError("it has other columns")
    told = opened.metadata
    unpacked = sum(told.row_group(number).total_byte_size for number in range(told.num_row_groups))
    if told.num_rows > _ROWS + size * _ROWS_OF_BYTE or unpacked > _UNPACKED + size * _BYTES_OF_BYTE:
        raise ValueError(f"{told.num_rows:,} rows, {unpacked:,} bytes unpacked: too many for {size:,} bytes")

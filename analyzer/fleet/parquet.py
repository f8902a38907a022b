"""Tables of many models as Parquet files, and back: what data frames and warehouses read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError
from analyzer.fleet.store import told

#: Rows that are in memory at a time.
_ROWS = 20_000
_MISSING = "Parquet needs pip install 'delegate-analyzer[fleet]'"
_COUNTS = frozenset(
    {
        *("bytes", "operators", "supported", "delegated", "unsupported", "macs", "delegated_macs"),
        *("partitions", "boundary_bytes", "causes", "alone"),
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
    written = {}
    for view, path in names(file).items():
        with told(path):
            written[path] = f"{path}.partial"
            _write(database, view, written[path])
    for path, partial in written.items():
        os.replace(partial, path)


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

"""What audits of many models were written to: tables, Parquet and lines, shown and compared."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec

from analyzer.errors import UsageError
from analyzer.fleet import read_tables, survey, zoo_changes
from analyzer.fleet.tables import MAGIC
from analyzer.report.fleet import changes_text, survey_page, survey_text
from analyzer.report.view import View
from tests.building import chain
from tests.cli.running import run as command
from tests.fuzz import mutation
from tests.fuzz.promised import check_lines

_HOSTILE = (None, -1, 1 << 62, (1 << 63) - 1, 1e999, "", "\x1b[2J", "x" * 30_000, "{", "{}", b"\xff", "NaN")
_PAGES = (*survey_text.FORMATS, "html")


@cache
def _folder() -> TemporaryDirectory[str]:
    """A folder that goes when this process does, with what files are compared with."""
    folder = TemporaryDirectory(prefix="delegate-analyzer-fuzz-")
    models = Path(folder.name) / "models"
    models.mkdir()
    for name, operators in {"a": ("CEIL", "RELU"), "b": ("CEIL", "NEG"), "c": ("SIN",)}.items():
        (models / f"{name}.tflite").write_bytes(chain(*operators))
    for name in _written():
        command("audit", models, "-d", "gpu,hexagon", "--fail-on", "never", "-q", "-o", models.parent / name)
    return folder


def _written() -> list[str]:
    return ["a.sqlite", "a.jsonl", *(["a.parquet"] if find_spec("pyarrow") else [])]


def run(data: bytes) -> None:
    known = os.path.join(_folder().name, "a.sqlite")
    file = os.path.join(_folder().name, f"given-{os.getpid()}")
    Path(file).write_bytes(data)
    try:
        _show(file)
        for pair in ((known, file), (file, known)):
            changes = zoo_changes.changes(*pair)
            for format in changes_text.FORMATS:
                changes_text.render(changes, format, View()).decode()
    except UsageError as error:
        check_lines(error)
    finally:
        os.unlink(file)


def _show(file: str) -> None:
    with read_tables.database_of(file) as database:
        told = survey.survey(database)
        survey_text.json(told).decode()
        survey_text.markdown(told).encode()
        survey_text.table(told, View()).encode()
        survey_page.page(told, survey.listed(database, survey_page.MOST)).decode()


def seeds() -> Sequence[bytes]:
    return [(Path(_folder().name) / name).read_bytes() for name in _written()]


def mutate(random: Random, data: bytes) -> bytes | None:
    if data.startswith(MAGIC) and random.random() < 0.7:
        return _other_rows(random, data)
    if data.startswith(b"{"):
        return _other_lines(random, data)
    return mutation.octets(random, data)


def _other_rows(random: Random, data: bytes) -> bytes | None:
    """The tables with some values exchanged for others, as a writer of SQL would do it."""
    try:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
            database.deserialize(data)
            for _ in range(random.choice((1, 1, 2, 5))):
                names = [
                    name
                    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                ]
                table = random.choice(names)
                columns = [name for _, name, *_ in database.execute(f'PRAGMA table_info("{table}")')]
                _alter_table(random, database, table, random.choice(columns))
            return database.serialize()
    except Exception:
        return mutation.octets(random, data)


def _alter_table(random: Random, database: sqlite3.Connection, table: str, column: str) -> None:
    at = f"rowid % {random.randint(1, 4)} = 0"
    which = random.randrange(8)
    if which == 0:
        database.execute(f'DELETE FROM "{table}" WHERE {at}')
    elif which == 1:
        database.execute(f'UPDATE "{table}" SET "{column}" = "{column}" || "{column}" WHERE {at}')
    elif which == 2:
        database.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = random() WHERE {at}')
    elif which == 3:
        database.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = "{column}" + 1 WHERE {at}')
    else:
        value = random.choice(_HOSTILE)
        database.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE {at}', (value,))


def _other_lines(random: Random, data: bytes) -> bytes:
    if random.random() < 0.4:
        return mutation.text(random, data, ())
    lines = data.splitlines()
    at = random.randrange(len(lines)) if lines else 0
    try:
        model = msgspec.json.decode(lines[at])
        mutation.alter(random, model)
        lines[at] = msgspec.json.encode(model)
    except Exception:
        # Damaged before, or by a number that JSON hasn't got.
        return mutation.octets(random, data)
    return b"\n".join(lines)

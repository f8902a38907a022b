"""Tables that others may have written: a line, or what they say as text, in bounded time."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.models import chain, save
from tests.cli.running import run

#: Other SQL -> what is wrong with the tables afterwards.
_ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS id, x AS"
_MANY = "WITH RECURSIVE c(x) AS (SELECT 100 UNION ALL SELECT x + 1 FROM c WHERE x < 2000) INSERT INTO"
SQL = {
    "a view without end": (
        f"DROP TABLE run; CREATE VIEW run AS {_ENDLESS} key, 1 AS value FROM c",
        "has no audits in it",
    ),
    "other columns": ("DROP TABLE run; CREATE TABLE run (x)", "(run)"),
    "no index": ("DROP INDEX file_sha256", "isn't finished; go on with it with audit --resume"),
    "no JSON": ("UPDATE configuration SET parameters = 'x'", "(a row of configuration)"),
    "bytes": ("UPDATE configuration SET title = x'ff00'", "(a row of configuration)"),
    "no UTF-8": ("UPDATE configuration SET title = CAST(x'ff' AS TEXT)", "(Could not decode to UTF-8"),
    "no SQL": (
        "PRAGMA writable_schema = ON; "
        "UPDATE sqlite_master SET sql = '`CREATE TABLE reason (' || char(10) || 'x)' WHERE name = 'reason'",
        "isn't what audit writes (malformed database schema (reason)",
    ),
    "a number": ("UPDATE reason SET fix = x'35'", "(a row of reason)"),
    "no verdict": ("UPDATE audit SET verdict = 'zzz'", "(a row of audit)"),
    "no counts": ("UPDATE cause SET ops = '{'", "(a row of cause)"),
    "a sum": ('UPDATE cause SET ops = \'{"A":9223372036854775807,"B":1}\'', ""),
    "long": ("UPDATE configuration SET title = hex(zeroblob(100000))", "(a row of configuration)"),
    "many": (
        f"{_MANY} configuration SELECT x, x, x, NULL, 0, '{{}}', '', '', '' FROM c",
        "holds more than 1,000 delegates; audit for fewer",
    ),
}
ESCAPES = "\x1b[2J\x9b<script>\n"


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An audit of two models, in every format."""
    folder = tmp_path_factory.mktemp("given")
    save(folder / "models" / "a.tflite", chain("CEIL", "RELU"))
    save(folder / "models" / "b.tflite", chain("CEIL", "NEG"))
    for name in ("a.sqlite", "a.jsonl"):
        run("audit", folder / "models", "-d", "gpu", "--fail-on", "never", "-q", "-o", folder / name)
    return folder


def altered(audited: Path, file: Path, sql: str, *values: object) -> Path:
    shutil.copy(audited / "a.sqlite", file)
    with closing(sqlite3.connect(file)) as database:
        if values:
            database.execute(sql, values)
        else:
            database.executescript(sql)
        database.commit()
    return file


@pytest.mark.parametrize("kind", SQL)
def test_tables_of_strangers(tmp_path: Path, audited: Path, kind: str) -> None:
    sql, words = SQL[kind]
    file = altered(audited, tmp_path / "b.sqlite", sql)
    shown, compared = run("fleet", "show", file), run("fleet", "diff", audited / "a.sqlite", file)
    assert shown.code == 2 and f"{file}: " in shown.complaint and words in shown.complaint
    assert "\\x0a" not in shown.complaint
    # Sums aren't compared.
    assert compared.code == 2 or kind == "a sum"


@pytest.mark.parametrize("format", ["table", "markdown", "html", "json"])
def test_texts_are_shown_as_text(tmp_path: Path, audited: Path, format: str) -> None:
    file = altered(audited, tmp_path / "b.sqlite", "UPDATE configuration SET title = ?", ESCAPES)
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE reason SET fix = ?, rule = ?, message = ?", (ESCAPES,) * 3)
        ops = msgspec.json.encode({ESCAPES: 1}).decode()
        database.execute("UPDATE cause SET ops = ?", (ops,))
        database.commit()
    for words in (("show", file), ("diff", audited / "a.sqlite", file)):
        if words[0] == "diff" and format not in ("table", "json"):
            continue
        done = run("fleet", *words, "--format", format)
        assert done.code == 0
        assert not {"\x1b", "\x9b"} & set(done.text), words
        assert "<script>\\x0a" not in done.text or format != "html"


def _put(value: Any, *path: Any) -> Callable[[Any], None]:
    def put(model: Any) -> None:
        for key in path[:-1]:
            model = model[key]
        model[path[-1]] = value

    return put


@pytest.mark.parametrize(
    "change",
    [
        _put(1 << 63, "bytes"),
        _put(10**30, "bytes"),
        _put(1 << 63, "audits", 0, "summary", "partitions"),
        _put("zzz", "audits", 0, "summary", "verdict"),
    ],
    ids=["bytes", "more", "partitions", "verdict"],
)
def test_lines_of_strangers(tmp_path: Path, audited: Path, change: Callable[[Any], None]) -> None:
    model = msgspec.json.decode((audited / "a.jsonl").read_bytes().splitlines()[0])
    change(model)
    (tmp_path / "b.jsonl").write_bytes(msgspec.json.encode(model))
    done = run("fleet", "show", tmp_path / "b.jsonl")
    assert done.code == 2 and f"{tmp_path / 'b.jsonl'}: " in done.complaint


def test_lines_nested_deep(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b'{"a":' * 100_000)
    done = run("fleet", "show", tmp_path / "b.jsonl")
    assert done.code == 2 and "line 1 is no audited model" in done.complaint


def test_parquet_of_strangers(tmp_path: Path, audited: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    file = tmp_path / "a.parquet"
    run("audit", audited / "models", "-d", "gpu", "--fail-on", "never", "-q", "-o", file)
    kept = parquet.read_table(file)
    assert run("fleet", "show", file).code == 0
    for name, other in {
        "other columns": kept.append_column("x, y); --", arrow.array([1] * len(kept))),
        "other columns, too": kept.set_column(0, "path", arrow.array([[1]] * len(kept))),
        "too many for": kept.take(arrow.array([0] * 150_000)),
    }.items():
        parquet.write_table(other, file, compression="zstd")
        done = run("fleet", "show", file)
        assert done.code == 2 and name.split(",")[0] in done.complaint

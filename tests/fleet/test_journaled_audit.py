"""Audits of many models into tables: each file once, whatever ends them on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.fleet import batch, store
from tests.cli.running import run
from tests.fleet.zoos import everything, table, zoo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Forty models, ten of which are copies, and one that is none."""
    folder = zoo(tmp_path / "zoo", 40, 30)
    (folder / "bad.tflite").write_bytes(b"no model")
    return folder


def test_a_file_and_a_model_and_an_audit_and_a_cause(tmp_path: Path, models: Path) -> None:
    done = run("audit", models, "-d", "gpu,coreml", "--fail-on", "never", "-o", tmp_path / "a.sqlite")
    assert done.code == 2
    first, last = done.err.splitlines()
    assert first.startswith(f"delegate-analyzer: {models}/bad.tflite: ")
    assert last.startswith(f"{tmp_path}/a.sqlite: 41 models, 30 of them different: TFLite GPU ")
    assert last.endswith("; 1 not audited")
    rows = everything(tmp_path / "a.sqlite")
    assert [len(rows[name]) for name in ("configuration", "file", "model", "audit")] == [2, 41, 30, 60]
    documents = run("audit", models, "-d", "gpu,coreml", "--fail-on", "never", "--format", "json").json
    told = {model["path"]: model for model in documents["models"]}
    for path, delegate, verdict, delegated in table(
        tmp_path / "a.sqlite", "SELECT path, delegate, verdict, delegated FROM audits"
    ):
        audit = next(audit for audit in told[path]["audits"] if audit["delegate"] == delegate)
        assert (verdict, delegated) == (audit["summary"]["verdict"], audit["summary"]["delegated"])
    refused = table(tmp_path / "a.sqlite", "SELECT DISTINCT rule FROM causes WHERE delegate = 'gpu'")
    assert ("gpu/ceil/never",) in refused
    assert sorted(os.listdir(tmp_path)) == ["a.sqlite", "zoo"]


def test_a_policy_speaks_of_copies_too(tmp_path: Path, models: Path) -> None:
    done = run("audit", models, "-d", "gpu", "-o", tmp_path / "a.sqlite", "-j", "2")
    apart = run("audit", models, "-d", "gpu", "-o", tmp_path / "a.jsonl")
    said, expected = (
        [line for line in err.splitlines() if line.startswith("policy failed: ")]
        for err in (done.err, apart.err)
    )
    assert said == expected and len(said) == 9


def interrupted(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Have the next audit end after so many models, everything up to there being safe."""
    results = batch.results

    def stopped(*arguments: Any) -> Iterator[Any]:
        for number, result in enumerate(results(*arguments)):
            if number == after:
                raise KeyboardInterrupt
            yield result

    monkeypatch.setattr(store, "_EVERY", 0.0)
    monkeypatch.setattr(batch, "results", stopped)


@pytest.mark.parametrize("outputs", [("a.sqlite",), ("a.jsonl",), ("a.jsonl", "a.sqlite")])
def test_what_was_cut_short_goes_on(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch, outputs: tuple[str, ...]
) -> None:
    def audit(folder: Path, *more: str) -> Any:
        folder.mkdir(exist_ok=True)
        files = [word for name in outputs for word in ("-o", folder / name)]
        return run("audit", models, "-d", "gpu", "--fail-on", "never", *files, *more)

    assert audit(tmp_path / "whole", "--resume").code == 2
    with monkeypatch.context() as patch:
        interrupted(patch, 17)
        done = audit(tmp_path / "cut", "--resume")
        assert done.code == 130
        assert "holds 17 models; the same command with --resume goes on from there" in done.err
        # What follows the last line that is safe was half written.
        if "a.jsonl" in outputs:
            with open(tmp_path / "cut" / "a.jsonl.partial", "ab") as file:
                file.write(b'{"schema":')
    assert not any((tmp_path / "cut" / name).exists() for name in outputs)
    assert audit(tmp_path / "cut", "--resume").code == 2
    assert sorted(os.listdir(tmp_path / "cut")) == sorted(outputs)
    if "a.sqlite" in outputs:
        assert everything(tmp_path / "cut" / "a.sqlite") == everything(tmp_path / "whole" / "a.sqlite")
    if "a.jsonl" in outputs:
        content = (tmp_path / "cut" / "a.jsonl").read_bytes()
        assert content == (tmp_path / "whole" / "a.jsonl").read_bytes()
        assert len({json.loads(line)["path"] for line in content.splitlines()}) == 41


def test_a_journal_of_something_else(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        interrupted(patch, 3)
        run("audit", models, "-d", "gpu", "-o", tmp_path / "a.sqlite")
    done = run("audit", models, "-d", "coreml", "-o", tmp_path / "a.sqlite", "--resume")
    assert done.code == 2
    assert "a.sqlite.journal: was begun with other options, rules or tool; delete it first" in done.complaint
    # Without --resume nothing of it is left.
    assert (
        run("audit", models, "-d", "coreml", "--fail-on", "never", "-q", "-o", tmp_path / "a.sqlite").code
        == 2
    )
    assert table(tmp_path / "a.sqlite", "SELECT DISTINCT delegate FROM audits") == [("coreml",)]
    done = run("audit", models, "-d", "coreml", "-o", tmp_path / "a.sqlite", "--resume")
    assert (done.code, "is finished, with nothing to resume" in done.complaint) == (2, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "a.sqlite", "-o", "a.html"], "-o a.sqlite: goes with files of the formats sqlite, parquet"),
        (["--resume"], "--resume: goes with files"),
        (["--resume", "-o", "a.json"], "--resume: goes with files"),
        (["-o", "a.sqlite", "-o", "b.db"], "one sqlite file is enough"),
    ],
)
def test_outputs_that_have_no_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("audit", "sample:", *words)
    assert (done.code, complaint in done.complaint) == (2, True), done.err


def test_parquet_says_the_same(tmp_path: Path, models: Path) -> None:
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    run("audit", models, "-d", "gpu", "-q", "-o", tmp_path / "a.parquet", "-o", tmp_path / "a.sqlite")
    for name, view in (("a", "audits"), ("a.causes", "causes"), ("a.files", "files")):
        rows = parquet.read_table(tmp_path / f"{name}.parquet").to_pylist()
        assert [tuple(row.values()) for row in rows] == table(tmp_path / "a.sqlite", f"SELECT * FROM {view}")


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_killed_outright_and_gone_on_with(tmp_path: Path) -> None:
    models = zoo(tmp_path / "zoo", 150)
    words = [sys.executable, "-m", "analyzer", "audit", str(models), "-d", "gpu", "--fail-on", "never", "-q"]
    words += ["-j", "2", "--resume", "-o", str(tmp_path / "a.sqlite")]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    journal = tmp_path / "a.sqlite.journal"
    while process.poll() is None and not (journal.exists() and _count(journal)):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    cut_short = journal.exists()
    assert subprocess.run(words, cwd=ROOT).returncode == (0 if cut_short else 2)
    rows = table(tmp_path / "a.sqlite", "SELECT count(*), count(DISTINCT path) FROM file")
    assert rows == [(150, 150)]
    assert table(tmp_path / "a.sqlite", "SELECT count(*) FROM audit") == [(150,)]


def _count(journal: Path) -> int:
    try:
        number: int = table(journal, "SELECT count(*) FROM file")[0][0]
        return number
    except Exception:
        return 0

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
from tests.cli.models import chain, save
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


def test_lines_that_the_journal_knows_of_and_are_gone(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("audit", models, "-d", "gpu", "--fail-on", "never", "-o", tmp_path / "a.jsonl")
    with monkeypatch.context() as patch:
        interrupted(patch, 3)
        run(*words, "--resume")
    (tmp_path / "a.jsonl.partial").unlink()
    done = run(*words, "--resume")
    assert done.code == 2
    assert "a.jsonl.partial: lacks lines that " in done.complaint and not (tmp_path / "a.jsonl").exists()
    assert run(*words, "-q").code == 2
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 41


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


def test_what_is_said_of_a_model_is_said_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what it is called to others is what another one is called here."""
    monkeypatch.chdir(tmp_path)
    for folder in ("x/a", "a"):
        save(tmp_path / folder / "m.tflite", chain("CEIL"))
    save(tmp_path / "x/a/bad.tflite", b"no model")
    done = run("audit", "x/a", "a", "-d", "gpu", "--redact-paths", "-o", "z.sqlite")
    bad, *reasons, _ = done.err.splitlines()
    assert bad.startswith("delegate-analyzer: a/bad.tflite: ")
    assert [line.split(": ")[1] for line in reasons] == ["a/m.tflite", "2/a/m.tflite"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "real").mkdir()
    for name in ("a.sqlite", "a.jsonl", "a.parquet"):
        (tmp_path / name).symlink_to(tmp_path / "real" / name)
        assert (
            run("audit", "sample:", "-d", "gpu", "--fail-on", "never", "--resume", "-o", tmp_path / name).code
            == 0
        )
        assert (tmp_path / name).is_symlink() and (tmp_path / "real" / name).stat().st_size
        assert run("fleet", "show", tmp_path / name).code == 0
    assert not [*tmp_path.rglob("*.journal"), *tmp_path.rglob("*.partial")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("format", ["sqlite", "jsonl", "parquet"])
def test_what_is_no_file_takes_no_tables_and_stays(tmp_path: Path, format: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    done = run("audit", "sample:", "--resume", "-o", f"{format}={pipe}")
    assert (done.code, done.complaint) == (
        2,
        f"-o {pipe}: is no file, which tables have to be; name another place",
    )
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_journal_becomes_the_tables_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def within(source: str, target: str) -> None:
        assert os.path.dirname(source) == os.path.dirname(target), "another disk"
        replace(source, target)

    monkeypatch.setattr(os, "replace", within)
    (tmp_path / "else").mkdir()
    files = tmp_path / "a.jsonl", tmp_path / "else" / "a.sqlite"
    words = [word for file in files for word in ("-o", file)]
    assert run("audit", "sample:", "-d", "gpu", "--fail-on", "never", *words).code == 0
    assert all(file.is_file() for file in files)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["-o", "a.sqlite", "-o", "a.html"], "-o a.sqlite: goes with files of the formats sqlite, parquet"),
        (["--resume"], "--resume: goes with files"),
        (["--resume", "-o", "a.json"], "--resume: goes with files"),
        (["-o", "a.sqlite", "-o", "b.db"], "one sqlite file is enough"),
        (["--scheduler", "here", "-o", "a.sqlite"], "--scheduler here: has no port; write tcp://HOST:PORT"),
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


def test_what_could_not_be_written_at_the_end_is_written_by_going_on(tmp_path: Path, models: Path) -> None:
    pytest.importorskip("pyarrow")
    outputs = ("-o", tmp_path / "a.parquet", "-o", tmp_path / "a.sqlite")
    words = ("audit", models, "-d", "gpu", "--fail-on", "never", *outputs)
    (tmp_path / "a.files.parquet.partial").mkdir()
    failed = run(*words)
    assert failed.code == 2
    assert f"{tmp_path}/a.files.parquet: can't be written (" in failed.err
    left = {"zoo", "a.files.parquet.partial", "a.sqlite.journal"}
    assert {path.name for path in tmp_path.iterdir()} == left
    (tmp_path / "a.files.parquet.partial").rmdir()
    assert run(*words, "--resume").code == 2
    assert table(tmp_path / "a.sqlite", "SELECT count(*) FROM file") == [(41,)]
    assert {path.name for path in tmp_path.iterdir()} == {
        "zoo",
        "a.sqlite",
        "a.parquet",
        "a.causes.parquet",
        "a.files.parquet",
    }


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


TARGETS = """
delegates = ["gpu"]
[[targets]]
models = "ios/*"
delegates = ["coreml", "gpu:quantized=false"]
fail-on = ["partial"]
"""


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models that aim at two platforms, one of them at both, in a folder of someone's."""
    folder = tmp_path / "someone" / "zoo"
    zoo(folder / "ios", 4, 4)
    zoo(folder / "android", 4, 4)
    (folder / "delegate-analyzer.toml").write_text(TARGETS)
    monkeypatch.chdir(tmp_path)
    return folder


def _compact(parameters: dict[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_models_are_asked_what_their_targets_say(tmp_path: Path, mixed: Path, jobs: str) -> None:
    done = run("audit", mixed, "-j", jobs, "-o", "a.sqlite", "-o", "a.parquet", "-o", "a.jsonl")
    told = run("audit", mixed, "--hash", "--format", "json")
    assert done.code == told.code == 1
    models = told.json["models"]
    lines = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    assert [(line["path"], line["audits"]) for line in lines] == [
        (model["path"], model["audits"]) for model in models
    ]
    # A content that aims at both is asked for both.
    rows = table(tmp_path / "a.sqlite", "SELECT sha256, delegate, json(parameters), verdict FROM audits")
    assert set(rows) == {
        (model["sha256"], each["delegate"], _compact(each["parameters"]), each["summary"]["verdict"])
        for model in models
        for each in model["audits"]
    }
    titles = table(tmp_path / "a.sqlite", "SELECT title FROM configuration ORDER BY title")
    assert titles == [("Core ML 3",), ("TFLite GPU",), ("TFLite GPU quantized=false",)]
    shown = [run("fleet", "show", f"a.{kind}").text for kind in ("sqlite", "parquet", "jsonl")]
    assert shown[0] == shown[1]
    assert shown[2].count("TFLite GPU quantized=false") == shown[0].count("TFLite GPU quantized=false") > 0


@pytest.mark.parametrize("resumed", [False, True])
def test_paths_are_redacted_in_tables_too(
    tmp_path: Path, mixed: Path, monkeypatch: pytest.MonkeyPatch, resumed: bool
) -> None:
    (mixed / "bad.tflite").write_bytes(b"no model")
    words = ("audit", mixed, "--redact-paths", "-d", "gpu", "-o", "a.sqlite", "-o", "a.jsonl", "--resume")
    if resumed:
        with monkeypatch.context() as context:
            interrupted(context, 3)
            assert run(*words).code == 130
    done = run(*words)
    assert done.code == 2
    assert "delegate-analyzer: zoo/bad.tflite: " in done.err
    paths = [path for (path,) in table(tmp_path / "a.sqlite", "SELECT path FROM files")]
    assert len(paths) == 9 and all(path.startswith("zoo/") for path in paths)
    for output in ("a.sqlite", "a.jsonl"):
        assert b"someone" not in Path(output).read_bytes()
    assert "someone" not in done.err


def test_folders_of_one_name_are_told_apart_without_their_paths(tmp_path: Path) -> None:
    folders = [zoo(tmp_path / name / "models", 2, 2) for name in ("mine", "yours")]
    done = run("audit", *folders, "--redact-paths", "-d", "gpu", "--fail-on", "never", "--format", "json")
    paths = [model["path"].partition("models/")[0] for model in done.json["models"]]
    assert paths == ["", "", "2/", "2/"]

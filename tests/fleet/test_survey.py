"""Tables of many models looked at together, and one audit against another."""

from __future__ import annotations

import io
import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analyzer.fleet import read_tables, zoo_changes
from analyzer.fleet import survey as surveys
from analyzer.report.fleet import survey_document
from analyzer.report.fleet.survey_document import Survey
from analyzer.report.wording.outcome import VERDICTS
from tests.cli.models import chain, save
from tests.cli.running import run
from tests.fleet.zoos import table, zoo
from tests.packs import saved, tiny
from tests.report.browsing import Opened, chromium
from tests.schemas import faults


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an audit of 20 models, of which three are copies, and one that is none."""
    folder = tmp_path_factory.mktemp("zoo")
    models = zoo(folder / "zoo", 23, 20)
    save(models / "both.tflite", chain("CEIL", "LOG"))
    (models / "bad.tflite").write_bytes(b"no model")
    outputs = [word for name in ("a.sqlite", "a.jsonl") for word in ("-o", folder / name)]
    run("audit", models, "-d", "gpu,coreml", "--fail-on", "never", "-q", *outputs)
    return folder


def survey_of(file: Path) -> Survey:
    with read_tables.database_of(str(file)) as database:
        return surveys.survey(database)


def test_what_holds_most_back_and_what_frees_most(audited: Path) -> None:
    survey = survey_of(audited / "a.sqlite")
    assert (survey.files, survey.models, survey.unread) == (25, 21, 1)
    gpu, coreml = survey.delegates
    assert (gpu.title, coreml.title) == ("TFLite GPU", "Core ML 3")
    # Five kinds of chains of CEIL, and one that needs LOG as well, which GPU takes and Core ML doesn't.
    held = {(each.op, each.models) for each in gpu.operators}
    assert held == {("CEIL", 6)}
    assert gpu.waits == 6 and [(fix.models, fix.frees) for fix in gpu.fixes] == [(6, 6)]
    # At the end it splits nothing, so that it holds nothing back either.
    assert "LOG" not in {each.op for each in coreml.operators}
    assert sum(gpu.verdicts.values()) == 21


def test_lines_say_the_same(audited: Path) -> None:
    of_tables, of_lines = (survey_of(audited / name) for name in ("a.sqlite", "a.jsonl"))
    # Without hashes copies aren't known as such, so that there are more models.
    assert of_lines.files == of_tables.files
    assert [each.title for each in of_lines.delegates] == [each.title for each in of_tables.delegates]
    assert {fix.fix for fix in of_lines.delegates[0].fixes} == {
        fix.fix for fix in of_tables.delegates[0].fixes
    }


def test_parquet_says_the_same(tmp_path: Path, audited: Path) -> None:
    pytest.importorskip("pyarrow")
    words = ("-d", "gpu,coreml", "--fail-on", "never", "-q", "-o", tmp_path / "a.parquet")
    run("audit", audited / "zoo", *words)
    read, kept = (survey_of(file) for file in (tmp_path / "a.parquet", audited / "a.sqlite"))
    assert read == kept
    same = run("fleet", "diff", tmp_path / "a.parquet", audited / "a.sqlite", "--format", "json").json
    assert [each["worse"] + each["better"] + each["shifted"] for each in same["delegates"]] == [0, 0]
    (tmp_path / "a.causes.parquet").write_bytes(b"PAR1")
    done = run("fleet", "show", tmp_path / "a.parquet")
    assert (done.code, "a.causes.parquet: isn't what audit writes (" in done.complaint) == (2, True)


def test_parquet_of_unknown_types_is_no_audit(tmp_path: Path, audited: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "a.parquet"
    run("audit", audited / "zoo", "-d", "gpu", "--fail-on", "never", "-q", "-o", file)
    content, chosen, problem = file.read_bytes(), random.Random(7), None
    while not isinstance(problem, NotImplementedError):
        damaged = bytearray(content)
        damaged[chosen.randrange(len(content) - 3000, len(content))] = chosen.randrange(256)
        try:
            parquet.ParquetFile(io.BytesIO(damaged))
        except (OSError, ValueError, NotImplementedError) as error:
            problem = error
    file.write_bytes(damaged)
    done = run("fleet", "show", file)
    assert (done.code, "a.parquet: isn't what audit writes (" in done.complaint) == (2, True)


def test_lines_of_two_audits_keep_their_rules_apart(tmp_path: Path, audited: Path) -> None:
    first, *_ = (audited / "a.jsonl").read_text().splitlines()
    line = json.loads(first)
    line["path"], line["audits"][0]["rules"]["sha256"] = "other.tflite", "f" * 64
    (tmp_path / "a.jsonl").write_text(f"{first}\n{json.dumps(line)}\n")
    with read_tables.database_of(str(tmp_path / "a.jsonl")) as database:
        hashes = [row[-1] for row in read_tables.configurations(database)]
    assert hashes.count("f" * 64) == 1 and len(hashes) == len(set(hashes)) == 3


@pytest.mark.parametrize("format", ["table", "markdown", "html", "json"])
def test_formats(audited: Path, format: str) -> None:
    done = run("fleet", "show", audited / "a.sqlite", "--format", format)
    assert (done.code, done.err) == (0, "")
    assert "TFLite GPU" in done.text and "gpu/ceil/never" in done.text
    assert run("fleet", "show", audited / "a.sqlite", "--format", format).out == done.out
    if format == "json":
        assert faults(done.json, survey_document.survey_schema()) == []


def test_markdown_tells_of_the_same_delegates_as_a_terminal(tmp_path: Path) -> None:
    """Of those that their makers have deprecated, nobody asked what holds them back."""
    save(tmp_path / "a.tflite", chain("CEIL"))
    run("audit", tmp_path / "a.tflite", "--fail-on", "never", "-q", "-o", tmp_path / "a.sqlite")
    table, markdown = (
        run("fleet", "show", tmp_path / "a.sqlite", "--format", format).text
        for format in ("table", "markdown")
    )
    for text in (table, markdown):
        told = text.partition("Which operators hold most models back")[2]
        behind, _, legacy = told.partition("Legacy, deprecated by their makers: ")
        assert "TFLite GPU" in behind and "Hexagon" not in behind and "Hexagon" in legacy
    save(tmp_path / "b.tflite", chain("RELU"))
    run("audit", tmp_path / "b.tflite", "-d", "gpu", "-q", "-o", tmp_path / "b.sqlite")
    assert "| frees |" not in run("fleet", "show", tmp_path / "b.sqlite", "--format", "markdown").text


def test_more_of_each_delegate_whatever_the_first_waits_for(tmp_path: Path) -> None:
    save(tmp_path / "a.tflite", chain("CEIL"))
    run(
        "audit",
        tmp_path / "a.tflite",
        "-d",
        "xnnpack,gpu",
        "--fail-on",
        "never",
        "-q",
        "-o",
        tmp_path / "a.sqlite",
    )
    usual, more = (run("fleet", "show", tmp_path / "a.sqlite", *words).text for words in ((), ("-v",)))
    assert usual == more and "gpu/ceil/never" in more and "TFLite GPU: CEIL 1" in more


def test_a_page_lists_files_as_data(audited: Path) -> None:
    page = run("fleet", "show", audited / "a.sqlite", "--format", "html").text
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert len(data["files"]) == 25
    path, operators, verdicts = data["files"][0]
    assert (Path(path).name, operators, said(data, verdicts)) == ("000.tflite", 1, ["full", "full"])
    unread = [verdicts for path, _, verdicts in data["files"] if path.endswith("bad.tflite")]
    assert unread == [""]


def said(data: dict[str, Any], verdicts: str) -> list[str]:
    """The verdicts of a file in words, a word a delegate."""
    return ["-" if place == "-" else data["verdicts"][int(place)] for place in verdicts]


def test_a_page_tells_a_verdict_from_every_other_and_who_was_asked(tmp_path: Path) -> None:
    for name, kind in (("a", "RELU"), ("b", "CEIL")):
        save(tmp_path / f"{name}.tflite", chain(kind))
    (tmp_path / "delegate-analyzer.toml").write_text(
        'delegates = ["gpu"]\n[[targets]]\nmodels = "b.tflite"\ndelegates = ["coreml"]\n'
    )
    run("audit", tmp_path, "--fail-on", "never", "-q", "-o", tmp_path / "a.sqlite")
    page = run("fleet", "show", tmp_path / "a.sqlite", "--format", "html").text
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    assert len(set(data["verdicts"])) == len(VERDICTS)
    assert [said(data, verdicts) for _, _, verdicts in data["files"]] == [["full", "-"], ["-", "none"]]


@chromium
def test_a_page_shows_verdicts_as_tables_have_them(browser: Any, tmp_path: Path, audited: Path) -> None:
    page = run("fleet", "show", audited / "a.sqlite", "--format", "html").out
    opened = Opened(browser, tmp_path, page)
    first = opened.page.locator("#models tbody tr").first
    assert first.locator("td").all_inner_texts() == ["1", "full", "full"]
    opened.page.locator("select[name=verdict]").select_option("full")
    assert opened.page.locator("output").inner_text().endswith(f" of {full(audited)}")
    opened.close()


def full(audited: Path) -> int:
    query = "SELECT count(DISTINCT path) FROM file JOIN model USING (sha256) JOIN audit ON model = model.id"
    (((number,),)) = table(audited / "a.sqlite", f"{query} WHERE verdict = 'full'")
    return int(number)


def test_what_changed(tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name, kinds in {"a": ["RELU"], "b": ["NEG"], "c": ["RELU", "NEG"], "old": ["TANH"]}.items():
        save(models / f"{name}.tflite", chain(*kinds))
    packs = {"before": tiny(), "after": tiny().replace("RELU|ADD", "NEG|ADD")}
    for name, text in packs.items():
        (tmp_path / name).mkdir()
        pack = saved(tmp_path / name, text)
        words = ("--rules", pack, "-d", "tiny", "--fail-on", "never", "-q", "-o", tmp_path / f"{name}.sqlite")
        assert run("audit", models, *words).code == 0
        save(models / "new.tflite", chain("TANH", "TANH"))
        (models / "old.tflite").unlink(missing_ok=True)
    changes = zoo_changes.changes(str(tmp_path / "before.sqlite"), str(tmp_path / "after.sqlite"))
    assert (changes.models, changes.gone, changes.new, changes.unmatched) == (3, 1, 1, ())
    (delegate,) = changes.delegates
    assert (delegate.better, delegate.worse) == (1, 1) and changes.worse
    assert {(Path(each.path).name, each.before, each.after) for each in delegate.models} >= {
        ("a.tflite", "full", "none"),
        ("b.tflite", "none", "full"),
    }
    both = ("fleet", "diff", tmp_path / "before.sqlite", tmp_path / "after.sqlite")
    assert delegate.rules[0] != delegate.rules[1]
    done = run(*both, "--fail-on", "worse")
    assert (done.code, done.err) == (1, "")
    assert "full -> none: 1 model" in done.text and "1 better, 1 worse" in done.text
    assert faults(run(*both, "--format", "json").json, survey_document.changes_schema()) == []
    same = run("fleet", "diff", tmp_path / "after.sqlite", tmp_path / "after.sqlite", "--fail-on", "worse")
    assert (same.code, "nothing changes" in same.text) == (0, True)


def test_what_both_audits_asked_is_compared(tmp_path: Path) -> None:
    for kind in ("RELU", "NEG"):
        save(tmp_path / "models" / f"{kind}.tflite", chain(kind))
    files = [tmp_path / "before.sqlite", tmp_path / "after.sqlite"]
    for file, delegates in zip(files, ("gpu,coreml", "hexagon,gpu"), strict=True):
        run("audit", tmp_path / "models", "-d", delegates, "--fail-on", "never", "-q", "-o", file)
    changes = zoo_changes.changes(str(files[0]), str(files[1]))
    assert changes.unmatched == ("Core ML 3", "Hexagon DSP")
    (delegate,) = changes.delegates
    assert (delegate.delegate, delegate.better, delegate.worse, delegate.shifted) == ("gpu", 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "no such file or directory; name what audit -o wrote"),
        (b"nothing", "isn't what audit writes; name its .sqlite, .parquet or .jsonl"),
        (b"{}\n", "line 1 is no audited model; audit again"),
        (b"SQLite format 3\0" + bytes(100), "isn't what audit writes"),
    ],
)
def test_what_is_no_audit(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    file = tmp_path / "a.sqlite"
    if content is not None:
        file.write_bytes(content)
    for words in (("show", file), ("diff", file, file)):
        done = run("fleet", *words)
        assert (done.code, done.out) == (2, b"")
        assert done.complaint.startswith(f"{file}: ") and complaint in done.complaint


#: A table that has no end.
_ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t) SELECT n AS id, n AS path FROM t"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE configuration SET parameters = '{'",
        "UPDATE configuration SET title = CAST(x'ff' AS TEXT)",
        "UPDATE cause SET ops = '{'",
        f"DROP TABLE file; CREATE VIEW file AS {_ENDLESS}",
        "DROP TABLE model",
    ],
)
def test_tables_that_say_nonsense_are_a_line(tmp_path: Path, audited: Path, statement: str) -> None:
    file = tmp_path / "a.sqlite"
    file.write_bytes((audited / "a.sqlite").read_bytes())
    with closing(sqlite3.connect(file)) as database:
        database.executescript(f"PRAGMA legacy_alter_table = ON; {statement};")
    done = run("fleet", "show", file)
    assert (done.code, f"{file}: " in done.complaint) == (2, True)
    assert run("fleet", "diff", file, file).code in (0, 2)


def test_tables_whose_pages_are_damaged_are_a_line(tmp_path: Path, audited: Path) -> None:
    content = bytearray((audited / "a.sqlite").read_bytes())
    content[4096 * 2 :] = b"\xff" * (len(content) - 4096 * 2)
    (tmp_path / "a.sqlite").write_bytes(content)
    for words in (("show", tmp_path / "a.sqlite"), ("diff", tmp_path / "a.sqlite", tmp_path / "a.sqlite")):
        done = run("fleet", *words)
        assert (done.code, "isn't what audit writes (" in done.complaint) == (2, True)

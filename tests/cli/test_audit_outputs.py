"""`audit`: formats, files, and that a file is written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from analyzer.cli.options.output_file import write
from analyzer.errors import UsageError
from tests.cli.models import chain, save
from tests.cli.running import run, run_apart

#: What a format begins with.
BEGINS = {
    "json": b'{"schema":2,',
    "jsonl": b'{"schema":2,"path":',
    "html": b"<!DOCTYPE html>",
    "markdown": b"#",
    "table": b"",
}
ENDINGS = {"txt": "table", "json": "json", "jsonl": "jsonl", "md": "markdown", "html": "html", "HTML": "html"}


@pytest.mark.parametrize("format", BEGINS)
def test_formats_on_stdout(model: Path, format: str) -> None:
    done = run("audit", model, "--format", format)
    assert (done.code, done.err) == (0, "")
    assert done.out.lower().startswith(BEGINS[format].lower())
    assert done.out.endswith(b"\n")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_ending_chooses_the_format(tmp_path: Path, model: Path, ending: str) -> None:
    file = tmp_path / f"report.{ending}"
    done = run("audit", model, "-o", file, "-q")
    assert (done.code, done.out, done.err) == (0, b"", "")
    if ENDINGS[ending] != "table":  # which is wider in a file
        assert file.read_bytes() == run("audit", model, "--format", ENDINGS[ending]).out


def test_a_format_may_be_written_before_the_file(tmp_path: Path, model: Path) -> None:
    run("audit", model, "-o", f"jsonl={tmp_path}/report.json")
    assert len((tmp_path / "report.json").read_bytes().splitlines()) == 1
    assert "models" not in json.loads((tmp_path / "report.json").read_bytes())


def test_several_files_at_once(tmp_path: Path, model: Path) -> None:
    files = [tmp_path / "a.json", tmp_path / "a.md", tmp_path / "a.html"]
    done = run("audit", model, *(word for file in files for word in ("-o", file)))
    assert (done.code, done.out) == (0, b"")
    for file in files:
        format = ENDINGS[file.suffix[1:]]
        assert file.read_bytes() == run("audit", model, "--format", format).out


def test_exit_codes_hold_for_files_too(tmp_path: Path, model: Path, rules: Path) -> None:
    done = run("audit", model, "--rules", rules, "-d", "tiny", "-o", tmp_path / "a.json", "-q")
    assert (done.code, done.out, done.err) == (1, b"", "")
    assert json.loads((tmp_path / "a.json").read_bytes())["policy"]["failed"]


def test_jsonl_is_a_model_a_line(tmp_path: Path, model: Path) -> None:
    whole = run("audit", model, "sample:", "--format", "json").json
    lines = run("audit", model, "sample:", "--format", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == [{"schema": 2} | found for found in whole["models"]]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--format", "jsn"), "--format jsn: there is no such format; did you mean json?"),
        (("--format", "yaml", "-o", "a.json"), "--format yaml: there is no such format"),
        (("-o", "report.pdf"), "-o report.pdf: no format for the ending .pdf; use one of .txt, .json"),
        (("-o", "report"), "no format for the ending (none)"),
        (("-o", "yaml=report.txt2"), "no format for the ending .txt2"),
        (("-o", "json="), "-o json=: names no file"),
        (("-o", ""), "-o names no file"),
        (("-o", "none/such/report.json"), "there is no folder none/such; make it first"),
        (("-o", "a.json", "-o", "html=./a.json"), "-o ./a.json: json and html can't both be it"),
        (("-o", "json=."), "-o .: is a folder; name a file in it"),
    ],
)
def test_outputs_that_make_no_sense_stop_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("audit", "missing.tflite", *words)
    assert (done.code, done.out) == (2, b"")
    assert complaint in done.complaint
    assert list(tmp_path.iterdir()) == []


def test_what_one_output_can_not_hold_the_others_are_written_without(tmp_path: Path) -> None:
    models = [save(tmp_path / name, chain("RELU")) for name in ("a.tflite", "b.tflite")]
    document, page = tmp_path / "a.json", tmp_path / "a.html"
    files = [f"json={document}", f"netron={tmp_path / 'netron.json'}", f"html={page}"]
    done = run("audit", *models, *(word for file in files for word in ("-o", file)))
    assert (done.code, done.complaint[:38]) == (2, "netron: an attachment is of one model;")
    assert sorted(tmp_path.iterdir()) == sorted([*models, document, page])


@pytest.mark.parametrize("number", [1, 101])
def test_pages_write_out_what_could_fool_a_reader_of_reasons(tmp_path: Path, number: int) -> None:
    names = ["0m\x1b[31m\u202e.tflite", *(f"{each}.tflite" for each in range(1, number))]
    for name in names:
        save(tmp_path / "all" / name, chain("CEIL"))
    done = run("audit", tmp_path / "all", "-d", "gpu", "--format", "html")
    assert "0m\\x1b[31m\\u202e.tflite: gpu: " in done.text
    assert not {"\x1b", "\u202e"} & {*done.text}


def test_one_file_named_twice_is_written_once(tmp_path: Path, model: Path) -> None:
    file = tmp_path / "a.jsonl"
    done = run("audit", model, "-d", "gpu", "--fail-on", "never", "-o", file, "-o", file)
    assert done.err.count("a.jsonl") == 1
    assert len(file.read_bytes().splitlines()) == 1


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("old")
    write(str(file), b"new")
    assert file.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_file_gets_the_rights_that_files_get(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write(str(tmp_path / "a.json"), b"new")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_keeps_the_rights_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch(0o640)
    (tmp_path / "a.json").chmod(0o640)
    write(str(tmp_path / "a.json"), b"new")
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "real/a.json")
    write(str(tmp_path / "link.json"), b"new")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real/a.json").read_bytes() == b"new"


@pytest.mark.parametrize("step", ["os.fdopen", "os.replace", "tempfile.mkstemp"])
def test_a_failure_half_way_leaves_the_old_file(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "out" / "a.json"
    file.parent.mkdir()
    file.write_text("old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    done = run("audit", model, "-o", file)
    monkeypatch.undo()
    assert done.code == 2
    assert done.complaint == f"-o {file}: can't be written (No space left on device); choose another place"
    assert [(path.name, path.read_text()) for path in file.parent.iterdir()] == [("a.json", "old")]


def test_a_folder_in_place_of_a_file(tmp_path: Path, model: Path) -> None:
    (tmp_path / "a.json").mkdir()
    done = run("audit", model, "-o", tmp_path / "a.json")
    assert done.code == 2
    assert done.complaint == f"-o {tmp_path / 'a.json'}: is a folder; name a file in it"
    assert done.out == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_device_without_space(tmp_path: Path, model: Path) -> None:
    done = run("audit", model, "-o", "json=/dev/full")
    assert done.code == 2
    assert "can't be written (No space left on device)" in done.complaint


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_is_written_to_and_stays(tmp_path: Path, model: Path) -> None:
    assert run("audit", model, "-o", "json=/dev/null").code == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_folder_that_may_not_be_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "stat", refuse)
    with pytest.raises(UsageError, match=r"closed/a\.json: can't be written"):
        write("closed/a.json", b"")


def test_stdout_is_the_same_bytes_in_a_process_of_its_own(model: Path) -> None:
    words = ("audit", model, "--format", "html")
    assert run_apart(*words) == run(*words)


def test_what_stdout_gets_is_utf_8_whatever_the_locale(model: Path) -> None:
    words = ("audit", "sample:", "-v")
    done = run_apart(*words, environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"})
    assert done == run(*words)

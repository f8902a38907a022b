"""`audit`: which models the paths name, and those that can't be read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import Outcome, run, run_apart

MODEL = chain("RELU", "NEG")


def paths(done: Outcome) -> list[str]:
    return [model["path"] for model in done.json["models"]]


def audit(*arguments: str | Path, stdin: bytes = b"") -> Outcome:
    return run("audit", *arguments, "--format", "json", stdin=stdin)


def test_a_folder_is_searched_and_its_models_come_out_sorted(tmp_path: Path) -> None:
    for name in ("b.tflite", "a/z.tflite", "a/B.TFLITE", "c/d/e.tflite", "a.tflite", "a-b/c.tflite"):
        save(tmp_path / "models" / name, MODEL)
    save(tmp_path / "models/readme.md", b"# Models")
    save(tmp_path / "models/tflite", b"no ending")
    folder = f"{tmp_path}/models"
    names = ["a-b/c.tflite", "a.tflite", "a/B.TFLITE", "a/z.tflite", "b.tflite", "c/d/e.tflite"]
    for written in (folder, f"{folder}/", f"{folder}///"):
        done = audit(written)
        assert (done.code, done.err) == (0, "")
        assert paths(done) == [f"{folder}/{name}" for name in names]


def test_names_are_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "in/m.tflite", MODEL)
    monkeypatch.chdir(tmp_path)
    assert paths(audit("in", ".", "in/m.tflite", "./in")) == [
        "in/m.tflite",
        "./in/m.tflite",
        "in/m.tflite",
        "./in/m.tflite",
    ]


def test_a_file_is_taken_by_any_name(tmp_path: Path) -> None:
    assert audit(save(tmp_path / "model.bin", MODEL)).code == 0


def test_links_to_files_are_followed_and_links_to_folders_where_they_are_named(tmp_path: Path) -> None:
    target = save(tmp_path / "elsewhere/m.tflite", MODEL)
    inside = save(tmp_path / "models/n.tflite", MODEL).parent
    (inside / "link.tflite").symlink_to(target)
    (inside / "folder").symlink_to(target.parent)
    assert paths(audit(inside)) == [f"{inside}/link.tflite", f"{inside}/n.tflite"]
    named = audit(inside / "link.tflite", inside / "folder")
    assert (named.code, paths(named)) == (0, [f"{inside}/link.tflite", f"{inside}/folder/m.tflite"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_hidden_folders_are_searched_only_where_they_are_named(tmp_path: Path) -> None:
    hidden = tmp_path / ".venv"
    (hidden / "lib").mkdir(parents=True)
    save(hidden / "lib" / "theirs.tflite", chain("RELU"))
    own = save(tmp_path / "own.tflite", chain("RELU"))
    assert paths(audit(tmp_path)) == [str(own)]
    assert paths(audit(hidden)) == [f"{hidden}/lib/theirs.tflite"]


def test_a_pipe_in_a_folder_is_no_model(tmp_path: Path) -> None:
    save(tmp_path / "m.tflite", MODEL)
    os.mkfifo(tmp_path / "pipe.tflite")
    assert paths(audit(tmp_path)) == [f"{tmp_path}/m.tflite"]


def test_a_folder_without_models(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty/readme.md", b"none here")
    done = audit(tmp_path / "empty")
    assert (done.code, done.out) == (2, b"")
    assert done.complaint == (
        f"{tmp_path}/empty: no model (.tflite) in this folder; name a model or another folder"
    )


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "m.tflite", MODEL)
    closed = tmp_path / "closed"
    closed.mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if os.fspath(path) == os.fspath(closed):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    done = audit(tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert done.complaint == f"{closed}: this folder can't be listed; make it readable, or name another"


def test_the_sample() -> None:
    done = audit("sample:")
    assert done.code == 0
    assert paths(done) == ["sample:"]
    assert len(done.json["models"][0]["audits"]) == 5


def test_standard_input() -> None:
    done = audit("-", stdin=MODEL)
    assert done.code == 0
    assert (paths(done), done.json["models"][0]["bytes"]) == (["-"], len(MODEL))
    assert audit("-", "-j", "4", stdin=MODEL) == done
    assert run_apart("audit", "-", "--format", "json", stdin=MODEL) == done


@pytest.mark.parametrize(("data", "problem"), [(b"", "is empty"), (b"<!DOCTYPE html>", "HTML")])
def test_standard_input_that_is_no_model(data: bytes, problem: str) -> None:
    done = audit("-", stdin=data)
    assert done.code == 2
    assert done.complaint.startswith("-: ")
    assert problem in done.complaint


def test_a_missing_file(tmp_path: Path) -> None:
    done = audit(tmp_path / "none.tflite")
    assert done.code == 2
    assert done.complaint == f"{tmp_path}/none.tflite: no such file or directory; check the path"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_unreadable_models_do_not_keep_others_from_being_audited(tmp_path: Path, jobs: str) -> None:
    save(tmp_path / "set/a.tflite", MODEL)
    save(tmp_path / "set/b.tflite", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n")
    save(tmp_path / "set/c.tflite", MODEL)
    save(tmp_path / "set/d.tflite", MODEL[:100])
    output = tmp_path / "out.json"
    words = ("audit", tmp_path / "set", "-j", jobs, "--fail-on", "operators > 1")
    run(*words, "-o", output)
    done = run(*words, "--format", "json")
    assert done.code == 2  # although a policy fails too
    assert done.out == output.read_bytes()
    lines = [line.removeprefix("delegate-analyzer: ") for line in done.err.splitlines()]
    assert [line for line in lines if line.startswith("policy failed: ")] == [
        f"policy failed: {reason}" for reason in done.json["policy"]["reasons"]
    ]
    lines = [line for line in lines if f"{tmp_path}/set/" in line and not line.startswith("policy failed: ")]
    for line, name in zip(lines, "bd", strict=True):
        path = f"{tmp_path}/set/{name}.tflite"
        assert line.startswith(f"{path}: ")
        [model] = [model for model in done.json["models"] if model["path"] == path]
        assert model["error"] == {"code": "model", "message": line}
        assert (model["subgraphs"], model["audits"]) == ([], [])
        assert model["bytes"] == os.stat(path).st_size
    assert [model["error"] is None for model in done.json["models"]] == [True, False, True, False]
    assert done.json["policy"]["failed"]


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "markdown", "html"])
def test_names_that_are_no_text(tmp_path: Path, format: str) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff"
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("the file system takes names in UTF-8 only")
    for name in (b"m\xfe.tflite", b"broken\xfe.tflite"):
        with open(folder + b"/" + name, "wb") as file:
            file.write(MODEL if name.startswith(b"m") else b"broken")
    done = run("audit", os.fsdecode(folder), "--format", format)
    assert done.code == 2
    assert "broken\ufffd.tflite" in done.complaint
    assert "m\ufffd.tflite" in done.text


def test_a_name_of_a_file_that_would_move_the_cursor(tmp_path: Path) -> None:
    path = save(tmp_path / "a\x1b[2J\nb.tflite", b"broken")
    done = audit(path)
    assert done.code == 2
    assert "\x1b" not in done.complaint


def test_files_are_only_read(tmp_path: Path) -> None:
    path = save(tmp_path / "m.tflite", MODEL)
    path.chmod(stat.S_IRUSR)
    before = path.stat()
    assert audit(path, "--hash").code == 0
    after = path.stat()
    # When it was last read is the system's to note.
    assert (after.st_mtime_ns, after.st_size, after.st_mode, after.st_ino) == (
        before.st_mtime_ns,
        before.st_size,
        before.st_mode,
        before.st_ino,
    )


def test_a_model_without_its_identifier_is_no_model_to_a_runtime(tmp_path: Path) -> None:
    file = save(tmp_path / "stripped.tflite", MODEL[:4] + bytes(4) + MODEL[8:])
    done = run("audit", file)
    assert done.code == 2
    assert "TFL3" in done.complaint and "inspect" in done.complaint
    assert run("inspect", file).code == 0


def test_a_shape_of_another_rank_is_what_to_change() -> None:
    text = " ".join(run("audit", "sample:", "--shape", "image=1,2,3", "-d", "gpu").text.split())
    assert "* Resize otherwise: the model is prepared with the file's own sizes (image=1,96,96,3)" in text
    assert "Convert the model again" not in text

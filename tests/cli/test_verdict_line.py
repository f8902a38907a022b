"""An audit into files ends by saying where they are and what the verdict was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import run


def said(*words: str | Path) -> str:
    done = run("audit", *words, "--fail-on", "never")
    assert done.out == b""
    return done.err


def test_a_model(tmp_path: Path, rules: Path, model: Path) -> None:
    file = tmp_path / "report.html"
    assert said(model, "--rules", rules, "-o", file) == f"{file}: Tiny partial (2 of 3 operators)\n"


def test_verdicts_that_need_no_count(tmp_path: Path, rules: Path) -> None:
    full, none = save(tmp_path / "a.tflite", chain("RELU")), save(tmp_path / "b.tflite", chain("NEG"))
    file = tmp_path / "a.json"
    assert said(full, "--rules", rules, "-o", file) == f"{file}: Tiny full\n"
    assert said(none, "--rules", rules, "-o", file) == f"{file}: Tiny none\n"


def test_several_delegates_and_files(tmp_path: Path, rules: Path, model: Path) -> None:
    files = [tmp_path / "a.html", tmp_path / "a.json"]
    outputs = ("-o", files[0], "-o", files[1])
    line = said(model, "--rules", rules, "-d", "tiny,tiny,hexagon", *outputs)
    assert line.startswith(f"{files[0]}, {files[1]}: Tiny partial (2 of 3 operators), Hexagon DSP ")
    assert line.count("Tiny") == 1 and line.count("\n") == 1


@pytest.mark.parametrize("ending", ["jsonl", "md"])
def test_many_models(tmp_path: Path, rules: Path, ending: str) -> None:
    for number, operators in enumerate([("RELU",), ("RELU", "NEG"), ("NEG",), ("RELU", "ABS")]):
        save(tmp_path / "set" / f"{number}.tflite", chain(*operators))
    (tmp_path / "set" / "9.tflite").write_bytes(b"no model")
    file = tmp_path / f"out.{ending}"
    complaint, line = said(tmp_path / "set", "--rules", rules, "-o", file).splitlines()
    assert "9.tflite" in complaint
    assert line == f"{file}: 5 models: Tiny 2 full, 1 partial, 1 none; 1 not audited"


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(b"no model")
    assert said(tmp_path / "m.tflite", "-o", tmp_path / "a.md").splitlines()[-1] == (
        f"{tmp_path / 'a.md'}: not audited"
    )


def test_quiet_means_quiet(tmp_path: Path, model: Path) -> None:
    assert said(model, "-o", tmp_path / "a.md", "-q") == ""

"""`delegate-analyzer compare`."""

import json
from pathlib import Path

import pytest

from tests.building import chain
from tests.cli import running
from tests.packs import tiny


def run(*arguments: str) -> tuple[int, str]:
    outcome = running.run("compare", *arguments)
    return outcome.code, outcome.text + outcome.err


def test_a_model_beside_itself_is_no_worse() -> None:
    code, text = run("sample:", "sample:", "-d", "gpu", "--fail-on", "worse")
    assert code == 0 and "same" in text


def test_formats(tmp_path: Path) -> None:
    page, data, note = (tmp_path / f"c.{ending}" for ending in ("html", "json", "md"))
    files = [word for file in (page, data, note) for word in ("-o", str(file))]
    code, text = run("sample:", "sample:", "-d", "gpu", *files)
    assert (code, text) == (0, "")
    assert "| TFLite GPU | **same** | partial |" in note.read_text("utf-8")
    assert 'id="comparison"' in page.read_text("utf-8")
    assert [side["change"] for side in json.loads(data.read_text("utf-8"))["delegates"]] == ["same"]


def model_file(folder: Path, name: str, *operators: str) -> str:
    file = folder / name
    file.write_bytes(chain(*operators))
    return str(file)


def test_a_file_is_the_same_whatever_terminal_it_is_written_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = model_file(tmp_path, "other.tflite", "RELU", "CEIL")
    written = []
    for columns in ("40", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        run("sample:", other, "-d", "gpu", "-o", str(tmp_path / "a.txt"))
        written.append((tmp_path / "a.txt").read_bytes())
    assert written[0] == written[1]


def test_a_regression_is_told_line_by_line(tmp_path: Path) -> None:
    rules = tmp_path / "tiny.toml"
    rules.write_text(tiny())
    words = ("-d", "tiny", "--rules", str(rules), "--fail-on", "regression", "--growth", "1000")
    good = model_file(tmp_path, "good.tflite", "RELU", "ABS")
    fewer = model_file(tmp_path, "fewer.tflite", "RELU", "NEG")
    risky = model_file(tmp_path, "risky.tflite", "RELU", "EXP")
    assert run(good, good, *words)[0] == 0
    code, text = run(good, fewer, *words)
    assert code == 1 and "regression: Tiny: was full, is partial" in text
    code, text = run(good, risky, *words)
    assert code == 1 and "hazard, new: EXP comes out inexact [tiny/exp/inexact]" in text
    assert run(risky, good, *words)[0] == 0


def test_a_file_that_grows_is_a_regression(tmp_path: Path) -> None:
    small, large = (model_file(tmp_path, f"{n}.tflite", *["ABS"] * n) for n in (2, 20))
    words = ("-d", "gpu", "--fail-on", "regression")
    code, text = run(small, large, *words)
    assert code == 1 and "regression: the file grew by " in text
    assert run(small, large, *words, "--growth", "1000")[0] == 0


def test_models_without_anything_in_common_are_said_to_be_so(tmp_path: Path) -> None:
    one, other = (model_file(tmp_path, f"{name}.tflite", name) for name in ("ABS", "SIN"))
    assert "have no operator in common" in run(one, other, "-d", "gpu")[1]
    assert "in common" not in run(one, one, "-d", "gpu")[1]
    for ending in ("html", "md"):
        for second, said in ((other, True), (one, False)):
            page = tmp_path / f"compared.{ending}"
            run(one, second, "-d", "gpu", "-o", str(page))
            assert ("They have no operator in common" in page.read_text()) is said

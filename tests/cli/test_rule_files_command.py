"""`rules format`, `rules test` and the schema of packs, as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from analyzer.cli import main
from analyzer.resources import data
from tests.packs import saved, tiny
from tests.promises.test_outputs import LIMITED
from tests.schemas import faults

_CASE = '[ABS.a]\ninputs = ["FLOAT32[1]"]\noutputs = ["FLOAT32[1]"]\nexpect = "%s"\n'


def called(*words: object) -> tuple[int, str]:
    """The exit code, and all that was printed."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(out):
        code = main([str(word) for word in words])
    return code, out.getvalue()


def test_format(tmp_path: Path) -> None:
    file = saved(tmp_path, "a='b'\n")
    assert called("rules", "format", "--check", file) == (1, f"{file}: not in shape\n")
    assert called("rules", "format", file) == (0, f"{file}: put in shape\n")
    assert called("rules", "format", "--check", file) == (0, "")
    assert called("rules", "format", saved(tmp_path, "a = "))[0] == 2


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_file_that_cannot_be_put_in_shape_stays(tmp_path: Path) -> None:
    file = saved(tmp_path, "a='b'\n")
    line = f'{LIMITED} 0; exec "$0" -m analyzer rules format "$1"'
    command = ["bash", "-c", line, sys.executable, str(file)]
    done = subprocess.run(command, cwd=data("rules").parent, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"{file}: can't be written (File too large); choose another place\n"
    assert file.read_text() == "a='b'\n"


@pytest.mark.parametrize(
    ("case", "code", "words"),
    [
        (_CASE % "accepted", 0, "tiny: 1 of 1 case as expected"),
        (_CASE % "abs/inputs", 1, "cases/tiny.toml:1: ABS.a: expected abs/inputs, came accepted"),
        ("[ABS.a]\n", 2, "missing required field `expect`"),
    ],
)
def test_cases_beside_a_rule_file(tmp_path: Path, case: str, code: int, words: str) -> None:
    (tmp_path / "cases").mkdir()
    saved(tmp_path / "cases", case)
    file = saved(tmp_path, tiny())
    for asked in (
        ["rules", "test", file],
        ["rules", "test", file, "--cases", tmp_path / "cases" / "tiny.toml"],
    ):
        came, output = called(*asked)
        assert came == code
        assert words in output


def test_every_shipped_pack_fits_the_schema() -> None:
    code, output = called("schema", "--of", "pack")
    assert code == 0
    schema = json.loads(output)
    for file in data("rules").glob("*.toml"):
        if file.stem == "devices":
            continue
        assert faults(tomllib.loads(file.read_text(encoding="utf-8")), schema) == []

"""The README stays true: what it quotes is what the program prints, what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from analyzer import config
from tests.building import model as build
from tests.building import operator, tensor
from tests.cli.running import run
from tests.docs.quoted import COUNT, QUOTES, README, printed, quoted, unexercised
from tests.packs import saved

AGAIN = "what the README quotes has changed; write it anew: python -m tests.docs.quoted"
TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", QUOTES)
def test_quotes_are_what_the_program_prints(name: str) -> None:
    assert quoted(TEXT, name) == printed(QUOTES[name]), AGAIN


def test_what_no_case_exercises_is_counted() -> None:
    assert re.findall(COUNT, TEXT) == [unexercised()], AGAIN


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", TEXT):
        assert (README.parent / target).exists(), target


def test_sections_that_are_linked_exist() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_quick_start_is_two_commands() -> None:
    section = TEXT.split("## Quick start", 1)[1].split("\n## ", 1)[0]
    assert len(re.findall(r"^```sh$", section, re.MULTILINE)) == 2


def test_the_pack_it_shows_is_one(tmp_path: Path) -> None:
    [shown] = re.findall(r"```toml\n(delegate = .*?)```", TEXT, re.DOTALL)
    pack = saved(tmp_path, shown, "npu.toml")
    assert run("rules", "check", pack).text == f"{pack}: ok, 2 operators, 10 rules\n"
    assert "Example NPU" in run("audit", "sample:", "--rules", pack).text


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name, in the folder where they run."""
    tensors = [tensor("image", [1, 4]), tensor("scores", [1, 4])]
    (tmp_path / "model.tflite").write_bytes(build(tensors, [operator("RELU", ["image"], ["scores"])]))
    np.save(tmp_path / "image.npy", np.arange(4.0))
    [pack] = re.findall(r"```toml\n(delegate = .*?)```", TEXT, re.DOTALL)
    (tmp_path / "npu.toml").write_text(pack, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("model")
def test_the_python_it_shows_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [shown] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(shown, {})
    assert capsys.readouterr().out.endswith("\n3\n")


def test_the_project_it_shows_is_one(tmp_path: Path) -> None:
    [shown] = re.findall(r"```toml\n(required-version = .*?)```", TEXT, re.DOTALL)
    settings = config.find(str(saved(tmp_path, shown, config.FILE))).settings
    assert all(getattr(settings, field) for field in settings.__struct_fields__)

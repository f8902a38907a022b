"""The README and docs/ stay true: what they quote is what the program prints, what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from analyzer.config.find_file import FILE
from analyzer.config.project_file import find
from tests.building import model as build
from tests.building import operator, tensor
from tests.cli.running import run
from tests.docs import command_page
from tests.docs.quoted import COUNT, PAGES, QUOTES, README, printed, quotes, text_of, unexercised
from tests.packs import saved

AGAIN = "what the pages quote has changed; write it anew: python -m tests.docs.quoted"
PACK = re.compile(r"```toml\n(delegate = .*?)```", re.DOTALL)


def named(page: Path) -> str:
    return page.relative_to(README.parent).as_posix()


every_page = pytest.mark.parametrize("page", PAGES, ids=named)


@pytest.mark.parametrize("name", QUOTES)
def test_quotes_are_what_the_program_prints(name: str) -> None:
    assert quotes(name) == [printed(QUOTES[name])], AGAIN


def test_what_no_case_exercises_is_counted() -> None:
    assert re.findall(COUNT, text_of("how-true.md")) == [unexercised()], AGAIN


def test_commands_are_listed_as_help_says_them() -> None:
    assert command_page.FILE.read_text(encoding="utf-8") == command_page.page(), AGAIN


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        target, _, section = link.partition("#")
        file = page.parent / target if target else page
        assert file.exists(), link
        assert not section or section in headings(file), link


def headings(page: Path) -> set[str]:
    """The sections of a page, as links call them."""
    lines = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-") for line in lines}


@every_page
def test_paths_that_are_named_exist(page: Path) -> None:
    """What stands as `analyzer/...` or alike, without a placeholder in it."""
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:analyzer|docs|rules|templates|tests|\.ci|\.github)/[\w./-]*)`", text):
        assert (README.parent / path).exists(), path


@every_page
def test_every_page_is_listed(page: Path) -> None:
    """In the README and in docs/, by a link."""
    if page.parent == command_page.FILE.parent and page.name != "README.md":
        assert f"](docs/{page.name})" in README.read_text(encoding="utf-8")
        assert f"]({page.name})" in text_of("README.md")


def test_the_readme_is_short() -> None:
    assert README.read_text(encoding="utf-8").count("\n") <= 150


def test_quick_start_is_two_commands() -> None:
    section = README.read_text(encoding="utf-8").split("## Quick start", 1)[1].split("\n## ", 1)[0]
    assert len(re.findall(r"^```sh$", section, re.MULTILINE)) == 2


def test_the_pack_it_shows_is_one(tmp_path: Path) -> None:
    [shown] = PACK.findall(text_of("adding-a-delegate.md"))
    pack = saved(tmp_path, shown, "npu.toml")
    assert run("rules", "check", pack).text == f"{pack}: ok, 2 operators, 10 rules\n"
    assert "Example NPU" in run("audit", "sample:", "--rules", pack).text


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that examples name, in the folder where they run."""
    tensors = [tensor("image", [1, 4]), tensor("scores", [1, 4])]
    for name in ("model", "int8"):
        content = build(tensors, [operator("RELU", ["image"], ["scores"])])
        (tmp_path / f"{name}.tflite").write_bytes(content)
    np.save(tmp_path / "image.npy", np.arange(4.0))
    np.savez(tmp_path / "test.npz", x=np.eye(4, dtype=np.float32), y=np.arange(4))
    [pack] = PACK.findall(text_of("adding-a-delegate.md"))
    (tmp_path / "npu.toml").write_text(pack, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.tensorflow
@pytest.mark.usefixtures("model")
def test_the_python_it_shows_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [shown] = re.findall(r"```python\n(.*?)```", text_of("python.md"), re.DOTALL)
    exec(shown, {})
    assert capsys.readouterr().out.endswith("\n3\n")


def test_the_project_it_shows_is_one(tmp_path: Path) -> None:
    [shown] = re.findall(r"```toml\n(required-version = .*?)```", text_of("configuration.md"), re.DOTALL)
    settings = find(str(saved(tmp_path, shown, FILE))).settings
    # A platform is asked in place of delegates.
    fields = set(settings.__struct_fields__) - {"platform"}
    assert all(getattr(settings, field) for field in fields)

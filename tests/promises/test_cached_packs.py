"""The cache of checked packs: what others could have written, or what isn't what was made, is never read."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights and pipes are another matter there")

ROOT = Path(__file__).parents[2]
WORDS = ("audit", "sample:", "-d", "hexagon", "--fail-on", "partial", "-q")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that one run has filled."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("filled") / "cache"
        patch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(folder))
        assert run(*WORDS).code == 1
    return folder


@pytest.fixture
def cache(tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it."""
    shutil.copytree(filled, tmp_path / "cache")
    monkeypatch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(tmp_path / "cache"))
    return tmp_path / "cache"


def edit(entry: Path) -> None:
    """As somebody would who wants every operator taken."""
    content = entry.read_bytes()
    assert b'"supported' in content or b'"Hexagon' in content
    entry.write_bytes(content.replace(b"Hexagon", b"hexagon"))


def pipe(entry: Path) -> None:
    entry.unlink()
    os.mkfifo(entry)


def endless(entry: Path) -> None:
    entry.unlink()
    entry.symlink_to("/dev/zero")


def large(entry: Path) -> None:
    with entry.open("ab") as file:
        file.truncate(1 << 32)


def writable(entry: Path) -> None:
    entry.chmod(0o666)


def loop(entry: Path) -> None:
    entry.unlink()
    entry.symlink_to(entry.name)


@pytest.mark.parametrize("change", [edit, pipe, endless, large, writable, loop])
def test_an_entry_that_is_not_what_was_written(cache: Path, change: Callable[[Path], None]) -> None:
    (entry,) = cache.glob("hexagon-*")
    written = entry.read_bytes()
    change(entry)
    assert run(*WORDS).code == 1
    assert entry.read_bytes() == written
    assert not entry.is_symlink()


def test_a_folder_that_others_can_write(cache: Path) -> None:
    (entry,) = cache.glob("hexagon-*")
    entry.write_bytes(b"")
    cache.chmod(0o777)
    assert run(*WORDS).code == 1
    assert entry.read_bytes() == b"", "nothing is kept where others could change it"


def test_a_folder_of_its_own_is_for_nobody_else(cache: Path) -> None:
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in cache.iterdir()} == {0o600}


#: As in a container that runs as a user of no name.
HOMELESS = """
import os, sys
os.environ.pop("HOME", None)
sys.modules["pwd"] = None
from analyzer.__main__ import run
run()
"""


def test_somebody_without_a_home() -> None:
    environment = {name: value for name, value in os.environ.items() if "CACHE" not in name}
    command = [sys.executable, "-c", HOMELESS, *WORDS]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert (done.returncode, done.stderr) == (1, "")

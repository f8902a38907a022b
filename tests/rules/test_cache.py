"""Checked packs are kept, and taken for what they are: made by this code from these files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analyzer import resources
from analyzer.rules import cache
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.loading import load
from analyzer.rules.pack import RulePack, packed
from analyzer.rules.registry import Packs, shipped

PACKAGE = Path(cache.__file__).parents[1]
#: The smallest of those that ship.
PACK = "hexagon"
#: Modules that say what is wrong with a pack, find its file or bound what is kept: no part of an entry.
APART = {
    "analyzer",
    *(f"analyzer.{name}" for name in ("errors", "files", "memo", "resources", "std_sort", "suggest")),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(tmp_path / "cache"))
    return tmp_path / "cache"


def forbid(*_: object) -> RulePack:
    raise AssertionError("a pack is loaded from TOML")


def entries(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_pack_is_loaded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = Packs().get(PACK)
    monkeypatch.setattr(load, "load", forbid)
    assert packed(Packs().get(PACK)) == packed(pack)
    assert [name.rpartition("-")[0] for name in entries(folder)] == [PACK, "operators"]


def test_a_damaged_entry_is_made_anew(folder: Path) -> None:
    Packs().get(PACK)
    for file in folder.glob(f"{PACK}-*"):
        file.write_bytes(file.read_bytes()[:100])
    assert Packs().get(PACK).delegate == PACK
    assert all(file.stat().st_size > 100 for file in folder.iterdir())


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(tmp_path / "file"))
    assert Packs().get(PACK).delegate == PACK


def test_other_installations_keep_their_entries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stamp in (1, 2, 1):
        monkeypatch.setattr(cache, "_own_stamp", lambda stamp=stamp: stamp)
        Packs().get(PACK)
    assert len(entries(folder)) == 4


def test_what_nobody_uses_any_more_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def use(stamp: int) -> None:
        monkeypatch.setattr(cache, "_own_stamp", lambda: stamp)
        Packs().get(PACK)

    use(1)
    aged = time.time() - 1000 * 86400
    for file in folder.glob(f"{PACK}-*"):
        os.utime(file, (aged, aged))
    use(1)  # which says that they are in use
    use(2)
    assert len(entries(folder)) == 4
    for file in folder.glob(f"{PACK}-*00000001*"):
        os.utime(file, (aged, aged))
    use(3)
    assert [
        name.removesuffix(cache.ENDING)[-1] for name in entries(folder) if name.startswith(f"{PACK}-")
    ] == [
        "2",
        "3",
    ]


def test_the_stamp_follows_all_code_that_makes_entries() -> None:
    code = (
        "import sys; from analyzer.rules.loading import catalogue_file, load;"
        "from analyzer.resources import data;"
        "load.load(data('rules') / 'gpu.toml', catalogue_file.parse_catalogue());"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'analyzer'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    makers = tuple(f"analyzer.{maker}" for maker in cache.MAKERS)
    assert {name for name in done.stdout.split() if not name.startswith(makers)} <= APART


@pytest.mark.parametrize(
    "module", ["rules/pack.py", "rules/loading/load.py", "expressions/check.py", "model/schema.py"]
)
def test_changed_code_makes_new_entries(tmp_path: Path, module: str) -> None:
    copied = tmp_path / "analyzer"
    shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
    before = cache.code_stamp(os.fspath(copied))
    assert before == cache.code_stamp(os.fspath(PACKAGE))
    changed = copied / module
    times = changed.stat()
    changed.write_text(changed.read_text("utf-8").replace("the", "eht", 1), "utf-8")
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a reproducible build leaves it
    assert changed.stat().st_size == times.st_size
    assert cache.code_stamp(os.fspath(copied)) != before


def test_what_a_wheel_brings_is_taken_without_a_look_at_rules(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = tmp_path / "packaged"
    packaged.mkdir()
    for name, content in shipped().items():
        (packaged / f"{name}{cache.ENDING}").write_bytes(content)
    assert {
        f"{name}{cache.ENDING}" for name in (*Packs().names(), "cpu-kernels", "fixes", "operators")
    } == set(os.listdir(packaged))
    expected = [packed(Packs().get(name)) for name in Packs().names()]
    shutil.rmtree(folder)
    monkeypatch.setattr(cache, "made", lambda name: packaged)
    monkeypatch.setattr(load, "load", forbid)
    assert [packed(Packs().get(name)) for name in Packs().names()] == expected
    assert isinstance(Packs().catalogue, Catalogue)
    assert not folder.exists()


def test_a_checkout_has_nothing_made() -> None:
    assert not os.path.exists(resources.made(resources.PACKS))

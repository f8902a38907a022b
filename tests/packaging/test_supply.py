"""What CI installs is pinned, and what is released is the same wherever it is built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import analyzer

ROOT = Path(__file__).parents[2]
LOCK = ROOT / ".ci" / "requirements.txt"
#: What a wheel is made from.
SOURCES = ("analyzer", "rules", "templates", "hatch_build.py", "pyproject.toml", "README.md", "LICENSE")


def pinned() -> dict[str, set[str]]:
    """Package -> the versions that are pinned, each with the hashes of its files."""
    versions: dict[str, set[str]] = {}
    for entry in re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8").strip()):
        match = re.match(r"([\w.-]+)==([\w.+!]+)( ; [^\\]+)? \\\n", entry)
        assert match, entry[:80]
        assert re.fullmatch(r"(    --hash=sha256:[0-9a-f]{64}( \\\n)?)+", entry[match.end() :]), match[1]
        versions.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return versions


def test_all_that_is_asked_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    asked += [one for name in ("dev", "litert", "release", "remote", "test") for one in extras[name]]
    versions = pinned()
    for requirement in map(Requirement, asked):
        if requirement.name != project["project"]["name"]:
            found = versions.get(canonicalize_name(requirement.name), set())
            assert any(requirement.specifier.contains(version) for version in found), requirement


def test_a_wheel_is_the_same_wherever_it_is_built(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    elsewhere = tmp_path / "elsewhere"
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, elsewhere / name, copy_function=shutil.copyfile)
        else:
            elsewhere.mkdir(exist_ok=True)
            shutil.copyfile(ROOT / name, elsewhere / name)
    built = []
    for number, folder in enumerate((ROOT, elsewhere)):
        command = [
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "-t",
            "wheel",
            "-d",
            str(tmp_path / str(number)),
        ]
        environment = {**os.environ, "TZ": ("UTC", "Asia/Tokyo")[number], "PYTHONHASHSEED": str(number)}
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        [wheel] = (tmp_path / str(number)).glob("*.whl")
        built.append((wheel.name, wheel.read_bytes()))
    assert built[0] == built[1]
    with ZipFile(BytesIO(built[0][1])) as files:
        [name] = (each for each in files.namelist() if each.endswith(".dist-info/METADATA"))
        shown = files.read(name).decode()
    links = re.findall(r"\]\(([^)]+)\)", shown)
    assert len(links) > 20 and all(link.startswith("https://") for link in links)
    urls = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    at = f"{urls['Homepage']}/{{}}/v{analyzer.__version__}/docs/"
    assert f"{at.format('raw')}report.png" in links and f"{at.format('blob')}report.md" in links

"""What the page runs on, fetched by the package managers' own clients and held to pinned hashes."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from analyzer.errors import RuntimeUnavailable

PYODIDE = "314.0.7"
#: As npm states it.
_INTEGRITY = "0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
#: What a browser needs of Pyodide.
_RUNTIME = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
#: The Python that this Pyodide is.
_PYTHON = ("--python-version", "3.14", "--implementation", "cp", "--abi", "cp314", "--abi", "none")
_PLATFORM = ("--platform", "pyemscripten_2026_0_wasm32")
_SECONDS = 300


def runtime(folder: Path) -> list[Path]:
    """Pyodide's files, fetched into a folder with npm. Raises: RuntimeUnavailable."""
    _run([_of_node("npm"), "pack", "--silent", f"pyodide@{PYODIDE}"], folder)
    archive = folder / f"pyodide-{PYODIDE}.tgz"
    given = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if given != _INTEGRITY:
        raise RuntimeUnavailable(f"{archive.name}: isn't the file that is pinned; it isn't used")
    with tarfile.open(archive) as members:
        for name in _RUNTIME:
            member = members.extractfile(f"package/{name}")
            assert member is not None
            (folder / name).write_bytes(member.read())
    return [folder / name for name in _RUNTIME]


def wheels(folder: Path) -> list[Path]:
    """The libraries' wheels, fetched with pip, which checks them. Raises: RuntimeUnavailable."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    which = ["--no-deps", "--only-binary=:all:", "--require-hashes", *_PYTHON, *_PLATFORM]
    _run([*pip, *which, "--dest", os.fspath(folder), "--requirement", os.fspath(_REQUIREMENTS)], folder)
    return sorted(folder.glob("*.whl"))


def compile_archives(runtime: Path, archives: Sequence[Path]) -> None:
    """Compile the Python in archives, in place, with the runtime in a folder. Raises: RuntimeUnavailable."""
    here = Path(__file__)
    script, source = (os.fspath(here.with_name(name)) for name in ("compile.mjs", "bytecode.py"))
    _run([_of_node("node"), script, os.fspath(runtime), source, *map(os.fspath, archives)], runtime)


def remember(site: Path) -> None:
    """Have Python prepare itself once, and leave its memory in a site. Raises: RuntimeUnavailable."""
    script = os.fspath(Path(__file__).with_name("remember.mjs"))
    _run([_of_node("node"), script, os.fspath(site)], site)


def _of_node(program: str) -> str:
    """Raises: RuntimeUnavailable."""
    path = shutil.which(program)
    if path is None:
        raise RuntimeUnavailable(f"{program}: isn't installed; building the page takes it: install Node.js")
    return path


def _run(command: Sequence[str], folder: Path) -> None:
    """Raises: RuntimeUnavailable with the last line of what it said."""
    name = Path(command[0]).stem
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeUnavailable(f"{name}: takes too long; try again") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise RuntimeUnavailable(f"{name}: couldn't make what the page runs on ({said[-1]}); try again")

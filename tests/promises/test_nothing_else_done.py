"""Auditing touches nothing but what it was told to: no network, no program, no file but the outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.building import model, operator, tensor
from tests.cli.models import save
from tests.packs import saved, tiny
from tests.sources.packing import zipped

ROOT = Path(__file__).parents[2]
#: Python's own record of what a process does: all that would leave it, or change what is on disk.
WATCHED = """
import json, os, sys
seen = []
CHANGES = ["os." + name for name in "rename remove mkdir rmdir link symlink chmod truncate utime".split()]
LEAVES = ("socket.", "subprocess.", "urllib.", "ctypes.dlopen", "os.exec", "os.fork", "os.posix_spawn")
LEAVES += ("os.spawn", "os.system", "os.kill")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

def watch(event, arguments):
    if event.startswith(LEAVES):
        seen.append([event, str(arguments)])
    elif event in CHANGES:
        seen.extend(["write", str(each)] for each in arguments[:2] if isinstance(each, (str, os.PathLike)))
    elif event == "open" and not isinstance(arguments[0], int) and (arguments[2] or 0) & WRITES:
        seen.append(["write", str(arguments[0])])

from analyzer.cli import main
sys.addaudithook(watch)
code = main(sys.argv[1:])
print(json.dumps([code, seen]))
"""


def watched(folder: Path, *words: str) -> tuple[int, list[Any]]:
    """The exit code, and what was done beside reading."""
    environment = {**os.environ, "DELEGATE_ANALYZER_CACHE": os.devnull, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-B", "-c", WATCHED, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    code, seen = json.loads(done.stdout.splitlines()[-1])
    # Where the cache would be, if it could.
    return code, [each for each in seen if each != ["write", os.devnull]]


@pytest.mark.skipif(os.name == "nt", reason="paths are told otherwise")
def test_an_audit_writes_its_outputs_and_nothing_else(tmp_path: Path) -> None:
    hostile = "__import__('os').system('touch stolen')"
    tensors = [tensor(hostile, [1, 8]), tensor("../../stolen", [1, 8])]
    made = model(tensors, [operator("RELU", [hostile], ["../../stolen"])], metadata={"../stolen": b"a"})
    save(tmp_path / "$(touch stolen).tflite", made)
    save(tmp_path / "app.zip", zipped({"../stolen.tflite": made, "a.tflite": made}))
    saved(tmp_path, tiny())
    before = {file.name for file in tmp_path.iterdir()}
    outputs = [f"report.{ending}" for ending in ("json", "html", "md", "sarif", "xml", "csv")]
    words = [word for name in outputs for word in ("-o", name)]
    code, seen = watched(
        tmp_path,
        "audit",
        "$(touch stolen).tflite",
        "app.zip",
        "--rules",
        "tiny.toml",
        "-d",
        "tiny,gpu",
        *words,
    )
    assert code == 2, "a member of the archive leads out of it"
    assert {file.name for file in tmp_path.iterdir()} == before | set(outputs)
    assert {what for what, _ in seen} == {"write"}
    strayed = [path for _, path in seen if not Path(path).name.startswith((".", "report."))]
    assert strayed == []


def test_rules_execute_nothing(tmp_path: Path) -> None:
    condition = "__import__('os').system('touch stolen')"
    saved(tmp_path, f'{tiny()}\n[op.NEG.check.it]\nrequire = "{condition}"\nmessage = "m"\nfix = "f"\n')
    assert watched(tmp_path, "audit", "sample:", "--rules", "tiny.toml") == (2, [])
    assert not (tmp_path / "stolen").exists()

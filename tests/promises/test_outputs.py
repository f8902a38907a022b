"""Outputs are whole or not there: standard output that takes only part, disks and files that are full."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.running import run

ROOT = Path(__file__).parents[2]
#: A limit on the size of files, under which Python would leave half of its bytecode behind.
LIMITED = "export PYTHONDONTWRITEBYTECODE=1; ulimit -f"
#: More than a pipe holds.
WORDS = ("audit", "sample:", "-d", "all", "-v", "--format", "json", "--fail-on", "never")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and limits are another matter there")


def started(words: tuple[str, ...], stdout: int, unbuffered: bool) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    command = [sys.executable, "-m", "analyzer", *words]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, cwd=ROOT, env=environment)


@pytest.mark.parametrize(("unbuffered", "blocking"), [(True, True), (True, False), (False, False)])
def test_a_slow_pipe_gets_all(unbuffered: bool, blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    with started(WORDS, writing, unbuffered) as process:
        os.close(writing)
        parts = []
        while part := os.read(reading, 60_000):
            time.sleep(0.05)
            parts.append(part)
        os.close(reading)
        _, said = process.communicate()
    assert (process.returncode, said) == (0, b"")
    assert b"".join(parts) == run(*WORDS).out


@pytest.mark.parametrize(
    ("words", "unbuffered"), [("schema", "1"), (" ".join(WORDS), "1"), ("rules list", "")]
)
def test_a_limit_on_the_size_of_files(tmp_path: Path, words: str, unbuffered: str) -> None:
    file = tmp_path / "out"
    line = f'{LIMITED} 1; PYTHONUNBUFFERED={unbuffered} exec "$0" -m analyzer {words} > "$1"'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, file], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, file.stat().st_size) == (2, 1024)
    assert done.stderr == (
        "delegate-analyzer: standard output: File too large; make room or choose another place\n"
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [WORDS, ("explain", "gpu/conv-2d/outputs"), ("--help",)])
def test_a_full_disk(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full, started(words, full.fileno(), True) as process:
        _, said = process.communicate()
    assert process.returncode == 2
    assert said.decode().splitlines() == [
        "delegate-analyzer: standard output: No space left on device; make room or choose another place"
    ]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_limit_on_temporary_files(tmp_path: Path, limit: int) -> None:
    """Which is neither the output's nor standard output's fault."""
    pytest.importorskip("numpy")
    line = f'{LIMITED} {limit}; exec "$0" -m analyzer run sample: -d xnnpack --runs 0 -o "json=$1/r.json"'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, [*tmp_path.iterdir()]) == (2, [])
    assert "standard output" not in done.stderr
    assert done.stderr.endswith("; make room there, or set TMPDIR to another folder\n")


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    file = tmp_path / f"{'a' * 250}.json"
    assert run("audit", "sample:", "-d", "gpu", "--fail-on", "never", "-o", file).code == 0
    assert [*tmp_path.iterdir()] == [file]

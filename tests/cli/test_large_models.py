"""What a model costs grows with its graph: weights are never touched, however many there are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.building import build

ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/status")
MEGABYTE = 1 << 20

#: Runs the program and says on stderr how much memory it had at most, in kilobytes.
MEASURED = """
import re, sys
from pathlib import Path
from analyzer.cli import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
sys.exit(code)
"""

pytestmark = pytest.mark.skipif(not STATUS.exists(), reason="needs /proc to measure memory")


def described(units: int, weights: dict[str, Any]) -> bytes:
    """A fully connected layer of 1000 inputs."""
    tensors = [
        {"name": "x", "shape": [1, 1000]},
        {"name": "w", "shape": [units, 1000], "buffer": 1},
        {"name": "b", "shape": [units], "buffer": 2},
        {"name": "y", "shape": [1, units]},
    ]
    layer = {
        "opcode_index": 0,
        "inputs": [0, 1, 2],
        "outputs": [3],
        "builtin_options_type": "FullyConnectedOptions",
        "builtin_options": {"keep_num_dims": False},
    }
    graph = {"tensors": tensors, "inputs": [0], "outputs": [3], "operators": [layer], "name": "main"}
    return build(
        {
            "buffers": [{}, weights, {"data": b""}],
            "version": 3,
            "operator_codes": [
                {"builtin_code": "FULLY_CONNECTED", "deprecated_builtin_code": 9, "version": 1}
            ],
            "subgraphs": [graph],
        }
    )


def inside(path: Path, units: int) -> Path:
    """A model with its weights in the flatbuffer."""
    mark, size = bytes(range(1, 65)), units * 4000
    small = bytearray(described(units, {"data": mark}))
    start, end = small.index(mark), small.index(mark) + len(mark)
    small[start - 4 : start] = size.to_bytes(4, "little")
    # Behind the weights lies only what the list of buffers begins with; its place moves.
    [place] = [at for at in range(0, start, 4) if end <= at + number(small, at) < len(small)]
    small[place : place + 4] = (number(small, place) + size - len(mark)).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(small[:start])
        file.seek(start + size)
        file.write(small[end:])
    return path


def number(data: bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def behind(path: Path, units: int) -> Path:
    """A model with its weights behind the flatbuffer, as files over 2 GB have them."""
    size = units * 4000
    flatbuffer = described(units, {"offset": 1 << 16, "size": size})
    with path.open("wb") as file:
        file.write(flatbuffer)
        file.truncate((1 << 16) + size)
    return path


def measured(path: Path, *words: str) -> tuple[dict[str, Any], int]:
    """The audited model, and the memory that took in bytes."""
    command = [sys.executable, "-c", MEASURED, "audit", str(path), "--format", "json", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    [model] = json.loads(done.stdout)["models"]
    return model, 1024 * int(done.stderr)


@pytest.mark.parametrize(("made", "units"), [(inside, 125_000), (behind, 125_000), (behind, 1_000_000)])
def test_a_large_model_takes_the_memory_of_a_small_one(tmp_path: Path, made: Any, units: int) -> None:
    measured(made(tmp_path / "first.tflite", 1))  # which checks the rule packs, once
    small, base = measured(made(tmp_path / "small.tflite", 50))
    large, memory = measured(made(tmp_path / "large.tflite", units))
    assert large["bytes"] > units * 4000
    assert large["macs"] == units * 1000
    assert [a["summary"]["verdict"] for a in large["audits"]] == [
        a["summary"]["verdict"] for a in small["audits"]
    ]
    assert memory < base + 4 * MEGABYTE

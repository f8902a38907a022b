"""However a run is ended, nothing is left of it; a model that changes under way is told of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from analyzer.model.read import read
from tests.building import chain, model, operator, tensor
from tests.execution import models

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and maps are another matter there")


def wait_for(condition: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_run_that_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "m.tflite").write_bytes(models.endless())
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "analyzer", "run", str(tmp_path / "m.tflite"), "-d", "xnnpack"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    # Whoever runs the tests in the background may have them ignore it.
    heard = partial(signal.signal, how, signal.SIG_DFL) if how is not signal.SIGKILL else None
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, preexec_fn=heard
    ) as process:
        about = psutil.Process(process.pid)
        wait_for(lambda: about.children(recursive=True) and any(temporary.rglob("stage")))
        children = about.children(recursive=True)
        process.send_signal(how)
    _, alive = psutil.wait_procs(children, 30)
    assert not alive
    if how is not signal.SIGKILL:
        assert process.returncode == 128 + how
        assert list(temporary.iterdir()) == []


def wide(size: int) -> bytes:
    """A model whose graph lies behind as many bytes of a constant, or before them."""
    tensors = [tensor(f"t{i}", [1, 8]) for i in range(2000)]
    operators = [operator("ADD", [f"t{i}", "w"], [f"t{i + 1}"]) for i in range(1999)]
    return model([*tensors, tensor("w", [size], "INT8", data=bytes(size))], operators, inputs=["t0"])


#: Reads a model, of which the rest is cut off once its file is mapped.
CUT = """
import os, sys
import analyzer.model.read
read = sys.modules['analyzer.model.read']
mapped, file = read._map, sys.argv[1]
def cut(handle):
    made = mapped(handle)
    os.truncate(file, 4096)
    return made
read._map = cut
sys.argv[:] = ["", "audit", sys.argv[1]]
from analyzer.__main__ import run
run()
"""


def test_a_large_model_that_is_cut_short_while_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(wide(4 << 20))
    done = subprocess.run([sys.executable, "-c", CUT, file], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"delegate-analyzer: {file}: changed while it was read; leave it as it is, and read it again\n"
    )


def test_a_small_model_is_not_mapped(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(chain("RELU", "ABS"))
    held = read(file)
    os.truncate(file, 0)
    assert held.subgraphs[0].tensors[0].name == "t0"

"""Its files of node data in the real Model Explorer: `nox -s viewers`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.building import chain, model, operator, subgraph, tensor
from tests.cli.running import run
from tests.report.browsing import chromium, confined

pytest.importorskip("model_explorer")
pytestmark = [pytest.mark.slow, chromium]
PROGRAM = shutil.which("model-explorer", path=str(Path(sys.executable).parent)) or "model-explorer"
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts the viewer's own server; gives the address that it says."""
    servers = []

    def started(*words: str | Path) -> str:
        command = [PROGRAM, *map(str, words), "--no_open_in_browser", "--port", "18917"]
        surroundings = {**os.environ, "PYTHONUNBUFFERED": "1"}
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings)
        servers.append(server)
        assert server.stdout is not None
        return next(line.strip() for line in server.stdout if re.match("http://", line))

    yield started
    for server in servers:
        server.kill()
        server.communicate()


def shown(browser: Any, address: str, *words: str) -> str:
    """What the page says once all of these are on it."""
    own = re.compile(r"http://(localhost|127\.0\.0\.1):18917/")
    page = confined(browser, address, own.match)
    for word in words:
        page.get_by_text(word).first.wait_for(state="attached")
    text = str(page.locator("body").inner_text())
    page.close()
    return text


def test_the_difference_of_two_graphs(browser: Any, serve: Serve, tmp_path: Path) -> None:
    before, after, data = (tmp_path / name for name in ("old.tflite", "new.tflite", "diff.json"))
    before.write_bytes(chain("RELU", "NEG", "ABS"))
    after.write_bytes(chain("RELU", "CEIL", "ABS"))
    assert run("compare", before, after, "-d", "gpu", "-o", f"model-explorer={data}").code == 0
    text = shown(
        browser, serve(after, "--node_data_paths", data), "old.tflite to new.tflite", "TFLite GPU worse"
    )
    assert re.search(r"ceil\s+new", text) and re.search(r"relu\s+same", text)


def test_a_model_whose_graph_has_no_name(browser: Any, serve: Serve, tmp_path: Path) -> None:
    tensors, operators = [tensor("x", [1, 4]), tensor("y", [1, 4])], [operator("RELU", ["x"], ["y"])]
    file, data = tmp_path / "unnamed.tflite", tmp_path / "gpu.json"
    file.write_bytes(model(subgraphs=[subgraph(tensors, operators, name="")]))
    assert run("audit", file, "-d", "gpu", "-o", f"model-explorer={data}").code == 0
    text = shown(browser, serve(file, "--node_data_paths", data), "TFLite GPU, partition 0")
    assert re.search(r"relu\s+TFLite GPU, partition 0", text)

"""The attachment, opened by the real Netron in a browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.cli.running import run
from tests.report.browsing import chromium, confined

SAMPLE = Path(__file__).parents[3] / "analyzer" / "model" / "sample.tflite"


@pytest.fixture
def address() -> Iterator[str]:
    """Netron's server, without a model: a page that is opened with one takes no attachment."""
    pytest.importorskip("netron")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"import netron; netron.serve(None, None, ('127.0.0.1', {port})); netron.wait()"
    server = subprocess.Popen([sys.executable, "-c", command], stdout=subprocess.DEVNULL)
    place = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            with suppress(OSError), urlopen(place):
                break
            time.sleep(0.1)
        yield place
    finally:
        server.kill()
        server.wait()


@pytest.mark.slow
@chromium
def test_netron_shows_where_an_operator_runs(browser: Any, address: str, tmp_path: Path) -> None:
    attachment = tmp_path / "sample.json"
    assert run("audit", "sample:", "-d", "gpu", "-o", f"netron={attachment}", "--fail-on", "never").code == 0
    page = confined(browser, address, lambda url: url.startswith(address))
    page.get_by_text("Accept").click()
    page.set_input_files("input[type=file]", SAMPLE)
    page.wait_for_selector("g.node")
    page.set_input_files("input[type=file]", attachment)
    # It takes the attachment in by and by.
    page.wait_for_timeout(3000)
    page.locator("g.node").nth(4).click(position={"x": 20, "y": 8})
    page.get_by_text("TFLite GPU, partition 0").wait_for()
    page.close()

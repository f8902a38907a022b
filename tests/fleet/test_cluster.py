"""Models audited on a cluster of a scheduler and two workers, one of which dies on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from analyzer.fleet import batch
from tests.cli.running import run
from tests.fleet.zoos import everything, zoo

ROOT = Path(__file__).parents[2]

pytestmark = [
    # Looked for without loading it, which takes long.
    pytest.mark.skipif(find_spec("distributed") is None, reason="needs Dask"),
    pytest.mark.skipif(os.name == "nt", reason="processes end otherwise there"),
]
#: Nothing to look at in a browser.
_BARE = ("--no-dashboard",)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address and the workers."""
    folder = tmp_path_factory.mktemp("cluster")
    address = folder / "address"
    with ExitStack() as ending:

        def start(*words: str) -> subprocess.Popen[bytes]:
            module, *rest = words
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *rest],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"},
                stderr=subprocess.DEVNULL,
            )
            ending.callback(process.wait)
            ending.callback(process.kill)
            return process

        here = ("--host", "127.0.0.1", "--scheduler-file", str(address), *_BARE)
        scheduler = start("dask_scheduler", "--port", "0", *here)
        while not address.exists():
            assert scheduler.poll() is None
            time.sleep(0.05)
        workers = [start("dask_worker", "--no-nanny", "--nthreads", "1", *here) for _ in range(2)]
        yield _address(address), workers


def _address(file: Path) -> str:
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except ValueError:
            time.sleep(0.05)


def test_a_worker_that_dies_is_made_up_for(
    tmp_path: Path,
    cluster: tuple[str, Sequence[subprocess.Popen[bytes]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, workers = cluster
    models = zoo(tmp_path / "zoo", 100)
    (models / "bad.tflite").write_bytes(b"no model")
    words = ("-d", "gpu", "--fail-on", "never", "-q")
    run("audit", models, *words, "-o", tmp_path / "here.sqlite")
    results = batch.results

    def watched(*arguments: Any) -> Iterator[Any]:
        for number, each in enumerate(results(*arguments)):
            if number == 20:
                workers[0].kill()
            yield each

    monkeypatch.setattr(batch, "results", watched)
    done = run("audit", models, *words, "-o", tmp_path / "there.sqlite", "--scheduler", address)
    assert done.code == 2 and "bad.tflite" in done.complaint
    assert [worker.poll() for worker in workers] == [-9, None]
    assert everything(tmp_path / "there.sqlite") == everything(tmp_path / "here.sqlite")


def test_a_scheduler_that_isnt_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.fleet.cluster._PATIENCE", 0.2)
    done = run("audit", "sample:", "-o", tmp_path / "a.jsonl", "--scheduler", "tcp://127.0.0.1:9")
    assert done.code == 2
    assert done.complaint.startswith("--scheduler tcp://127.0.0.1:9: nobody answers (")

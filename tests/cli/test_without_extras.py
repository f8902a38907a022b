"""What `pip install delegate-analyzer` alone brings: commands that need more say what, in a line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.cli.running import run

#: All that extras bring.
MORE = (
    "numpy",
    "ai_edge_litert",
    "tensorflow",
    "psutil",
    "PIL",
    "pyarrow",
    "distributed",
    "fsspec",
    "aiohttp",
)
LITERT = "pip install 'delegate-analyzer[litert]'"


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "m.tflite", chain("RELU"))
    for name in ("x.npy", "x.npz", "lib.so", "m.keras"):
        (tmp_path / name).write_bytes(b"")
    folder = tmp_path / "images" / "cat"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(b"")
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    # Parts of theirs too, which other tests may have loaded.
    parts = [name for name in sys.modules if name.partition(".")[0] in MORE]
    for name in (*MORE, *parts):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("run m.tflite -d xnnpack", LITERT),
        ("run m.tflite -d gpu", LITERT),
        ("run m.tflite -d litert-gpu:precision=fp32 --bisect", LITERT),
        ("run m.tflite -d xnnpack --input x.npy", LITERT),
        ("run m.tflite -d xnnpack --input images/cat/1.png", LITERT),
        ("run m.tflite --delegate-lib lib.so", LITERT),
        ("evaluate m.tflite --data x.npz", LITERT),
        ("evaluate m.tflite --data images", LITERT),
        ("evaluate m.tflite -d cpu --data x.npz", LITERT),
        ("evaluate m.keras --data x.npz", "pip install 'delegate-analyzer[tensorflow]'"),
        ("recommend m.tflite --keras m.keras --data x.npz", "pip install 'delegate-analyzer[tensorflow]'"),
        ("audit m.tflite -o zoo.parquet", "pip install 'delegate-analyzer[fleet]'"),
        ("fleet show x.parquet", "pip install 'delegate-analyzer[fleet]'"),
        (
            "audit m.tflite --scheduler tcp://localhost:1 -o zoo.sqlite",
            "pip install 'delegate-analyzer[dask]'",
        ),
        ("audit s3://bucket/m.tflite", "pip install 'delegate-analyzer[remote]'"),
    ],
)
def test_what_is_missing_is_said_with_how_to_get_it(line: str, advice: str) -> None:
    done = run(*line.split())
    assert done.code == 2
    assert done.complaint.endswith(advice)


def test_a_model_is_rewritten_without_a_proof() -> None:
    done = run("fix", "sample:", "-d", "gpu", "-o", "fixed.tflite")
    assert (done.code, done.err) == (0, "")
    assert f"Not proven: cpu: no TFLite interpreter is installed; {LITERT}" in " ".join(done.text.split())
    assert Path("fixed.tflite").is_file()

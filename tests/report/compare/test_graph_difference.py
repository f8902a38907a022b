"""The difference of two graphs, as Model Explorer draws it over one of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.models import chain, save
from tests.cli.running import run


def test_operators_are_coloured_by_how_they_fare(tmp_path: Path) -> None:
    before = save(tmp_path / "before.tflite", chain("RELU", "ABS", "BROADCAST_TO"))
    after = save(tmp_path / "after.tflite", chain("RELU", "ABS", "TANH", "NEG"))
    files = [tmp_path / "after.json", tmp_path / "before.json"]
    outputs = ["-o", f"model-explorer={files[0]}", "-o", f"model-explorer-before={files[1]}"]
    done = run("compare", before, after, "-d", "gpu", *outputs)
    assert (done.code, done.err) == (0, "")
    new, old = (json.loads(file.read_bytes())["main"]["results"] for file in files)
    assert set(new) == {"0", "1", "2", "3"} and set(old) == {"0", "1", "2"}
    assert {node["value"] for node in new.values()} >= {"new"}
    assert {node["value"] for node in old.values()} >= {"gone"}
    assert len({node["bgColor"] for node in new.values()}) > 1
    same = run("compare", before, before, "-o", f"model-explorer={files[0]}")
    assert same.code == 0
    assert {node["value"] for node in json.loads(files[0].read_bytes())["main"]["results"].values()} == {
        "same"
    }

"""Rule packs are loaded once a run, however many steps of a command need them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from analyzer.rules.registry import Packs
from tests.cli.running import run

CONFIG = """
delegates = ["gpu", "hexagon"]
[packs.gpu]
parameters = {quantized = false}
"""


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "sample:"),
        ("audit", "sample:", "-v", "--rules", "own.toml"),
        ("audit", "sample:", "-o", "report.html"),
        ("compare", "sample:", "sample:"),
        ("run", "sample:", "-d", "xnnpack", "--runs", "0"),
        ("config",),
        ("config", "--pin"),
        ("rules", "coverage", "RELU", "-d", "gpu"),
        ("rules", "diff", "gpu", "gpu:quantized=false"),
    ],
    ids=" ".join,
)
def test_packs_are_loaded_once_a_run(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    (tmp_path / "delegate-analyzer.toml").write_text(CONFIG)
    (tmp_path / "own.toml").write_bytes(rules.read_bytes())
    monkeypatch.chdir(tmp_path)
    registries: list[Packs] = []
    read: Counter[str] = Counter()
    start, load = Packs.__init__, Packs._read

    def started(packs: Packs, *arguments: Any) -> None:
        registries.append(packs)
        start(packs, *arguments)

    def loaded(packs: Packs, name: str, file: Path) -> Any:
        read[name] += 1
        return load(packs, name, file)

    monkeypatch.setattr(Packs, "__init__", started)
    monkeypatch.setattr(Packs, "_read", loaded)
    assert run(*words).code in (0, 1)
    assert len(registries) == 1
    assert read and set(read.values()) == {1}

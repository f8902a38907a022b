"""Our verdicts against those of the delegates' own code, for every model and configuration we have.

`cases.zip` holds generated models, `truth.zip` a line a model and target: the delegate's word on each
operator ("-": undecided, its own check crashed), and where they were judged what it delegated and in
which partitions. Real models take part where DELEGATE_ANALYZER_MODELS names the folder that holds them.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from analyzer.auditing import Auditor, DelegateAudit, configure
from analyzer.errors import ModelError
from analyzer.model import Model, read, read_bytes
from analyzer.rules.packs import Packs

HERE = Path(__file__).parent
TARGETS: dict[str, str] = json.loads((HERE / "targets.json").read_text())


class Agreement(Struct):
    """What was compared for one target, and what differs."""

    operators: int = 0
    delegated: int = 0
    partitions: int = 0
    wrong: list[str] = []


@pytest.fixture(scope="session")
def packs() -> Packs:
    return Packs()


@pytest.fixture(scope="session")
def agreements(packs: Packs) -> dict[str, Agreement]:
    """Every model audited once, for all targets whose pack exists."""
    known = packs.names()
    targets = {name: spec for name, spec in TARGETS.items() if spec.split(":")[0] in known}
    truth = {name: _truth(name) for name in targets}
    found = {name: Agreement() for name in targets}
    auditor = Auditor(packs, configure(packs, list(targets.values())))
    for path, model in _models():
        for name, audit in zip(targets, auditor.audit(model).delegates, strict=True):
            if path in truth[name]:
                _compare(audit, truth[name][path], found[name])
    return found


def _truth(target: str) -> dict[str, dict[str, Any]]:
    with zipfile.ZipFile(HERE / "truth.zip") as archive:
        lines = archive.read(f"{target}.jsonl").splitlines()
    return {row["path"]: row for row in map(json.loads, lines)}


def _models() -> Iterator[tuple[str, Model]]:
    with zipfile.ZipFile(HERE / "cases.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".tflite"):
                yield name, read_bytes(archive.read(name), name)
    folder = os.environ.get("DELEGATE_ANALYZER_MODELS")
    for file in sorted(Path(folder).rglob("*.tflite")) if folder else []:
        name = file.as_posix()
        if "/real/" in name:
            try:
                yield "real/" + name.rpartition("/real/")[2], read(str(file))
            except ModelError:
                continue


def _compare(audit: DelegateAudit, row: dict[str, Any], found: Agreement) -> None:
    mine = {(operator.subgraph, operator.index): operator for operator in audit.operators}
    for subgraph, words in row["supported"].items():
        for index, word in enumerate(words):
            if word != "-":
                found.operators += 1
                operator = mine[int(subgraph), index]
                if operator.supported != (word == "1"):
                    found.wrong.append(f"{row['path']} operator {subgraph}.{index}: the delegate says {word}")
    for subgraph, expected in row.get("delegated", {}).items():
        found.delegated += 1
        actual = [o.index for o in audit.operators if o.subgraph == int(subgraph) and o.delegated]
        if actual != expected:
            found.wrong.append(
                f"{row['path']} subgraph {subgraph}: delegated {actual}, the runtime {expected}"
            )
    for subgraph, expected in row.get("partitions", {}).items():
        found.partitions += 1
        groups = sorted(list(p.operators) for p in audit.partitions if p.subgraph == int(subgraph))
        if groups != expected:
            found.wrong.append(
                f"{row['path']} subgraph {subgraph}: partitions {groups}, the runtime {expected}"
            )


@pytest.mark.parametrize("target", TARGETS)
def test_agrees_with_the_delegate(target: str, agreements: dict[str, Agreement]) -> None:
    if target not in agreements:
        pytest.skip(f"no rule pack for {TARGETS[target]} yet")
    found = agreements[target]
    assert found.operators > 0 and found.delegated > 0
    assert found.wrong == []

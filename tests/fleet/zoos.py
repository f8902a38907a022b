"""Folders of many small models, and what is in tables of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.cli.models import chain, save

#: Distinct contents are told apart by how many operators they have.
KINDS = ("RELU", "NEG", "CEIL", "TANH")


def zoo(folder: Path, count: int, different: int | None = None) -> Path:
    """A folder of models, of which so many differ; one in ten lies in a folder of its own."""
    for number in range(count):
        kind = number % (different or count)
        place = folder / f"{number // 10}" if number % 10 == 0 else folder
        save(place / f"{number:03}.tflite", chain(*[KINDS[kind % 4]] * (1 + kind // 4)))
    return folder


def table(file: Path, query: str) -> list[Any]:
    """The rows that answer a query."""
    with closing(sqlite3.connect(file)) as database:
        return database.execute(query).fetchall()


def everything(file: Path) -> dict[str, list[Any]]:
    """All rows of all tables but what tells of the run; models by their content and reasons by what they say.

    What numbers these have hangs on which process came to one of two equal files first.
    """
    names = ("configuration", "file", "model", "audit", "reason", "cause")
    rows = {name: table(file, f"SELECT * FROM {name}") for name in names}
    contents = {number: sha256 for number, sha256, *_ in rows["model"]}
    reasons = {number: said for number, *said in rows["reason"]}
    rows["reason"] = sorted(reasons.values())
    rows["cause"] = [(*row[:3], reasons[row[3]], *row[4:]) for row in rows["cause"]]
    for name in ("model", "audit", "cause"):
        rows[name] = sorted((contents[number], *rest) for number, *rest in rows[name])
    return rows

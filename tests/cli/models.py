"""Small models for tests of the command line."""

from __future__ import annotations

from pathlib import Path

from tests.building import chain as chain


def save(path: Path, data: bytes) -> Path:
    """Write a file, with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path

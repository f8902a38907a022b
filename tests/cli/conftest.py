"""What tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.models import chain, save
from tests.packs import saved, tiny


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rule file of a delegate called tiny."""
    return saved(tmp_path, tiny())


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model of three operators of which tiny takes two."""
    return save(tmp_path / "m.tflite", chain("RELU", "ABS", "NEG"))

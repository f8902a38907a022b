"""The plug-in for pytest, which every run of it loads: nothing else is imported before it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from analyzer.api import Audit


@pytest.fixture
def assert_delegated() -> Callable[..., Audit]:
    """`assert_delegated("model.tflite", "gpu")`: fails where the delegate doesn't take it, and says why."""
    from analyzer.testing import assert_delegated

    return assert_delegated

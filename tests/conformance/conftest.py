"""What the tests of many cases share."""

from __future__ import annotations

import pytest

from tests.conformance.unexercised import Judged, judged


@pytest.fixture(scope="session")
def every_case() -> Judged:
    """Every generated case audited once, for all that judged it."""
    return judged()

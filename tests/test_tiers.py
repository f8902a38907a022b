"""The list of slow tests follows the files."""

from __future__ import annotations

import pytest

from tests.tiers import SLOW, TESTS


@pytest.mark.parametrize("listed", SLOW)
def test_what_is_listed_as_slow_exists(listed: str) -> None:
    file, _, test = listed.partition("::")
    assert f"def {test}" in (TESTS / file).read_text(encoding="utf-8")


@pytest.mark.xdist_group("together")
def test_a_group_goes_to_one_worker(request: pytest.FixtureRequest) -> None:
    """As the scheduler sees it: it looks for the group behind the test's name."""
    if request.config.getoption("loadgroup", False):
        assert request.node.nodeid.endswith("@together")

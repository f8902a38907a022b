"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.thorough import examples

settings.register_profile("delegate-analyzer", max_examples=examples(100), deadline=None)
settings.load_profile("delegate-analyzer")

#: Settings of the user's own that tests don't follow.
_SETTINGS = ("NO_COLOR", "COLUMNS", "DELEGATE_ANALYZER_TRACEBACK")


@pytest.fixture(autouse=True, scope="session")
def own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Checked packs go to a folder of the test run, in child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(tmp_path_factory.mktemp("cache")))
        for name in _SETTINGS:
            patch.delenv(name, raising=False)
        yield

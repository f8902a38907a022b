"""What all tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.thorough import examples
from tests.tiers import is_slow, is_slow_file, unit

settings.register_profile("delegate-analyzer", max_examples=examples(100), deadline=None)
settings.load_profile("delegate-analyzer")

# Bytecode is kept whatever the surroundings say: hundreds of processes would each compile all of it anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

#: Settings of the user's own that tests don't follow.
_SETTINGS = ("NO_COLOR", "COLUMNS", "DELEGATE_ANALYZER_TRACEBACK")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow tier before marks are selected by; workers take it first, so that they end together."""
    slow = {item for item in items if is_slow(item)}
    for item in slow:
        item.add_marker(pytest.mark.slow)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item not in slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, files of nothing else aren't read."""
    return True if config.getoption("markexpr") == "not slow" and is_slow_file(collection_path) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Workers share tests out by units."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = unit
    return scheduler


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A name of a test that each process gives alike: what is built while collecting, such as an archive with
    the time in it, stands in no name (workers that collect different names collect nothing)."""
    return argname if isinstance(val, (bytes, bytearray, memoryview)) else None


@pytest.fixture(autouse=True, scope="session")
def own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Checked packs go to a folder of the test run, in child processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DELEGATE_ANALYZER_CACHE", os.fspath(tmp_path_factory.mktemp("cache")))
        for name in _SETTINGS:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, for tests marked as needing it."""
    from tests.report.browsing import ARGUMENTS, CHROMIUM

    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()

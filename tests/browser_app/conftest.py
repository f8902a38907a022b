"""The site, built and served once, and a page in which the analyzer is loaded."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.browser_app import server, static_site
from analyzer.errors import RuntimeUnavailable
from tests.browser_app.visit import Visit


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that was built, which takes long: all tests of it go to one worker (tests/tiers.py).

    `DELEGATE_ANALYZER_SITE` may name one that is there.
    """
    given = os.environ.get("DELEGATE_ANALYZER_SITE")
    if given:
        return Path(given)
    site = tmp_path_factory.mktemp("app") / "site"
    try:
        static_site.build(site)
    except RuntimeUnavailable as error:
        pytest.skip(str(error))
    return site


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where it is served."""
    with server.server(site) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield server.address(served)
        served.shutdown()


@pytest.fixture(scope="session")
def visit(browser: Any, address: str) -> Iterator[Visit]:
    """A page that all tests share, each leaving it as it was: loading the analyzer takes longest."""
    visit = Visit(browser, address)
    visit.load()
    yield visit
    visit.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command line is, so that both name a model alike."""
    monkeypatch.chdir(tmp_path)
    return tmp_path

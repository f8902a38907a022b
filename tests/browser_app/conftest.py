"""The site, built and served once, and a page in which the analyzer is loaded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.browser_app import server, static_site
from analyzer.errors import RuntimeUnavailable
from tests.browser_app.visit import Visit


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that was built; `DELEGATE_ANALYZER_SITE` may name one that is there."""
    given = os.environ.get("DELEGATE_ANALYZER_SITE")
    if given:
        return Path(given)
    together = tmp_path_factory.getbasetemp()
    # Several workers have folders of their own beside each other.
    shared = (together.parent if "PYTEST_XDIST_WORKER" in os.environ else together) / "app"
    try:
        return _built_once(shared)
    except RuntimeUnavailable as error:
        pytest.skip(str(error))


def _built_once(shared: Path) -> Path:
    """The site, which takes long to build: by whoever is the first to want it. Raises: RuntimeUnavailable."""
    site, failed = shared / "site", shared / "failed"
    try:
        shared.mkdir()
    except FileExistsError:
        while not site.is_dir():
            if failed.is_file():
                raise RuntimeUnavailable(failed.read_text(encoding="utf-8")) from None
            time.sleep(0.2)
        return site
    try:
        static_site.build(site)
    except BaseException as error:
        failed.write_text(str(error), encoding="utf-8")
        raise
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

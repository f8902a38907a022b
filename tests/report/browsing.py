"""Opening reports in a real browser."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.report import render
from analyzer.report.document.audit_document import Document

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

#: Marks tests that need it.
chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")


def confined(browser: Any, address: str, own: Callable[[str], object]) -> Any:
    """What a server shows at its address, with time to start; only addresses that are its own are asked."""
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.route(lambda url: not own(url), lambda route: route.abort())
    page.goto(address)
    return page


class Opened:
    """A page, and everything it should not have done."""

    def __init__(self, browser: Any, folder: Path, document: Document | bytes, **context: Any) -> None:
        self.file = folder / "report.html"
        self.file.write_bytes(document if isinstance(document, bytes) else render(document, "html"))
        self.page = browser.new_context(**context).new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(self.file.as_uri())

    def rows(self) -> int:
        return int(self.page.locator(".matrix tbody tr:visible").count())

    def close(self) -> None:
        """Close the page; it must have kept quiet and to itself."""
        self.page.context.close()
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith(("data:", "blob:"))] == [
            self.file.as_uri()
        ]

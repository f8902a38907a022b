"""`python -m tests.browser_app MODEL`: how long the page takes in a headless Chromium."""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from analyzer.browser_app import server, static_site
from tests.browser_app.visit import Visit
from tests.report.browsing import ARGUMENTS, CHROMIUM


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser_app", description=__doc__)
    parser.add_argument("model", type=Path, help="audited again and again")
    parser.add_argument("--site", type=Path, help="a folder that `app --build` made; built here without")
    parser.add_argument("--times", type=int, default=5, help="how often each; the quickest is told as well")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        site = asked.site or Path(folder, "site")
        if asked.site is None:
            static_site.build(site)
        with server.server(site) as served:
            threading.Thread(target=served.serve_forever, daemon=True).start()
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            visit = Visit(browser, server.address(served))
            _told("first load", [_seconds(visit.load)])
            visit.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
            _told("later loads", [_seconds(visit.load) for _ in range(asked.times)])
            _told("first audit", [_seconds(lambda: visit.choose(asked.model))])
            _told("later audits", [_seconds(lambda: visit.choose(asked.model)) for _ in range(asked.times)])
            visit.close()
            browser.close()
            served.shutdown()


def _seconds(act: Callable[[], None]) -> tuple[float, float]:
    """By the clock, and of processors: on a machine that does other work as well the second tells more."""
    began, used = time.perf_counter(), _used()
    act()
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


def _told(what: str, taken: list[tuple[float, float]]) -> None:
    each = ", ".join(f"{seconds:.2f} ({used:.2f})" for seconds, used in taken)
    print(f"{what:13} {min(taken)[0]:.2f} s at best; each, and its processor time: {each}", flush=True)


if __name__ == "__main__":
    main()

"""Someone who opens the page and drops models on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: Milliseconds, on a machine that is busy.
_PATIENCE = 120_000


class Visit:
    """The page in a context of its own, and everything it should not have done."""

    def __init__(self, browser: Any, address: str, **context: Any) -> None:
        self.address = address
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", lambda request: self.requests.append(request.url))

    def load(self, settings: str = "") -> None:
        """Open the page and wait for the analyzer."""
        self.page.goto(self.address + settings)
        self.page.locator("#state", has_text="Ready.").wait_for()

    def choose(self, *files: Path) -> None:
        """Choose files, and wait for what the page makes of them."""
        self.page.evaluate("() => { document.querySelector('#state').textContent = ''; }")
        self.page.set_input_files("#files", list(files))
        self.settle()

    def drop(self, *paths: Path) -> None:
        """Drag files and folders from elsewhere onto the page, and wait for what it makes of them."""
        self.page.evaluate("() => { document.querySelector('#state').textContent = ''; }")
        devtools = self.context.new_cdp_session(self.page)
        dragged = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for what in ("dragEnter", "dragOver", "drop"):
            devtools.send("Input.dispatchDragEvent", {"type": what, "x": 300, "y": 150, "data": dragged})
        devtools.detach()
        self.page.locator("#state:not(:empty)").wait_for()
        self.settle()

    def press(self, label: str) -> None:
        """Press a button, and wait for what the page makes of it."""
        self.page.get_by_role("button", name=label).click()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is being worked on."""
        self.page.locator("#cancel").wait_for(state="hidden")
        self.page.locator("#progress").wait_for(state="hidden")

    @property
    def problems(self) -> list[str]:
        """What the page says is wrong."""
        return list(self.page.locator("#problems:visible li").all_inner_texts())

    @property
    def report(self) -> Any:
        """What is in the frame."""
        return self.page.frame_locator("#report")

    def saved(self, label: str) -> bytes:
        """What a button saves."""
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=label, exact=True).click()
        return Path(download.value.path()).read_bytes()

    def close(self) -> None:
        """Close the page; it must have kept quiet and to itself."""
        self.context.close()
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith((self.address, "blob:", "data:"))] == []

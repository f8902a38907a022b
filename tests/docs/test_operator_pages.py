"""The pages of supported operators say what the rule files say."""

from __future__ import annotations

from tests.docs.operator_pages import FOLDER, pages


def test_pages_are_current() -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    assert kept == pages(), "write them anew: python -m tests.docs.operator_pages"

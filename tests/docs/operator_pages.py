"""docs/operators/<delegate>.md: which operators each delegate takes, and under which conditions."""

from __future__ import annotations

from pathlib import Path

from analyzer.cli.options.specs import chosen
from analyzer.report.rules import rules_coverage
from analyzer.report.view import View
from analyzer.rules.coverage import cover
from analyzer.rules.registry import Packs

FOLDER = Path(__file__).parents[2] / "docs" / "operators"

_HEAD = """# Operators of {title}

Out of `rules/{name}.toml`, with its parameters at their defaults. This page is generated:
`python -m tests.docs.operator_pages` writes it anew.

"""


def pages() -> dict[str, str]:
    """File name -> the whole page."""
    packs = Packs()
    return {f"{name}.md": _page(packs, name) for name in packs.names()}


def _page(packs: Packs, name: str) -> str:
    said = rules_coverage.render(cover({name: chosen(packs, name)}), "markdown", View())
    return _HEAD.format(title=packs.get(name).title, name=name) + said.decode()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in pages().items():
        (FOLDER / file).write_text(text, encoding="utf-8")

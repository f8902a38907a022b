"""`rules coverage`: which delegates, which operators, where to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.rules.registry import Packs
from tests.cli.running import run


def test_shows_the_delegates_asked_for_in_their_order() -> None:
    header = run("rules", "coverage", "-d", "xnnpack,nnapi:api=29").text.splitlines()[0]
    assert header.split() == ["operator", "xnnpack", "nnapi:api=29"]


def test_shows_every_pack_by_default() -> None:
    told = run("rules", "coverage", "RELU").text
    assert re.findall(r"^ *\S (\S+): \w+$", told, re.MULTILINE) == list(Packs().names())


def test_shows_a_given_pack(rules: Path) -> None:
    outcome = run("rules", "coverage", "--rules", rules, "-d", "tiny", "RELU")
    assert outcome.code == 0
    assert "◐ tiny: conditionally\n    - number of inputs is at least 1\n" in outcome.text


def test_writes_files_by_their_endings(tmp_path: Path) -> None:
    page, text = tmp_path / "c.html", tmp_path / "c.md"
    outcome = run("rules", "coverage", "-d", "hexagon", "-o", page, "-o", text)
    assert (outcome.code, outcome.out) == (0, b"")
    assert page.read_text().startswith("<!doctype html>")
    assert text.read_text().startswith("| operator | hexagon |\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-d", "gpu", "CONV_2E"], "there is no operator CONV_2E; did you mean CONV_2D?"),
        (["-d", "gpi"], "delegate gpi: there is no such rule pack; did you mean gpu?"),
        (["--format", "json"], "--format json: there is no such format; use table, markdown, html"),
        (["-o", "c.json"], "-o c.json: no format for the ending .json; use one of .txt, .md, .html"),
    ],
)
def test_says_what_is_wrong(arguments: list[str], complaint: str) -> None:
    outcome = run("rules", "coverage", *arguments)
    assert outcome.code == 2
    assert outcome.complaint.startswith(complaint)

"""The README stays true: what it quotes is what the program prints, what it names exists."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.readme import COUNT, QUOTES, README, printed, quoted, unexercised

AGAIN = "what the README quotes has changed; write it anew: python -m tests.readme"
TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", QUOTES)
def test_quotes_are_what_the_program_prints(name: str) -> None:
    assert quoted(TEXT, name) == printed(QUOTES[name]), AGAIN


def test_what_no_case_exercises_is_counted() -> None:
    assert re.findall(COUNT, TEXT) == [unexercised()], AGAIN


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", TEXT):
        assert (README.parent / target).exists(), target


def test_sections_that_are_linked_exist() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_quick_start_is_two_commands() -> None:
    section = TEXT.split("## Quick start", 1)[1].split("\n## ", 1)[0]
    assert len(re.findall(r"^```sh$", section, re.MULTILINE)) == 2


def test_rule_example_loads_as_toml() -> None:
    for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL):
        assert tomllib.loads(block)

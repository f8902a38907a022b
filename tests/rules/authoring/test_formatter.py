"""Rule files in shape: the same pack, the same comments, and a second time nothing more to do."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.resources import data
from analyzer.rules.authoring.formatter import formatted
from analyzer.rules.loading.lines import Lines

_FILES = sorted(data("rules").rglob("*.toml"))

#: Half a second an example is spent on the largest.
_SMALL = [file for file in _FILES if file.stat().st_size < 40_000]

_UNTIDY = """\
# the head
delegate='tiny'
notes = '''
  [not.a.table]
a =  1
'''
list = [
  'a', # first
     "b",
]


[op."ADD"]   # all of it
inputs   =  2
# about the check
[ op . ADD . check . "a.b" ]
require = "true"
# the end"""

_TIDY = """\
# the head
delegate = "tiny"
notes = '''
  [not.a.table]
a =  1
'''
list = [
    'a', # first
    "b",
]

[op.ADD]  # all of it
inputs = 2

# about the check
[op.ADD.check."a.b"]
require = "true"
# the end
"""


def comments(text: str) -> list[str]:
    return re.findall(r"^\s*(#.*?) *$", text, re.MULTILINE)


def test_what_is_untidy() -> None:
    assert formatted(_UNTIDY) == _TIDY


@pytest.mark.parametrize("file", _FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_files_are_in_shape(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert formatted(text) == text


def _untidied(text: str, chance: random.Random) -> str:
    """The file with spaces and empty lines where they mean nothing."""
    lines, inside = [], False
    for line in text.splitlines():
        free, inside = not inside, inside != bool(line.count('"""') % 2)
        if free and not inside and chance.random() < 0.2:
            line = " " * chance.randint(0, 3) + line + " " * chance.randint(0, 2)
        lines += [""] * (chance.randint(0, 2) if free and chance.random() < 0.1 else 0) + [line]
    return "\n".join(lines)


@settings(deadline=None, max_examples=10)
@given(st.sampled_from(_SMALL), st.integers())
def test_the_same_pack_in_shape(file: Path, seed: int) -> None:
    text = _untidied(file.read_text(encoding="utf-8"), random.Random(seed))
    shaped = formatted(text)
    assert repr(tomllib.loads(shaped)) == repr(tomllib.loads(text))
    assert comments(shaped) == comments(text)
    assert formatted(shaped) == shaped


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85"])
def test_only_a_line_feed_ends_a_line(end: str) -> None:
    text = f'a="b"  # one{end}two\nc="d{end}e"\n'
    assert formatted(text) == f'a = "b"  # one{end}two\nc = "d{end}e"\n'
    assert Lines(f"# one{end}two\n[op.ABS]\n").of("op.ABS") == 2

"""The `[android]` section: flags for a phone's benchmark tool, out of a pack's parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import RuleError
from analyzer.rules.loading.android_section import flags
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs

PACK = """
delegate = "example"
title = "Example"
upstream = {repository = "owner/name", revision = "1"}
source = "a.cc"

[parameters]
quick = {type = "bool", default = true, meaning = "whether it hurries"}
level = {type = "int", default = 3, meaning = "how far it goes"}

[android]
kernel = "Kernel"
flags = ["--use=true", "--level={level}", {flag = "--quick={quick}", when = "level > 2"}, "--at={folder}"]
properties = {level = "ro.level"}

[unlisted]
message = "the delegate doesn't take it"
fix = "Leave it out."
source = "a.cc"
"""


def load(folder: Path, text: str = PACK) -> Packs:
    file = folder / "example.toml"
    file.write_text(text)
    return Packs([file])


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, ["--use=true", "--level=3", "--quick=true", "--at=/there"]),
        ({"quick": "false"}, ["--use=true", "--level=3", "--quick=false", "--at=/there"]),
        ({"level": "2"}, ["--use=true", "--level=2", "--at=/there"]),
    ],
)
def test_flags_follow_the_parameters(tmp_path: Path, written: dict[str, str], expected: list[str]) -> None:
    pack = load(tmp_path).get("example")
    assert flags(pack, resolve(pack, written), "/there") == expected


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{level}", "{depth}", "flag --level={depth}: there is no parameter depth"),
        ("level > 2", "depth > 2", "depth"),
        ("{level = ", "{depth = ", "properties: there is no parameter depth"),
        ('kernel = "Kernel"', "", "kernel"),
        ("kernel =", "colonel =", "colonel"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(RuleError) as error:
        load(tmp_path, PACK.replace(old, new)).get("example")
    assert any(problem in line and "example.toml:" in line for line in error.value.problems)


def test_a_pack_without_the_section_has_no_flags(tmp_path: Path) -> None:
    text = PACK[: PACK.index("[android]")] + PACK[PACK.index("[unlisted]") :]
    pack = load(tmp_path, text).get("example")
    assert pack.android is None
    assert flags(pack, resolve(pack, {}), "/there") == []

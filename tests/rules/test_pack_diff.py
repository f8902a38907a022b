"""What changes between packs, or between two settings of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.rules.pack_diff import Difference, Side, difference
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rule
from tests.packs import saved, tiny

PARAMETERS = """
[parameters]
level = {type = "int", default = 1, meaning = "level"}

[values.small]
type = "bool"
default = false
"""
MORE = """
[op.TANH]
version = [{value = 1, when = "level < 2"}, {value = "<= 2"}]
fixes = {version = "Convert again."}

[op.TANH.check.rank]
when = "level < 2"
require = "input.rank <= 4"
fix = "Reshape."

[op.ELU.check.level]
require = "level >= 2"
message = "comes with level 2"
fix = "Raise the level."
"""


def side(folder: Path, spec: str = "tiny", more: str = MORE, graph: str = "", name: str = "tiny") -> Side:
    text = tiny(graph, name=name).replace("\n[unlisted]", f"{PARAMETERS}\n[unlisted]") + more
    pack = Packs([saved(folder, text, f"{name}.toml")]).get(name)
    return pack, resolve(pack, split(spec)[1])


def changed(found: Difference) -> dict[str, list[tuple[str, str | None, str | None]]]:
    """Operator -> rules that differ, by what they say before and after."""
    return {
        one.name: [(change.name, _said(change.before), _said(change.after)) for change in one.changes]
        for one in found.operators
    }


def _said(rule: Rule | None) -> str | None:
    return None if rule is None else rule.requires or rule.meaning


def test_nothing_changes_between_a_pack_and_itself(tmp_path: Path) -> None:
    assert not difference(side(tmp_path), side(tmp_path, "tiny:level=1"))


def test_tells_rules_that_come_go_or_say_otherwise(tmp_path: Path) -> None:
    found = difference(side(tmp_path), side(tmp_path, "tiny:level=2"))
    assert changed(found) == {
        "TANH": [
            ("tanh/version", "operator version is 1", "operator version is at most 2"),
            ("tanh/rank", "rank of input is at most 4", None),
        ],
        "ELU": [],
    }


def test_tells_operators_that_are_taken_from_some_level_on(tmp_path: Path) -> None:
    found = difference(side(tmp_path), side(tmp_path, "tiny:level=2"))
    [elu] = [one for one in found.operators if one.name == "ELU"]
    assert (elu.before, elu.after) == ("never", "always")
    assert elu.refused is not None
    assert elu.refused.meaning == "comes with level 2"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (MORE.replace('"rank"', '"other"'), {}),
        (MORE + '\n[op.CEIL]\naccept_when = "has_options"\n', {"CEIL": []}),
        (
            MORE.replace("[op.TANH]", "[op.TANH]\nvalues = {small = true}"),
            {"TANH": [("TANH/also-1", None, "small is true")]},
        ),
    ],
    ids=["other names for the same", "an operator more", "a value of the operator's own"],
)
def test_tells_what_an_edited_file_changes(tmp_path: Path, more: str, expected: object) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert changed(difference(side(tmp_path), side(other, more=more))) == expected


def test_names_of_delegates_are_no_difference(tmp_path: Path) -> None:
    assert not difference(side(tmp_path), side(tmp_path, name="small"))


def test_policies_are_compared_with_parameters_in_place(tmp_path: Path) -> None:
    limit = "max_partitions = 'level'"
    assert not difference(side(tmp_path, graph=limit), side(tmp_path, graph="max_partitions = 1"))
    assert difference(side(tmp_path, graph=limit), side(tmp_path, "tiny:level=3", more="", graph=limit))

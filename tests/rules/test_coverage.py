"""What each delegate takes, out of its pack: parameters in place, nothing left that can't fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import UsageError
from analyzer.rules.coverage import CONDITIONAL, REFUSED, TAKEN, Coverage, cover
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs
from tests.conformance import cases
from tests.packs import saved, tiny

PARAMETERS = """
[parameters]
level = {type = "int", default = 1, meaning = "level"}
exact = {type = "bool", default = false, meaning = "exactness"}
runtime = {type = "version", default = "2.0", meaning = "release"}
"""
OPERATORS = """
[op.TANH]
version = [{value = 1, when = "level < 3"}, {value = "<= 2"}]
fixes = {version = "Convert again."}

[op.TANH.check.exact]
when = "exact"
require = "input.rank <= 4 or level >= 3"
fix = "Reshape."

[op.ELU]
since = "2.1"
message = "came with 2.1"
fix = "Ship a newer runtime."

[op.CEIL]
supported = false
fix = "Leave it out."

[op.ROUND.form.plain]
when = "level >= 2"

[op.ROUND.form.other]
when = "input.rank == 1"

[op.FLOOR]
accept_when = "level >= 2"
inputs = 1
fixes = {inputs = "Give it one input."}
"""


def covered(folder: Path, spec: str = "tiny", *operators: str) -> Coverage:
    text = tiny().replace("\n[unlisted]", f"{PARAMETERS}\n[unlisted]") + OPERATORS
    pack = Packs([saved(folder, text)]).get("tiny")
    return cover({spec: (pack, resolve(pack, split(spec)[1]))}, operators)


def words(found: Coverage, operator: str) -> Any:
    """An operator's status and what its rules require."""
    [cell] = found.rows[operator]
    return cell.status, [" if ".join([rule.requires, *rule.when]) for rule in cell.rules]


@pytest.mark.parametrize(
    ("spec", "operator", "expected"),
    [
        ("tiny", "TANH", (CONDITIONAL, ["operator version is 1"])),
        ("tiny:level=3", "TANH", (CONDITIONAL, ["operator version is at most 2"])),
        ("tiny:exact=true", "TANH", (CONDITIONAL, ["operator version is 1", "rank of input is at most 4"])),
        ("tiny:exact=true:level=3", "TANH", (CONDITIONAL, ["operator version is at most 2"])),
        ("tiny:runtime=2.1", "ELU", (TAKEN, [])),
        ("tiny:level=2", "ROUND", (TAKEN, [])),
        ("tiny:level=2", "FLOOR", (TAKEN, ["number of inputs is 1"])),
        ("tiny", "FLOOR", (CONDITIONAL, ["number of inputs is 1"])),
        ("tiny", "EXP", (TAKEN, [])),
    ],
)
def test_conditions_are_those_that_can_fail(
    tmp_path: Path, spec: str, operator: str, expected: object
) -> None:
    assert words(covered(tmp_path, spec), operator) == expected


@pytest.mark.parametrize("operator", ["ELU", "CEIL", "SIN", "LOG"])
def test_what_can_only_fail_is_never_taken(tmp_path: Path, operator: str) -> None:
    assert operator in covered(tmp_path).refused


def test_a_form_that_needs_a_level_leaves_the_others(tmp_path: Path) -> None:
    status, asked = words(covered(tmp_path), "ROUND")
    assert (status, asked) == (CONDITIONAL, ["rank of input is 1"])


def test_rows_can_be_chosen_by_any_spelling(tmp_path: Path) -> None:
    found = covered(tmp_path, "tiny", "conv-2d", "elu")
    assert (list(found.rows), found.refused) == (["CONV_2D"], ("ELU",))
    with pytest.raises(UsageError, match="no operator CONV_2E; did you mean CONV_2D"):
        covered(tmp_path, "tiny", "CONV_2E")


@pytest.mark.parametrize(
    "spec", ["gpu", "nnapi:api=28", "nnapi", "hexagon", "coreml", "litert-gpu", "xnnpack"]
)
def test_no_delegate_takes_what_it_is_said_never_to_take(spec: str) -> None:
    packs = Packs()
    [configuration] = configure(packs, [spec])
    found = cover({spec: (configuration.pack, configuration.parameters)})
    never = {name for name, [cell] in found.rows.items() if cell.status == REFUSED} | set(found.refused)
    auditor = Auditor(packs, [configuration])
    for model in cases.models(every=9):
        for one in auditor.audit(model).delegates[0].operators:
            operator = model.subgraphs[one.subgraph].operators[one.index]
            assert not (one.supported and (operator.custom or operator.name) in never), model.path

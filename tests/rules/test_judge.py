"""Judging: stages, forms, cases, early accepts, severities, absent things and packs laid over others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analyzer.errors import RuleError, UsageError
from analyzer.expressions.vocabulary import Context
from analyzer.model import read_bytes
from analyzer.rules.judging.judge import Judge, Verdict
from analyzer.rules.loading import file
from analyzer.rules.loading.catalogue_file import parse_catalogue
from analyzer.rules.loading.load import load
from analyzer.rules.parameters import resolve
from tests.building import Description, model, operator, tensor
from tests.packs import saved

_CATALOGUE = parse_catalogue()
_HEAD = """\
delegate = "tiny"
title = "Tiny"
source = "tiny.cc"
stages = ["version", "operator"]
upstream = {repository = "example/tiny", revision = "0123456"}
unlisted = {message = "not known", fix = "Use another.", source = "tiny.cc"}
fixes = {version = "V", count = "N", dtype = "T", constant = "C", option = "O", check = "X"}

[parameters]
level = {type = "int", default = 3, meaning = "level"}
runtime = {type = "version", default = "2.1", meaning = "version of the runtime"}

[define]
quant8 = "['UINT8', 'INT8']"

[values.extra]
type = "list[str]"
default = []
"""

_RELEASES = '"version", values = ["old-2.9", "1.0", "1.10", "2.0"], default = "2.0"'


def judge(folder: Path, rules: str, **written: str) -> Judge:
    pack = load(saved(folder, _HEAD + rules), _CATALOGUE)
    return Judge(pack, resolve(pack, written))


def addition(a: str = "FLOAT32", b: str = "FLOAT32", **more: Any) -> Context:
    tensors = [tensor("a", [1, 4], a), tensor("b", [1, 4], b), tensor("c", [1, 4], a)]
    return context(tensors, operator("ADD", ["a", "b"], ["c"], **more))


def dense(*inputs: str | int, weights: str = "INT8", constant: bool = True, **options: Any) -> Context:
    """A FULLY_CONNECTED; "b" among its inputs is a bias, -1 leaves it out."""
    tensors = [
        tensor("x", [1, 4], "INT8"),
        tensor("w", [2, 4], weights, data=bytes(8) if constant else None),
        tensor("b", [2], "INT32"),
        tensor("y", [1, 2], "INT8"),
    ]
    return context(tensors, operator("FULLY_CONNECTED", inputs or ("x", "w", "b"), ["y"], options))


def context(tensors: list[Description], one: Description) -> Context:
    read = read_bytes(model(tensors, [one]), "m.tflite").subgraphs[0]
    return Context(read, read.operators[0])


def rules_of(verdict: Verdict) -> list[str]:
    return [finding.rule.removeprefix("tiny/") for finding in verdict.findings]


# Compact entries


@pytest.mark.parametrize(
    ("entry", "given", "failing"),
    [
        ("version = 1", addition(), []),
        ("version = '<= 2'", addition(version=3), ["add/version"]),
        ("version = [1, 3]", addition(version=3), []),
        ("version = '2..4'", addition(version=1), ["add/version"]),
        ("version = [{value = 1, when = 'level > 3'}, {value = '<= 2'}]", addition(version=2), []),
        (
            "version = [{value = 1, when = 'level == 3'}, {value = '<= 2'}]",
            addition(version=2),
            ["add/version"],
        ),
        ("version = [{value = 1, when = 'level > 3'}]", addition(version=9), []),
        ("inputs = 3", addition(), ["add/inputs"]),
        ("inputs = '>= 2'\noutputs = 1", addition(), []),
        ("operands = {input1 = 'FLOAT32|INT8'}", addition(), []),
        ("operands = {input1 = 'quant8'}", addition(), ["add/input1.dtype"]),
        ("operands = {input1 = 'INT32|quant8'}", addition("UINT8"), []),
        ("operands = {input1 = 'any'}", addition("STRING"), []),
        ("operands = {input1 = ['INT8', {dtype = 'FLOAT32', when = 'level >= 3'}]}", addition(), []),
        (
            "operands = {input1 = ['INT8', {dtype = 'FLOAT32', when = 'level > 3'}]}",
            addition(),
            ["add/input1.dtype"],
        ),
        ("constant = ['input2']", addition(), ["add/input2.constant"]),
        ("options = {fused_activation_function = 'NONE'}", addition(), []),
        (
            "options = {fused_activation_function = ['RELU', 'RELU6']}",
            addition(),
            ["add/option.fused-activation-function"],
        ),
        ("options = {pot_scale_int16 = false}", addition(options=None), []),  # absent options are zeros
    ],
)
def test_compact_entries(tmp_path: Path, entry: str, given: Context, failing: list[str]) -> None:
    verdict = judge(tmp_path, f"[op.ADD]\n{entry}").verdict(given)
    assert (rules_of(verdict), verdict.supported) == (failing, not failing)


@pytest.mark.parametrize(
    ("entry", "given", "failing"),
    [
        ("operands = {bias = 'INT32?'}", dense("x", "w"), []),
        ("operands = {bias = 'INT32?'}", dense("x", "w", -1), []),
        ("operands = {bias = 'FLOAT32?'}", dense("x", "w", "b"), ["bias.dtype"]),
        ("operands = {bias = 'INT32'}", dense("x", "w"), ["bias.dtype"]),
        ("constant = ['bias?']", dense("x", "w"), []),
        ("constant = ['bias?']", dense("x", "w", "b"), ["bias.constant"]),
        ("constant = ['weights']", dense(constant=False), ["weights.constant"]),
        ("inputs = 3", dense("x", "w", -1), []),  # an omitted operand counts
    ],
)
def test_operands_that_may_be_left_out(
    tmp_path: Path, entry: str, given: Context, failing: list[str]
) -> None:
    verdict = judge(tmp_path, f"[op.FULLY_CONNECTED]\n{entry}").verdict(given)
    assert rules_of(verdict) == [f"fully-connected/{name}" for name in failing]


# Absent things


@pytest.mark.parametrize(
    ("require", "holds"),
    [
        ("bias.rank == 1", False),
        ("not (bias.rank == 1)", False),
        ("bias.rank == 1 or true", False),
        ("true or bias.rank == 1", True),
        ("bias.omitted or bias.rank == 1", True),
        ("not bias.omitted and bias.rank == 1", False),
        ("all(t.rank < 3 for t in inputs)", False),
        ("all(t.rank < 3 for t in inputs if not t.omitted)", True),
        ("not any(t.rank > 3 for t in inputs)", False),
        ("dim(input.shape, 7) == 1", False),
        ("not (dim(input.shape, 7) == 1)", False),
        ("input.shape[7] != 1", False),
        ("1 / (input.rank - 2) > 0", False),
        ("not (1 % (input.rank - 2) > 0)", False),
        ("input.value == 0", False),  # not a constant
        ("not (input.value == 0)", False),
        ("max(input.producers[0].inputs[0].shape) == 1", False),
        ("input.producer.op == 'ADD'", False),  # nobody writes it
        ("max([n for n in input.shape if n > 9]) == 1", False),
    ],
)
def test_what_touches_an_absent_thing_fails(tmp_path: Path, require: str, holds: bool) -> None:
    check = f'[op.FULLY_CONNECTED.check.a]\nrequire = "{require}"\n'
    verdict = judge(tmp_path, check).verdict(dense("x", "w", -1))
    assert verdict.supported == holds
    assert all(finding.message for finding in verdict.findings)


def test_an_absent_thing_in_when_fails_too(tmp_path: Path) -> None:
    check = "[op.FULLY_CONNECTED.check.a]\nwhen = 'bias.rank == 2'\nrequire = 'true'\n"
    verdict = judge(tmp_path, check).verdict(dense("x", "w", -1))
    # What can't fail is never asked; what can is asked for its condition first.
    assert verdict.supported
    check = check.replace("require = 'true'", "require = 'input.rank == 2'")
    verdict = judge(tmp_path, check).verdict(dense("x", "w", -1))
    assert rules_of(verdict) == ["fully-connected/a"]


# Stages and severities


@pytest.mark.parametrize(
    ("given", "failing"),
    [
        (addition(), []),
        (addition("INT8", version=9), ["add/version"]),  # the delegate never gets to the types
        (addition("INT8", "INT8"), ["add/input1.dtype", "add/input2.dtype"]),  # all of one stage
    ],
)
def test_a_stage_that_refuses_ends_the_judging(tmp_path: Path, given: Context, failing: list[str]) -> None:
    rules = "[op.ADD]\noperands = {input1 = 'FLOAT32', input2 = 'FLOAT32'}\nversion = 1"
    assert rules_of(judge(tmp_path, rules).verdict(given)) == failing


@pytest.mark.parametrize(
    ("severity", "supported", "crashes"),
    [("blocker", False, False), ("crash", False, True), ("hazard", True, False), ("note", True, False)],
)
def test_severities(tmp_path: Path, severity: str, supported: bool, crashes: bool) -> None:
    check = f"[op.ADD.check.a]\nrequire = 'false'\nseverity = '{severity}'"
    verdict = judge(tmp_path, check).verdict(addition())
    assert (verdict.supported, verdict.crashes, rules_of(verdict)) == (supported, crashes, ["add/a"])


def test_what_fails_in_building_leaves_an_operator_supported(tmp_path: Path) -> None:
    judging = judge(tmp_path, "[op.ADD.check.a]\nrequire = 'false'\nstage = 'build'")
    assert judging.verdict(addition()) == Verdict(True)
    assert [finding.stage for finding in judging.later_findings(addition())] == ["build"]


# Operators as a whole


@pytest.mark.parametrize(
    ("rules", "given", "failing"),
    [
        ("", addition(), ["add/unlisted"]),
        ("[op.SUB]", addition(), ["add/unlisted"]),
        ("[op.ADD]", addition(), []),
        ("[op.ADD]\nsupported = false\nmessage = 'm'\nfix = 'Do so.'", addition(), ["add/never"]),
        ("[op.'ADD|SUB']\nversion = 1\ninputs = 3", addition(version=1), ["add/inputs"]),
        ("[op.ADD]\naccept_when = 'version == 9'\nversion = 1", addition(version=9), []),
        ("[op.ADD]\naccept_when = ['version == 9', 'version == 8']\nversion = 1", addition(version=8), []),
        ("[op.ADD]\naccept_when = 'input1.value == 1'\nversion = 1", addition(version=2), ["add/version"]),
        ("[shared.flat]\nrequire = 'output.rank == 1'\n[op.ADD]\nuse = ['flat']", addition(), ["add/flat"]),
        (
            "[every_op.flat]\nrequire = 'outputs[0].rank == 1'\n[op.ADD]",
            addition(),
            ["every-op/flat"],
        ),
        (
            "[every_op.x]\nrequire = 'op in extra'\n[op.ADD]\nvalues = {extra = ['ADD']}",
            addition(),
            [],
        ),
        (
            "[every_op.x]\nrequire = 'op in extra'\n[op.ADD]\nvalues = {extra = ['SUB']}",
            addition(),
            ["every-op/x"],
        ),
    ],
)
def test_operators(tmp_path: Path, rules: str, given: Context, failing: list[str]) -> None:
    assert rules_of(judge(tmp_path, rules).verdict(given)) == failing


def test_custom_operators_go_by_their_code(tmp_path: Path) -> None:
    given = context([tensor("a", [1]), tensor("b", [1])], operator("Mine", ["a"], ["b"]))
    assert judge(tmp_path, "[custom.Mine]\ninputs = 1").verdict(given).supported
    refused = judge(tmp_path, "[unlisted_custom]\nmessage = 'no'\nfix = 'Do so.'\nsource = 's'")
    assert rules_of(refused.verdict(given)) == ["mine/unlisted-custom"]


@pytest.mark.parametrize(
    ("inputs", "failing"),
    [(2, []), (3, ["fully-connected.biased/offset.constant"]), (1, ["fully-connected/form"])],
)
def test_the_first_form_whose_condition_holds_is_judged(
    tmp_path: Path, inputs: int, failing: list[str]
) -> None:
    rules = """
    [op.FULLY_CONNECTED.form.plain]
    when = "len(inputs) == 2 and weights.rank == 2"
    [op.FULLY_CONNECTED.form.biased]
    when = "len(inputs) == 3"
    names = {inputs = ["input", "filter", "offset"]}
    constant = ["offset"]
    """
    assert rules_of(judge(tmp_path, rules).verdict(dense(*("x", "w", "b")[:inputs]))) == failing


@pytest.mark.parametrize(
    ("runtime", "asked"), [("1.9", False), ("2.0", True), ("2.3", True), ("2.10", False)]
)
def test_since_and_until(tmp_path: Path, runtime: str, asked: bool) -> None:
    check = "[op.ADD.check.a]\nrequire = 'false'\nsince = '2.0'\nuntil = '2.3'"
    assert judge(tmp_path, check, runtime=runtime).verdict(addition()).supported != asked


@pytest.mark.parametrize(
    ("runtime", "asked"), [("old-2.9", False), ("1.0", True), ("1.10", True), ("2.0", False)]
)
def test_releases_have_the_order_in_which_they_are_listed(tmp_path: Path, runtime: str, asked: bool) -> None:
    head = _HEAD.replace('"version", default = "2.1"', _RELEASES)
    check = "[op.ADD.check.a]\nrequire = 'false'\nsince = '1.0'\nuntil = '1.10'"
    pack = load(saved(tmp_path, head + check), _CATALOGUE)
    assert Judge(pack, resolve(pack, {"runtime": runtime})).verdict(addition()).supported != asked


def test_a_release_that_lacks_a_check_isn_t_asked_its_condition(tmp_path: Path) -> None:
    check = "[op.ADD.check.a]\nrequire = 'false'\nwhen = 'input1.value == 1'\nsince = '2.2'"
    assert judge(tmp_path, check).verdict(addition()).supported


def test_only_listed_releases_can_be_asked_for(tmp_path: Path) -> None:
    pack = load(saved(tmp_path, _HEAD.replace('"version", default = "2.1"', _RELEASES)), _CATALOGUE)
    assert resolve(pack, {})["runtime"] == "2.0"
    with pytest.raises(UsageError, match=r"runtime=1\.1 is not known; did you mean 1\.10"):
        resolve(pack, {"runtime": "1.1"})


@pytest.mark.parametrize(("runtime", "supported"), [("2.0", False), ("2.1", True)])
def test_an_operator_that_runtimes_take_from_a_version_on(
    tmp_path: Path, runtime: str, supported: bool
) -> None:
    rules = "[op.ADD]\nsince = '2.1'\nmessage = 'newer runtimes only'\nfix = 'Update.'"
    verdict = judge(tmp_path, rules, runtime=runtime).verdict(addition())
    assert verdict.supported == supported
    assert rules_of(verdict) == ([] if supported else ["add/runtime"])


# Packs laid over others


def test_extends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = """
    [op.ADD]
    version = 1
    inputs = 2
    [op.ADD.check.kept]
    require = "input1.rank == 2"
    [op.ADD.check.replaced]
    require = "false"
    [op.SUB]
    """
    (tmp_path / "rules").mkdir()
    saved(tmp_path / "rules", _HEAD + base, "base.toml")
    monkeypatch.setattr(file, "data", lambda name: tmp_path / name)
    over = """
    delegate = "mine"
    title = "Mine"
    extends = "base"
    [op.ADD]
    version = 2
    [op.ADD.check.replaced]
    require = "input1.rank == 2"
    [op.ADD.check.added]
    require = "input1.dtype == 'INT8'"
    """
    pack = load(saved(tmp_path, over, "mine.toml"), _CATALOGUE)
    assert (pack.delegate, pack.repository, list(pack.operators)) == ("mine", "example/tiny", ["ADD", "SUB"])
    found = Judge(pack, resolve(pack, {})).verdict(addition(version=2))
    assert [finding.rule for finding in found.findings] == ["mine/add/added"]


@pytest.mark.parametrize("most", ["999999999999", "9" * 5000])
def test_a_range_of_counts_is_bounded(tmp_path: Path, most: str) -> None:
    with pytest.raises(RuleError, match="spans more than 1000 numbers"):
        judge(tmp_path, f'[op.ADD]\nversion = "1..{most}"\n')

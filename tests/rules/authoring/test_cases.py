"""Cases beside rules: shipped packs say what theirs expect, and what is wrong with a case is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import RuleError
from analyzer.resources import data
from analyzer.rules.authoring.cases import mismatches, read_cases
from analyzer.rules.registry import Packs
from tests.packs import saved, tiny

_SHIPPED = sorted((data("rules") / "cases").glob("*.toml"))


def test_every_pack_has_cases() -> None:
    assert [file.stem for file in _SHIPPED] == sorted(Packs().names())


@pytest.mark.parametrize("file", _SHIPPED, ids=lambda file: file.stem)
def test_shipped_packs(file: Path) -> None:
    cases = read_cases(file)
    assert list(mismatches(Packs().get(file.stem), cases)) == []
    assert len(cases) >= 12
    assert len({case.expect for case in cases}) > 3


def test_what_comes_is_told(tmp_path: Path) -> None:
    text = """
[ABS.taken]
inputs = ["FLOAT32[1, 8]"]
outputs = ["FLOAT32[1, 8]"]
expect = "abs/inputs"

[SIN.crash]
expect = "accepted"

[custom.Mine.unknown]
inputs = ["INT32[2] = [1, 2]", "omitted"]
expect = "mine/unlisted"
"""
    packs = Packs([saved(tmp_path, tiny())])
    wrong = list(mismatches(packs.get("tiny"), read_cases(saved(tmp_path, text, "cases.toml"))))
    assert [(one.case.name, one.case.line, one.came) for one in wrong] == [
        ("ABS.taken", 2, "accepted"),
        ("SIN.crash", 7, "refused by sin/fatal"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "1: holds no case"),
        ("[ABSS.a]\nexpect = 'accepted'", "1: ABSS.a: there is no operator ABSS; did you mean ABS?"),
        ("[ABS.a]\ninputs = []", "1: ABS.a: Object missing required field `expect`"),
        ("[ABS.a]\nexpect = 'x'\ninputs = ['FLOAT32']", "1: ABS.a: 'FLOAT32' is no tensor; write one like"),
        ("[ABS.a]\nexpect = 'x'\ninputs = ['FLOAT3[1]']", "there is no type FLOAT3; did you mean"),
        ("[ABS.a]\nexpect = 'x'\ninputs = ['INT32[1] = [x]']", "1: ABS.a: "),
        ("[ABS.a]\nexpect = 'x'\ninputs = ['FLOAT32[1] = [1e39]']", "float too large to pack"),
        ("[ABS.a]\nexpect = 'x'\ninputs = ['INT32[4] = [1]']", "INT32[4] has 4 elements, and 1 are given"),
        (
            "[ABS.a]\nexpect = 'x'\ninputs = ['INT8[1000000, 1000000] constant']",
            "a constant of 1,000,000,000,",
        ),
        (
            "[ADD.a]\nexpect = 'x'\noptions = {fused_activation_function = 'RELUU'}",
            "option fused_activation_function can't be 'RELUU'; did you mean RELU?",
        ),
        (
            "[CONV_2D.a]\nexpect = 'x'\noptions = {stride_w = '2'}",
            "option stride_w can't be '2'; it is of type int32",
        ),
        ("[CONV_2D.a]\nexpect = 'x'\noptions = {stride_w = true}", "option stride_w can't be True"),
        (
            "[SOFTMAX.a]\nexpect = 'x'\noptions = {beta = '1'}",
            "option beta can't be '1'; it is of type float",
        ),
        ("[CONV_2D.a]\nexpect = 'x'\noptions = {strid_w = 1}", "no option strid_w; did you mean stride_w?"),
    ],
)
def test_malformed_cases(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_cases(saved(tmp_path, text, "cases.toml"))
    assert words in refused.value.problems[0]

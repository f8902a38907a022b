"""What a pack says beside the verdict: `partial`, what a part means, and `[also]`, what else may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.errors import RuleError
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import model, operator, tensor

PACK = """
delegate = "example"
title = "Example"
upstream = {repository = "owner/name", revision = "1"}
source = "a.cc"
stages = ["operator"]
partial = "Alone it won't load; {delegated} of {operators} run on it."

[parameters]
driver = {type = "bool", default = true, meaning = "whether the driver opens"}

[also]
when = "where the driver can't be opened"
parameters = {driver = false}

[unlisted]
message = "the delegate doesn't take it"
fix = "Leave it out."
source = "a.cc"

[op.ABS]
[op.ABS.check.driver]
require = "driver"
fix = "Open the driver."
"""


def packs(folder: Path, text: str = PACK) -> Packs:
    file = folder / "example.toml"
    file.write_text(text, encoding="utf-8")
    return Packs([file])


def test_the_keys_are_read(tmp_path: Path) -> None:
    pack = packs(tmp_path).get("example")
    assert pack.partial == "Alone it won't load; {delegated} of {operators} run on it."
    assert pack.also is not None
    assert (pack.also.when, pack.also.parameters) == ("where the driver can't be opened", {"driver": "false"})


def test_a_pack_may_leave_them_out(tmp_path: Path) -> None:
    text = PACK[: PACK.index("[also]")] + PACK[PACK.index("[unlisted]") :]
    pack = packs(tmp_path, text.replace("partial = ", "# ")).get("example")
    assert (pack.partial, pack.also) == ("", None)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{delegated}", "{delegatd}", "there is no count delegatd"),
        ("{delegated}", "{delegated", "for a brace"),
        ("{driver = false}", "{drver = false}", "there is no parameter drver"),
        ("{driver = false}", '{driver = "perhaps"}', "driver"),
        ('when = "where', 'wen = "where', "wen"),
    ],
)
def test_mistakes_are_told_with_their_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    with pytest.raises(RuleError) as error:
        packs(tmp_path, PACK.replace(old, new, 1)).get("example")
    assert any(problem in line and "example.toml:" in line for line in error.value.problems)


@pytest.mark.parametrize(("spec", "verdict"), [("example", "none"), ("example:driver=false", None)])
def test_the_other_parameters_are_asked_where_a_model_is_taken_whole(
    tmp_path: Path, spec: str, verdict: str | None
) -> None:
    given = packs(tmp_path)
    data = model([tensor("x", [4]), tensor("y", [4])], [operator("ABS", ["x"], ["y"])])
    [audit] = Auditor(given, configure(given, [spec])).audit(read_bytes(data, "m")).delegates
    assert (audit.also and audit.also.summary.verdict) == verdict

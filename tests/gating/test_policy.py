"""What a policy says of an audit, in the words that the user reads."""

from __future__ import annotations

import re

import pytest

from analyzer.auditing.types import Audit, DelegateAudits, Summary
from analyzer.errors import UsageError
from analyzer.gating.policy import read_policies
from analyzer.model import read_bytes
from analyzer.model.graph import Prepared
from tests.auditing.auditing import audited
from tests.cli.models import chain
from tests.packs import tiny

PARTITION_HAZARD = """
[partition.check.large]
require = "len(operators) < 2"
severity = "hazard"
message = "large"
fix = "Make it small."
"""


def reasons(policy: str, *operators: str, rules: str | None = None) -> list[str]:
    """What one policy finds wrong with a chain of operators."""
    data = chain(*operators)
    found = audited(data, rules or tiny())
    model = read_bytes(data, "m.tflite")
    [read] = read_policies([policy], ["tiny"])
    return read.reasons(Audit(model, Prepared(model, model.subgraphs), DelegateAudits((found,))))


@pytest.mark.parametrize(
    ("policy", "operators", "said"),
    [
        ("never", ("NEG",), None),
        ("unsupported", ("RELU", "NEG"), "1 of 2 operators unsupported"),
        ("unsupported", ("RELU", "ABS"), None),
        ("unsupported", (), None),
        ("unsupported", ("SIN",), "verdict is crash: the tiny delegate dies of SIN [tiny/sin/fatal]"),
        ("partial", ("RELU", "NEG"), "verdict is partial, 1 of 2 operators delegated"),
        ("partial", ("NEG",), "verdict is none, 0 of 1 operators delegated"),
        ("partial", ("RELU", "SIN"), "verdict is crash: the tiny delegate dies of SIN [tiny/sin/fatal]"),
        ("partial", (), None),
        ("hazard", ("EXP", "EXP", "ABS"), "hazard: EXP comes out inexact [tiny/exp/inexact]"),
        ("hazard", ("EXP", "COS"), "verdict is fails: the tiny delegate builds no COS [tiny/cos/unbuilt]"),
        ("broken", ("EXP", "COS"), "verdict is fails: the tiny delegate builds no COS [tiny/cos/unbuilt]"),
        ("broken", ("RELU", "NEG"), None),
        ("hazard", ("RELU", "NEG"), None),
        ("operators == 2", ("RELU", "NEG"), "operators == 2 holds: operators is 2"),
        (" tiny:  operators == 2 ", ("RELU", "NEG"), "operators == 2 holds: operators is 2"),
        ("supported != delegated", ("RELU",), None),
        ("not (delegated_macs_share == 1)", ("RELU",), None),
        (
            "verdict == 'full' and boundary_bytes > 63",
            ("RELU",),
            "verdict == 'full' and boundary_bytes > 63 holds: boundary_bytes is 64, verdict is full",
        ),
        (
            "delegated / operators < 0.6",
            ("RELU", "NEG"),
            "delegated / operators < 0.6 holds: operators is 2, delegated is 1",
        ),
        (
            "delegated // partitions < 2",
            ("NEG",),
            "delegated // partitions < 2 can't be told: division by zero",
        ),
        ("partitions > 0 and delegated // partitions < 2", ("NEG",), None),
    ],
)
def test_reasons(policy: str, operators: tuple[str, ...], said: str | None) -> None:
    assert reasons(policy, *operators) == ([] if said is None else [f"m.tflite: tiny: {said}"])


def test_operators_that_are_supported_but_stay_behind() -> None:
    rules = tiny("min_operators = 9")
    assert reasons("unsupported", "RELU", rules=rules) == ["m.tflite: tiny: none of 1 operators delegated"]


def test_hazards_of_a_partition_count() -> None:
    rules = tiny() + PARTITION_HAZARD
    assert reasons("hazard", "RELU", "ABS", rules=rules) == [
        "m.tflite: tiny: hazard: large [tiny/partition/large]"
    ]


@pytest.mark.parametrize("name", [name for name in Summary.__struct_fields__ if name != "selected"])
def test_every_figure_of_the_summary_may_be_asked(name: str) -> None:
    condition = f"{name} == 'full'" if name == "verdict" else f"{name} >= 0"
    (reason,) = reasons(condition, "RELU")
    assert re.fullmatch(rf"m.tflite: tiny: {condition} holds: {name} is (full|[\d.]+)", reason)


def test_delegates_are_told_by_their_whole_name() -> None:
    delegates = ["gpu", "other-gpu"]
    assert [p.delegate for p in read_policies(["gpu:partial", "other-gpu:never", "partial"], delegates)] == [
        "gpu",
        "other-gpu",
        None,
    ]


@pytest.mark.parametrize("policy", ["", " ", "tiny:", "partail", "macs", "macs + 1", "x > 1", "1", "a:b:c"])
def test_what_is_no_policy(policy: str) -> None:
    with pytest.raises(UsageError, match=r"^--fail-on ") as raised:
        read_policies([policy], ["tiny"])
    assert "\n" not in str(raised.value)

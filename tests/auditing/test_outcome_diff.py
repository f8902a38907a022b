"""What becomes of a model otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from analyzer.auditing.outcome_diff import ModelChange, compare
from tests.auditing.auditing import audited
from tests.cli.models import chain
from tests.packs import tiny

NO_ABS = tiny().replace("|ABS", "")


def change(names: Sequence[str], before: str, after: str) -> ModelChange:
    return compare(audited(chain(*names), before), audited(chain(*names), after))


def test_nothing_changes_under_the_same_rules() -> None:
    assert not change(("RELU", "NEG", "ABS"), tiny(), tiny())


@pytest.mark.parametrize(
    ("names", "before", "after", "expected"),
    [
        (("RELU", "ABS"), tiny(), NO_ABS, [(1, True, False)]),
        (("RELU", "NEG", "RELU"), tiny(), tiny("max_partitions = 1"), [(2, True, False)]),
        (("RELU", "SIN"), tiny(), tiny().replace('severity = "crash"', ""), [(0, False, True)]),
    ],
    ids=["refused", "lost", "no longer lost"],
)
def test_tells_operators_whose_outcome_changes(
    names: Sequence[str], before: str, after: str, expected: list[tuple[int, bool, bool]]
) -> None:
    found = change(names, before, after)
    assert found
    pairs = [(pair.before, pair.after) for pair in found.operators]
    assert [(one.index, one.delegated, other.delegated) for one, other in pairs] == expected

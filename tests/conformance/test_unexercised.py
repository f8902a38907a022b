"""Checks that the generated cases don't put to the test are known: a new one needs a case or a reason."""

from __future__ import annotations

from tests.conformance.unexercised import BECAUSE, WAITS, known, unexercised
from tests.sweeps.borders import unjudged

AGAIN = "write the list anew: python -m tests.conformance.unexercised && python -m tests.docs.quoted"
#: Delegates whose runtimes are asked here, and how many of their checks may have neither a case nor a reason.
ASKED, MOST = ("xnnpack", "litert-gpu", "qualcomm-htp"), 60


def test_checks_without_a_case_are_known() -> None:
    listed, unlisted = list(known()), unexercised()
    assert {"new": sorted(set(unlisted) - set(listed)), "gone": sorted(set(listed) - set(unlisted))} == {
        "new": [],
        "gone": [],
    }, AGAIN
    assert unlisted == listed, AGAIN


def test_few_are_left_without_a_reason_where_the_delegate_can_be_asked() -> None:
    left = [line for line, reason in known().items() if not reason and _delegate(line) in ASKED]
    assert len(left) <= MOST, f"find a case (tests.sweeps.borders), or write why none can, behind '{BECAUSE}'"


def _delegate(line: str) -> str:
    return line.split()[-1].partition("/")[0]


def test_those_that_wait_have_a_case() -> None:
    waiting = {line.split()[-1] for line, reason in known().items() if reason == WAITS}
    cases = {check for line in unjudged.described() for check, _ in line["shows"]}
    assert waiting <= cases

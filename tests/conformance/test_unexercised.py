"""Checks that the generated cases don't put to the test are known: a new one needs a case or a reason."""

from __future__ import annotations

from tests.conformance.unexercised import BECAUSE, WAITS, Judged, known
from tests.sweeps.borders import unjudged
from tests.sweeps.borders.searching import Wanted

AGAIN = "write the list anew: python -m tests.conformance.unexercised && python -m tests.docs.quoted"
#: Delegates whose runtimes are asked here, and how many of their checks may have neither a case nor a reason.
ASKED, MOST = ("xnnpack", "litert-gpu", "qualcomm-htp"), 60


def test_checks_without_a_case_are_known(every_case: Judged) -> None:
    listed, unlisted = list(known()), every_case.unexercised
    assert {"new": sorted(set(unlisted) - set(listed)), "gone": sorted(set(listed) - set(unlisted))} == {
        "new": [],
        "gone": [],
    }, AGAIN
    assert unlisted == listed, AGAIN


def test_delegates_that_cannot_be_asked_have_a_case_or_a_reason_each() -> None:
    asked = {line: reason for line, reason in known().items() if _delegate(line) in unjudged.DELEGATES}
    waiting = {one for line, reason in asked.items() if reason == WAITS for one in Wanted.of(line)}
    shown = {Wanted(check, holds) for line in unjudged.described() for check, holds in line["shows"]}
    assert not [line for line, reason in asked.items() if not reason]
    assert not waiting - shown, "write a case (tests.sweeps.borders.unjudged), or why nothing can reach it"


def test_few_are_left_without_a_reason_where_the_delegate_can_be_asked() -> None:
    left = [line for line, reason in known().items() if not reason and _delegate(line) in ASKED]
    assert len(left) <= MOST, f"find a case (tests.sweeps.borders), or write why none can, behind '{BECAUSE}'"


def _delegate(line: str) -> str:
    return line.split()[-1].partition("/")[0]

"""Checks that the generated cases don't put to the test are known: a new one needs a case or a line."""

from __future__ import annotations

from tests.conformance.unexercised import LIST, unexercised

AGAIN = "write the list anew: python -m tests.conformance.unexercised && python -m tests.docs.quoted"


def test_checks_without_a_case_are_known() -> None:
    known, unlisted = LIST.read_text(encoding="utf-8").splitlines(), unexercised()
    assert {"new": sorted(set(unlisted) - set(known)), "gone": sorted(set(known) - set(unlisted))} == {
        "new": [],
        "gone": [],
    }, AGAIN
    assert unlisted == known, AGAIN

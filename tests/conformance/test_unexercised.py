"""Checks that the generated cases don't put to the test are known: a new one needs a case or a line."""

from tests.conformance.unexercised import LIST, unexercised


def test_checks_without_a_case_are_known() -> None:
    known = set(LIST.read_text(encoding="utf-8").splitlines())
    assert [line for line in unexercised() if line not in known] == []

"""The list of slow tests follows the files, and tests go to workers by what they share."""

from __future__ import annotations

import pytest

from tests.tiers import SHARING, SLOW, TESTS, is_slow_file, unit


@pytest.mark.parametrize("listed", SLOW)
def test_what_is_listed_as_slow_exists(listed: str) -> None:
    file, _, test = listed.partition("::")
    assert f"def {test}" in (TESTS / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("sharing", SHARING)
def test_what_is_listed_as_sharing_exists(sharing: str) -> None:
    assert (TESTS / sharing).exists()


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/gating/test_policy.py::test_reasons[unsupported]", "gating/test_policy.py"),
        ("tests/cli/test_program.py::test_version", "tests/cli/test_program.py::test_version"),
        ("tests/browser_app/test_more_in_the_page.py::test_axe_finds_nothing[dark]", "the page"),
        ("tests/conformance/test_conformance.py::test_agrees[gpu]", "every case, judged"),
    ],
)
def test_a_unit_goes_to_one_worker(nodeid: str, expected: str) -> None:
    assert unit(nodeid) == expected


def test_only_files_of_nothing_but_slow_tests_are_left_unread() -> None:
    assert is_slow_file(TESTS / "rewriting" / "test_fix.py")
    assert not is_slow_file(TESTS / "report" / "ci" / "test_formats.py")
    assert not is_slow_file(TESTS.parent / "analyzer" / "__main__.py")

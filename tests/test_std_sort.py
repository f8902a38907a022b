"""The order in which std::sort leaves equal elements, against what compiled programs did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.std_sort import LIBRARIES, STABLE, order


def _recorded() -> Iterator[tuple[str, list[int], list[int]]]:
    for line in Path(__file__).with_name("introsort_cases.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            library, sizes, left = line.split(" | ")
            yield library, [int(size) for size in sizes.split()], [int(index) for index in left.split()]


@pytest.mark.parametrize(("library", "sizes", "left"), list(_recorded()))
def test_leaves_elements_as_the_library_does(library: str, sizes: list[int], left: list[int]) -> None:
    assert order(sizes, library) == left


@given(st.lists(st.integers(0, 4), max_size=300), st.sampled_from(list(LIBRARIES)))
def test_sorts_every_element_once_larger_first(sizes: list[int], library: str) -> None:
    found = order(sizes, library)
    assert sorted(found) == list(range(len(sizes)))
    assert [sizes[index] for index in found] == sorted(sizes, reverse=True)


@given(st.lists(st.integers(0, 3), max_size=STABLE), st.sampled_from(list(LIBRARIES)))
def test_short_lists_keep_equals_in_order(sizes: list[int], library: str) -> None:
    assert order(sizes, library) == sorted(range(len(sizes)), key=lambda at: -sizes[at])

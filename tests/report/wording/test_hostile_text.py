"""Text for a terminal: where lines may end."""

import pytest

from analyzer.report.wording.hostile_text import columns, fill


@pytest.mark.parametrize("width", range(12, 40))
def test_a_number_stays_beside_its_unit(width: int) -> None:
    text = "it takes 100 % of 12 operators, with 4.18 MB and 462 M MACs in 12.5 ms, and 3 more"
    lines = fill(text, width).splitlines()
    assert not [line for line in lines if line.startswith(("%", "MB", "M MACs", "ms"))]
    assert " ".join(lines) == text


def test_a_cell_keeps_a_number_beside_its_unit() -> None:
    text = columns([["MACs"], ["100 % -> 87 %"]], widths=[8])
    assert text.splitlines() == ["MACs", "100 % ->", "87 %"]

"""Numbers as people read them."""

import pytest

from analyzer.report.wording import figures


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_996, "10.0 kB"), (999_499, "999 kB"),
     (999_500, "1.00 MB"),
     (4_183_112, "4.18 MB"), (41_831_120, "41.8 MB"), (2_500_000_000, "2.50 GB"), (10**13, "10000 GB")],
)  # fmt: skip
def test_size(number: int, text: str) -> None:
    assert figures.size(number) == text


@pytest.mark.parametrize(("number", "text"), [(None, ""), (0, ""), (12, "12"), (1_210_000_000, "1.21 G")])
def test_macs(number: int | None, text: str) -> None:
    assert figures.macs(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.001, "<1 %"), (0.999, "99 %"), (0.5, "50 %"), (0.976, "98 %")],
)
def test_percent_is_exact_at_both_ends(share: float, text: str) -> None:
    assert figures.percent(share) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 operators"), (1, "1 operator"), (5000, "5,000 operators")]
)
def test_count(number: int, text: str) -> None:
    assert figures.count(number, "operator") == text

"""What of a run's measurements the document has."""

from analyzer.execution.compare.histogram import REAL, STEPS, Distribution
from analyzer.report.document.convert_runs import errors


def test_bounds_between_the_least_and_the_largest_error_are_all_there() -> None:
    counted = errors(Distribution({0.0: 7, 1.0: 2, 15.0: 1}, steps=True))
    assert counted.bounds == (0.0, 1.0, 3.0, 7.0, 15.0)
    assert counted.counts == (7, 2, 0, 0, 1)
    assert counted.steps


def test_no_error_is_one_bound() -> None:
    counted = errors(Distribution({0.0: 3}))
    assert (counted.bounds, counted.counts) == ((0.0,), (3,))


def test_where_there_are_too_many_bounds_the_smallest_errors_count_together() -> None:
    counted = errors(Distribution(dict.fromkeys(REAL[:40], 1)))
    assert len(counted.bounds) == 21
    assert sum(counted.counts) == 40
    assert counted.counts[:2] == (1, 20) and counted.bounds[1] == REAL[20]


def test_scales_rise() -> None:
    assert list(REAL) == sorted(set(REAL)) and list(STEPS) == sorted(set(STEPS))

"""Charts of real runs: what they show, and the words that stand for them."""

from __future__ import annotations

from typing import Any

from analyzer.report.html import charts
from analyzer.report.html.charts import Histogram
from tests.report import sample_document as sample


def histogram(*given: Any, **fields: Any) -> Histogram:
    (found,) = charts.histograms(sample.run(outputs=(sample.output("y", *given, **fields),)))
    return found


REAL = ((0.0, 0.001, 0.003, 0.01), (60, 35, 4, 1))
STEPS = ((0.0, 1.0, 3.0), (90, 9, 1))


def test_errors_are_told_in_words() -> None:
    assert histogram(*REAL, max_abs=0.0085).words == (
        "Of 100 elements: 60 % the same, 90 % off by at most 0.001, 99 % off by at most 0.003, "
        "the worst off by 0.0085."
    )
    words = histogram(*STEPS, quanta=2).words
    assert words == "Of 100 elements: 90 % the same, 99 % off by at most 1, the worst off by 2 steps."


def test_the_highest_bin_is_the_whole_height() -> None:
    found = histogram(*REAL)
    assert [one.height for one in found.bins] == [100.0, 58.3, 6.7, 1.7]
    assert [one.label for one in found.bins] == ["0", "0.001", "", "0.01"]
    assert found.bins[1].title == "off by at most 0.001: 35 elements, 35 %"


def test_steps_are_counted_in_ranges() -> None:
    found = histogram(*STEPS, quanta=2)
    assert [one.label for one in found.bins] == ["0", "1", "2-3"]
    assert found.bins[2].title == "2-3 steps off: 1 element, 1 %"


def test_what_differs_comes_first_and_what_is_the_same_has_no_chart() -> None:
    near, far = sample.output("a", *REAL), sample.output("c", *REAL, within=False)
    found = sample.run(outputs=(near, sample.output("b"), far))
    assert [one.name for one in charts.histograms(found)] == ["c", "a"]
    assert charts.same(found) == ["b"]


def test_times_stand_beside_the_cpu_s() -> None:
    load, first, inference = charts.latencies(sample.run())
    assert [(bar.label, bar.percent) for bar in load.bars] == [("cpu", 0.8), ("gpu", 100.0)]
    assert [bar.text for bar in load.bars] == ["21.0 ms", "2.69 s"]
    assert [bar.reach for bar in first.bars] == [None, None]
    cpu, gpu = inference.bars
    assert (cpu.percent, cpu.reach, cpu.ticks) == (45.9, 100.0, (38.8, 45.9))
    assert gpu.text == "45 µs, 90 % 0.50 ms"


def test_what_was_not_timed_has_no_bars() -> None:
    assert charts.latencies(sample.run(latency_ms=None, reference=None)) == []

"""Charts of real runs: lengths and heights in percent, with the figures they stand for in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct

from analyzer.report.document.run_results import Errors, Latency, Output, Run
from analyzer.report.page_template import Bar, Phase
from analyzer.report.wording import figures, run_sentences
from analyzer.report.wording.hostile_text import plain


class Bin(Struct, frozen=True):
    """Elements that are off by about as much: `height` in percent of the highest bin."""

    height: float
    title: str
    label: str


class Histogram(Struct, frozen=True):
    """Errors of an output's elements, in words and as bins."""

    name: str
    dtype: str
    agrees: bool
    words: str
    axis: str
    bins: list[Bin]


#: Field of a latency -> what it is called.
_PHASES = {"init": "Load", "first": "First inference", "median": "Inference"}
#: Shares of elements that a sentence tells the error of.
_SHARES = (0.5, 0.9, 0.99)
#: What is smaller is written as a power of ten.
_LEAST = 0.001


def latencies(run: Run) -> list[Phase]:
    """For loading, the first inference and the median of all later ones, the CPU beside the delegate."""
    sides = []
    if run.reference is not None and run.reference.latency_ms is not None:
        sides.append((run.reference.backend, run.reference.latency_ms, True))
    if run.latency_ms is not None:
        sides.append((run.backend, run.latency_ms, False))
    phases = [Phase(title, list(_phase(field, sides))) for field, title in _PHASES.items()]
    return [phase for phase in phases if phase.bars]


def _phase(field: str, sides: Sequence[tuple[str, Latency, bool]]) -> Iterator[Bar]:
    known = [side for side in sides if getattr(side[1], field) is not None]
    longest = max((_longest(latency, field) for _, latency, _ in known), default=0.0)
    for name, latency, own in known if longest else ():
        value: float = getattr(latency, field)
        text = run_sentences.milliseconds(value)
        if field != "median" or latency.p90 is None:
            yield Bar(name, text, _percent(value, longest), own)
            continue
        until = latency.p90
        ticks = tuple(_percent(time, longest) for time in sorted(latency.times) if time <= until)
        text = f"{text}, 90 % {run_sentences.milliseconds(until)}"
        yield Bar(name, text, _percent(value, longest), own, _percent(until, longest), ticks)


def _longest(latency: Latency, field: str) -> float:
    value: float = getattr(latency, field)
    return max(value, latency.p90 or 0.0) if field == "median" else value


def _percent(value: float, whole: float) -> float:
    return round(100 * value / whole, 1)


def histograms(run: Run) -> list[Histogram]:
    """One for each output of which anything is off, those that differ first."""
    shown = [
        _histogram(output, output.errors) for output in run.outputs if output.errors and _off(output.errors)
    ]
    return sorted(shown, key=lambda output: output.agrees)


def same(run: Run) -> list[str]:
    """The outputs of which every element is the same."""
    return [
        plain(output.name)
        for output in run.outputs
        if output.errors and output.within and not _off(output.errors)
    ]


def _off(errors: Errors) -> bool:
    return any(errors.counts[1:])


def _histogram(output: Output, errors: Errors) -> Histogram:
    return Histogram(
        name=plain(output.name),
        dtype=output.dtype,
        agrees=output.within,
        words=_words(output, errors),
        axis="how many steps off" if errors.steps else "off by at most",
        bins=list(_bins(errors)),
    )


def _bins(errors: Errors) -> Iterator[Bin]:
    total, highest = sum(errors.counts), max(errors.counts)
    before: float | None = None
    for bound, count in zip(errors.bounds, errors.counts, strict=True):
        share = f"{figures.count(count, 'element')}, {figures.percent(count / total)}"
        title = f"{_between(before, bound, errors.steps)}: {share}"
        yield Bin(_percent(count, highest), title, _label(before, bound, errors.steps))
        before = bound


def _between(before: float | None, bound: float, steps: bool) -> str:
    if before is None:
        return "the same"
    return (
        f"{_label(before, bound, steps)} steps off"
        if steps
        else f"off by at most {run_sentences.number(bound)}"
    )


def _label(before: float | None, bound: float, steps: bool) -> str:
    """`2-3` steps; of real units only decades, between which every other bound stands."""
    if steps and before is not None and before + 1 < bound:
        return f"{before + 1:.0f}-{bound:.0f}"
    if bound and not steps and f"{bound:e}"[0] != "1":
        return ""
    return run_sentences.number(bound) if bound >= _LEAST or not bound else f"1e{round(math.log10(bound))}"


def _words(output: Output, errors: Errors) -> str:
    """A sentence on the errors of half of the elements, of nearly all and of the worst."""
    total = sum(errors.counts)
    words = [f"{figures.percent(errors.counts[0] / total)} the same"] if errors.counts[0] else []
    words += [
        f"{figures.percent(share)} off by at most {run_sentences.number(bound)}"
        for share in _SHARES
        if (bound := _within(errors, share * total)) not in (0.0, errors.bounds[-1])
    ]
    steps = errors.steps and output.quanta is not None
    worst = f"{output.quanta} steps" if steps else run_sentences.number(output.max_abs)
    return f"Of {figures.count(total, 'element')}: {', '.join([*words, f'the worst off by {worst}'])}."


def _within(errors: Errors, wanted: float) -> float:
    """The least bound that so many elements keep to."""
    reached = accumulate(errors.counts)
    return next(bound for bound, count in zip(errors.bounds, reached, strict=True) if count >= wanted)

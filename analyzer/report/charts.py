"""Bars for real runs: lengths in percent, with the figures they stand for in words."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.report.document import Latency, Run
from analyzer.report.running import milliseconds


class Bar(Struct, frozen=True):
    """One bar; `reference`: the CPU's own; `reach`: where the slowest tenth begins, where that is known."""

    label: str
    text: str
    percent: float
    reference: bool
    reach: float | None = None


def latencies(run: Run) -> list[list[Bar]]:
    """For loading, the first inference and the median of all later ones, the CPU beside the delegate."""
    sides = []
    if run.reference is not None and run.reference.latency_ms is not None:
        sides.append(("cpu", run.reference.latency_ms, True))
    if run.latency_ms is not None:
        sides.append((run.backend, run.latency_ms, False))
    return [bars for phase in _PHASES if (bars := list(_phase(phase, sides)))]


#: Field of a latency -> what it is called.
_PHASES = ("init", "first", "median")
_NAMES = {"init": "load", "first": "first", "median": "median"}


def _phase(phase: str, sides: list[tuple[str, Latency, bool]]) -> Iterator[Bar]:
    known = [(name, latency, own) for name, latency, own in sides if getattr(latency, phase) is not None]
    longest = max((_longest(latency, phase) for _, latency, _ in known), default=0.0)
    for name, latency, own in known if longest else ():
        value: float = getattr(latency, phase)
        slow = latency.p90 if phase == "median" else None
        text = milliseconds(value) if slow is None else f"{milliseconds(value)}, 90 % {milliseconds(slow)}"
        reach = None if slow is None else round(100 * slow / longest, 2)
        yield Bar(f"{_NAMES[phase]}, {name}", text, round(100 * value / longest, 2), own, reach)


def _longest(latency: Latency, phase: str) -> float:
    value: float = getattr(latency, phase)
    return max(value, latency.p90 or 0.0) if phase == "median" else value

"""What a change may not do to a model: the second of two that are compared, held to the first."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report.compare.model_diff import WORSE, Comparison, Side
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import plain


def regressions(comparison: Comparison, growth: float) -> list[str]:
    """A line for each: less on a delegate, a new hazard or failure, more than `growth` percent of bytes."""
    return [line for side in comparison.delegates for line in _of_side(side)] + list(
        _size(comparison, growth)
    )


def _of_side(side: Side) -> Iterator[str]:
    risks = [risk for risk in side.risks if risk.change == WORSE]
    before, after = side.before, side.after
    if before.verdict != after.verdict and side.change == WORSE:
        yield f"{side.delegate}: was {before.verdict}, is {after.verdict}"
    shares = [figures.percent(summary.delegated_macs_share) for summary in (before, after)]
    if after.delegated_macs_share < before.delegated_macs_share and shares[0] != shares[1]:
        yield f"{side.delegate}: {shares[1]} of MACs delegated, before {shares[0]}"
    elif side.change == WORSE and before.verdict == after.verdict and not risks:
        counts = [f"{summary.delegated} of {summary.operators} operators" for summary in (before, after)]
        partitions = f"{after.partitions} partitions, before {before.partitions}"
        yield f"{side.delegate}: {counts[1]} in {partitions}, before {counts[0]}"
    for risk in risks:
        new = "new" if not risk.before else f"{risk.after} operators, before {risk.before}"
        yield f"{side.delegate}: {risk.severity}, {new}: {plain(risk.message).rstrip('.')} [{risk.rule}]"


def _size(comparison: Comparison, growth: float) -> Iterator[str]:
    before, after = comparison.before.bytes, comparison.after.bytes
    if after > before * (1 + growth / 100):
        grown = figures.percent(after / before - 1)
        yield f"the file grew by {grown}, from {figures.size(before)} to {figures.size(after)}"


def unlike(comparison: Comparison) -> bool:
    """Whether the models have no operator in common, so that to compare them says little."""
    return bool(comparison.operators) and all(
        match.before is None or match.after is None for match in comparison.operators
    )

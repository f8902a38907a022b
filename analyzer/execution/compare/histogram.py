"""Histograms of the differences of an output's elements, on a scale that people read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

#: In steps of a quantized output: 0, 1, 2 to 3, 4 to 7 and so on.
STEPS = (0.0, *(2.0**power - 1 for power in range(1, 33)))
#: In real units: 0, then twice a decade.
REAL = (0.0, *(float(f"{digit}e{power}") for power in range(-12, 39) for digit in (1, 3)))


class Distribution(Struct, frozen=True):
    """Bound -> the elements that are off by at most so much, and by more than the next lower bound.

    `steps`: bounds are those of `STEPS`, else of `REAL`.
    """

    counts: Mapping[float, int]
    steps: bool = False

    @property
    def scale(self) -> tuple[float, ...]:
        return STEPS if self.steps else REAL


def distribution(difference: Any, step: float | None) -> Distribution:
    """Absolute differences in real units, in multiples of `step` where the output is quantized."""
    import numpy as np

    scale, differences = (REAL, difference) if step is None else (STEPS, np.rint(difference / step))
    places = np.minimum(np.searchsorted(scale, np.ravel(differences)), len(scale) - 1)
    bounds, counts = np.unique(places, return_counts=True)
    pairs = zip(bounds.tolist(), counts.tolist(), strict=True)
    return Distribution({scale[bound]: count for bound, count in pairs}, step is not None)


def together(distributions: Iterable[Distribution | None]) -> Distribution | None:
    """That of several samples of one output; None where one of them has none."""
    total: Counter[float] = Counter()
    steps = False
    for distribution in distributions:
        if distribution is None:
            return None
        total.update(distribution.counts)
        steps = distribution.steps
    return Distribution(dict(sorted(total.items())), steps)

"""Compares outputs with all that is known of the CPU's own precision considered.

What differs by more than its element type allows is looked at again. A delegate that computes in the same
integers as the CPU is allowed what rounding may do. One that doesn't is held against the CPU's other kernels
too: the CPU has two sets of them, and agreement with either is agreement.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.execution.compare import measures, rounding
from analyzer.execution.compare.measures import OutputComparison, Thresholds
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import generate
from analyzer.execution.request import OK, Limits, Runner, RunRequest, RunResult, Sample
from analyzer.model.graph import Model

#: How often each sample is moved: where a result tips over, not every push tips it.
_NUDGES = 4
_OTHER_KERNELS = "the CPU's optimized kernels compute the same"


class OutputComparer:
    """Compares what one runner computes with what the CPU does from the same samples."""

    def __init__(self, model: Model, request: RunRequest, limits: Limits, thresholds: Thresholds) -> None:
        self._model = model
        self._request = replace(request, parameters={}, runs=0)
        self._limits = limits
        self._thresholds = thresholds

    def outputs(
        self, runner: Runner, samples: Sequence[Sample], reference: RunResult, result: RunResult
    ) -> list[OutputComparison]:
        """Each output of the entry; none where one side has none."""
        if reference.status != OK or not result.outputs:
            return []
        compared = self._compare(reference, result)
        if self._thresholds != measures.DEFAULT or not any(map(rounding.can_be_rounding, compared)):
            # A threshold of the user's own is meant as it stands.
            return compared
        if not runner.rounds_alike:
            return self._either(samples, result, compared)
        return self._rounding(samples, reference, compared)

    def _compare(self, reference: RunResult, result: RunResult) -> list[OutputComparison]:
        return measures.compare(
            self._model,
            self._request.entry,
            reference.outputs,
            result.outputs,
            self._thresholds,
            result.measured.never_written if result.measured else None,
        )

    def _rounding(
        self, samples: Sequence[Sample], reference: RunResult, compared: list[OutputComparison]
    ) -> list[OutputComparison]:
        """Outputs with what rounding explains allowed, by the CPU's own result from inputs moved a little."""
        entry = self._request.entry
        subgraph = self._model.subgraphs[entry.subgraph]
        moved = generate.nudged(subgraph, entry, list(samples) * _NUDGES)
        again = self._on_cpu(lookup.REFERENCE, moved)
        if again.status != OK:
            return compared
        still = replace(reference, outputs=list(reference.outputs) * _NUDGES)
        return rounding.allow(subgraph, entry, compared, self._compare(still, again))

    def _either(
        self, samples: Sequence[Sample], result: RunResult, compared: list[OutputComparison]
    ) -> list[OutputComparison]:
        """Outputs that the CPU's other kernels agree with, where those run."""
        other = self._on_cpu(lookup.OTHER_KERNELS, samples)
        if other.status != OK:
            return compared
        pairs = zip(compared, self._compare(other, result), strict=True)
        return [
            replace(second, allowance=_OTHER_KERNELS) if second.within and not first.within else first
            for first, second in pairs
        ]

    def _on_cpu(self, engine: str, samples: Sequence[Sample]) -> RunResult:
        return lookup.local(engine).run(self._request, samples, self._limits)

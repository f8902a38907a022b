"""Runs -> the public results."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs

from analyzer.execution.bisection.bisect import Culprit
from analyzer.execution.compare.histogram import Distribution
from analyzer.execution.compare.measures import OutputComparison
from analyzer.execution.delegate_run import Run
from analyzer.execution.request import Measured, RunResult
from analyzer.report.document import run_results

#: How many bounds of errors are told apart.
_BOUNDS = 20


def runs(found: Sequence[Run], seed: int = 0) -> tuple[run_results.Run, ...]:
    """Runs of one model."""
    return tuple(_run(one, seed) for one in found)


def _run(one: Run, seed: int) -> run_results.Run:
    measured = one.result.measured
    return run_results.Run(
        delegate=one.delegate,
        backend=one.backend,
        device=measured.device if measured else "",
        parameters=dict(one.parameters),
        signature=one.entry.key,
        runtime=_runtime(measured),
        status=one.result.status,
        message=one.result.message,
        delegated=None if one.delegated is None else dict(one.delegated),
        predicted=None if one.predicted is None else dict(one.predicted),
        predicted_equal=one.predicted_equal,
        differences=tuple(run_results.Difference(**structs.asdict(each)) for each in one.differences),
        outputs=tuple(_output(each) for each in one.outputs),
        samples=len(one.samples),
        seed=seed,
        latency_ms=_latency(measured),
        memory=_memory(measured),
        reference=_reference(one.reference, one.compared_with),
        culprits=tuple(_culprit(each) for each in one.culprits),
        remarks=(*(measured.remarks if measured else ()), *_compared_with(one)),
        agrees=one.agrees,
        reasons=one.reasons,
    )


def _compared_with(one: Run) -> tuple[str, ...]:
    if not one.substituted:
        return ()
    why = f"the CPU's reference kernels don't run it ({one.substituted})"
    return (f"Compared with {one.compared_with}: {why}.",)


def _culprit(found: Culprit) -> run_results.Culprit:
    compared = ("output", "before", "alone")
    outputs = {name: None if (one := getattr(found, name)) is None else _output(one) for name in compared}
    return run_results.Culprit(**_fields(found) | outputs)


def _reference(result: RunResult, backend: str) -> run_results.Reference:
    measured = result.measured
    return run_results.Reference(
        backend=backend,
        status=result.status,
        message=result.message,
        runtime=_runtime(measured),
        device=measured.device if measured else "",
        latency_ms=_latency(measured),
        memory=_memory(measured),
    )


def _runtime(measured: Measured | None) -> run_results.Runtime | None:
    return None if measured is None else run_results.Runtime(**_fields(measured.runtime))


def _latency(measured: Measured | None) -> run_results.Latency | None:
    return None if measured is None else run_results.Latency(**_fields(measured.latency))


def _memory(measured: Measured | None) -> run_results.Memory | None:
    if measured is None or measured.memory is None:
        return None
    return run_results.Memory(**_fields(measured.memory))


def _fields(one: Struct) -> dict[str, Any]:
    return structs.asdict(one)


def _output(one: OutputComparison) -> run_results.Output:
    """JSON has no infinity: noise where there should be silence has no ratio."""
    fields = _fields(one) | {"errors": None if one.errors is None else errors(one.errors)}
    if one.snr_db is not None and math.isinf(one.snr_db):
        fields["snr_db"] = None
    return run_results.Output(**fields)


def errors(found: Distribution) -> run_results.Errors:
    """No error first, then every bound from the least to the largest; too small ones count with the least."""
    off = sorted(bound for bound in found.counts if bound)
    shown = [bound for bound in found.scale if off and off[0] <= bound <= off[-1]][-_BOUNDS:]
    counts = Counter[float]()
    for bound, count in found.counts.items():
        counts[max(bound, shown[0]) if bound else bound] += count
    bounds = (0.0, *shown)
    return run_results.Errors(
        steps=found.steps, bounds=bounds, counts=tuple(counts[bound] for bound in bounds)
    )

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


def runs(delegate_runs: Sequence[Run], seed: int = 0) -> tuple[run_results.Run, ...]:
    """Runs of one model."""
    return tuple(_run(run, seed) for run in delegate_runs)


def _run(run: Run, seed: int) -> run_results.Run:
    measured = run.result.measured
    return run_results.Run(
        delegate=run.delegate,
        backend=run.backend,
        device=measured.device if measured else "",
        parameters=dict(run.parameters),
        signature=run.entry.key,
        runtime=_runtime(measured),
        status=run.result.status,
        message=run.result.message,
        delegated=None if run.delegated is None else dict(run.delegated),
        predicted=None if run.predicted is None else dict(run.predicted),
        predicted_equal=run.predicted_equal,
        differences=tuple(run_results.Difference(**structs.asdict(item)) for item in run.differences),
        outputs=tuple(_output(item) for item in run.outputs),
        samples=len(run.samples),
        seed=seed,
        latency_ms=_latency(measured),
        memory=_memory(measured),
        reference=_reference(run.reference, run.compared_with),
        culprits=tuple(_culprit(item) for item in run.culprits),
        remarks=(*(measured.remarks if measured else ()), *_compared_with(run)),
        agrees=run.agrees,
        reasons=run.reasons,
    )


def _compared_with(run: Run) -> tuple[str, ...]:
    if not run.substituted:
        return ()
    why = f"the CPU's reference kernels don't run it ({run.substituted})"
    return (f"Compared with {run.compared_with}: {why}.",)


def _culprit(culprit: Culprit) -> run_results.Culprit:
    compared = ("output", "before", "alone")
    outputs = {
        name: None if (compared_output := getattr(culprit, name)) is None else _output(compared_output)
        for name in compared
    }
    fields = {name: value for name, value in _fields(culprit).items() if name != "reproducer"}
    return run_results.Culprit(**fields | outputs)


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


def _fields(struct: Struct) -> dict[str, Any]:
    return structs.asdict(struct)


def _output(output: OutputComparison) -> run_results.Output:
    """JSON has no infinity: noise where there should be silence has no ratio."""
    fields = _fields(output) | {"errors": None if output.errors is None else errors(output.errors)}
    if output.snr_db is not None and math.isinf(output.snr_db):
        fields["snr_db"] = None
    return run_results.Output(**fields)


def errors(distribution: Distribution) -> run_results.Errors:
    """No error first, then every bound from the least to the largest; too small ones count with the least."""
    off = sorted(bound for bound in distribution.counts if bound)
    shown = [bound for bound in distribution.scale if off and off[0] <= bound <= off[-1]][-_BOUNDS:]
    counts = Counter[float]()
    for bound, count in distribution.counts.items():
        counts[max(bound, shown[0]) if bound else bound] += count
    bounds = (0.0, *shown)
    return run_results.Errors(
        steps=distribution.steps, bounds=bounds, counts=tuple(counts[bound] for bound in bounds)
    )

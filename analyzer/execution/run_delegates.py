"""Runs a model through delegates, and has every run judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.auditing.types import Audit, DelegateAudit
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.execution import delegation_check
from analyzer.execution.bisection.bisect import Culprit, culprits
from analyzer.execution.bisection.parts import Parts, agree, parts
from analyzer.execution.compare import rounding
from analyzer.execution.compare.measures import DEFAULT, OutputComparison
from analyzer.execution.compare.tolerance import OutputComparer
from analyzer.execution.delegate_run import Run, Settings
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import generate, signatures, user_files
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import (
    CRASHED,
    FAILED,
    OK,
    UNAVAILABLE,
    Entry,
    Runner,
    RunRequest,
    RunResult,
    Sample,
)
from analyzer.execution.target import HOST, Target
from analyzer.model.graph import Model

_MAGNIFIED = "the delegate's own part agrees; what the CPU makes of it magnifies rounding"


def run_delegates(audit: Audit, path: str, settings: Settings, target: Target = HOST) -> list[Run]:
    """Every delegate of an audit, run for real; one that isn't there is a run of its own, `unavailable`.

    `path` is the model's file. Raises: RuntimeUnavailable where there is no CPU to compare with, UsageError.
    """
    delegate_runs = DelegateRuns(audit.model, path, settings, target)
    if settings.library is None:
        runners = [target.runner(predicted.configuration.pack) for predicted in audit.delegates]
        pairs = zip(runners, audit.delegates, strict=True)
        return [run for runner, predicted in pairs for run in delegate_runs.runs(runner, predicted)]
    if len(audit.delegates) > 1:
        raise UsageError("--delegate-lib: there is one library for several delegates; name one with -d")
    return list(delegate_runs.runs(target.runner(None), *audit.delegates))


class DelegateRuns:
    """Runs one model; what the CPU computes is computed once an entry."""

    def __init__(self, model: Model, path: str, settings: Settings, target: Target = HOST) -> None:
        self.model = model
        self.settings = settings
        self._path = path
        self._target = target
        self._made: dict[str | None, Sequence[Sample]] = {}
        self._references: dict[tuple[str, str | None], RunResult] = {}

    def runs(self, runner: Runner, audit: DelegateAudit | None = None) -> Iterator[Run]:
        """One run for each entry that is asked for, held against an audit.

        Raises: RuntimeUnavailable where there is no CPU to compare with, UsageError.
        """
        parameters = audit.configuration.parameters if audit else {}
        for entry in signatures.entries(self.model, self.settings.signature):
            run = self._run(runner, self._request(entry, parameters), audit)
            run = replace(run, outputs=self._magnified(runner, run))
            yield replace(run, culprits=self._culprits(runner, run)) if self.settings.bisect else run

    def _run(self, runner: Runner, request: RunRequest, audit: DelegateAudit | None) -> Run:
        settings = self.settings
        # Before inputs are made or read, which takes what comes with a runtime.
        self._target.reference.check(self._request(request.entry, {}))
        samples = self._samples(request.entry)
        compared_with, reference, substituted = self._reference(request.entry, samples, runner)
        try:
            runner.check(request)
            result = runner.run(request, samples, settings.limits)
        except RuntimeUnavailable as missing:
            result = RunResult(status=UNAVAILABLE, message=str(missing))
        comparer = OutputComparer(self.model, request, settings.limits, settings.thresholds)
        predicted = None if audit is None else delegation_check.predicted(audit)
        return Run(
            model=self.model,
            delegate=runner.name if audit is None else audit.configuration.pack.delegate,
            backend=runner.name,
            parameters=request.parameters,
            entry=request.entry,
            samples=samples,
            reference=reference,
            compared_with=compared_with,
            substituted=substituted,
            result=result,
            outputs=tuple(comparer.outputs(runner, samples, reference, result)),
            predicted=predicted,
            differences=tuple(delegation_check.differences(self.model, predicted, result.delegated)),
            foreseen="" if audit is None else delegation_check.foreseen(audit),
        )

    def _request(self, entry: Entry, parameters: Mapping[str, Any]) -> RunRequest:
        settings = self.settings
        return RunRequest(
            model=self._path,
            entry=entry,
            parameters=parameters,
            shapes=signatures.by_name(self.model, entry, settings.wanted.shapes),
            threads=settings.threads,
            warmup=settings.warmup,
            runs=settings.runs,
            library=settings.library,
            options=settings.options,
            vulkan_driver=settings.vulkan_driver,
            computed=signatures.computed(self.model, entry),
        )

    def _samples(self, entry: Entry) -> Sequence[Sample]:
        if entry.key not in self._made:
            self._made[entry.key] = generate.samples(self.model, entry, self._wanted(entry))
        return self._made[entry.key]

    def _reference(
        self, entry: Entry, samples: Sequence[Sample], runner: Runner
    ) -> tuple[str, RunResult, str]:
        """The name of what a runner is compared with, its result, and why it isn't the CPU's reference."""
        first = self._target.reference
        own = self._computed(first, entry, samples)
        other = lookup.substitute(first, runner)
        if own.status != OK and other is not None:
            instead = self._computed(other, entry, samples)
            if instead.status == OK:
                return other.name, instead, f"{own.status}: {own.message}"
        return first.name, own, ""

    def _computed(self, runner: Runner, entry: Entry, samples: Sequence[Sample]) -> RunResult:
        key = runner.name, entry.key
        if key not in self._references:
            self._references[key] = runner.run(self._request(entry, {}), samples, self.settings.limits)
        return self._references[key]

    def _wanted(self, entry: Entry) -> Wanted:
        asked = self.settings.wanted
        shapes, ranges, given = (
            signatures.by_name(self.model, entry, named)
            for named in (asked.shapes, asked.ranges, asked.given)
        )
        given |= user_files.given(self.model, entry, self.settings.files, shapes, ranges)
        return replace(asked, shapes=shapes, ranges=ranges, given=given)

    def _magnified(self, runner: Runner, run: Run) -> tuple[OutputComparison, ...]:
        """Outputs that differ where all that the delegate computes agrees: the rest is the CPU's doing."""
        differ = [output for output in run.outputs if rounding.can_be_rounding(output)]
        if not differ or self.settings.thresholds != DEFAULT or not runner.rounds_alike:
            return run.outputs
        taken = (run.delegated or {}).get(run.entry.subgraph)
        if not taken or not agree(self._parts(runner, run), taken):
            return run.outputs
        allowed = {"within": True, "problem": "", "allowance": _MAGNIFIED}
        return tuple(replace(output, **allowed) if output in differ else output for output in run.outputs)

    def _culprits(self, runner: Runner, run: Run) -> tuple[Culprit, ...]:
        """Operators at which results part, or at which the delegate's part of the model ends badly."""
        ended_badly = run.result.status in (FAILED, CRASHED) and not run.foreseen
        differs = any(not output.within for output in run.outputs)
        if run.reference.status != OK or not (ended_badly or differs):
            return ()
        taken = run.predicted if run.delegated is None else run.delegated
        return culprits(self._parts(runner, run), taken)

    def _parts(self, runner: Runner, run: Run) -> Iterator[Parts]:
        settings = self.settings
        request = self._request(run.entry, run.parameters)
        return parts(self.model, runner, request, run.samples, settings.limits, settings.thresholds)

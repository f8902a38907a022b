"""Runs beside predictions: whether a delegate took what was said, and computes what the CPU does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing import Audit, DelegateAudit
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.model.graph import Model
from analyzer.runtime import comparison, engines, entries, files, inputs, sensitivity
from analyzer.runtime.comparison import OutputComparison, Thresholds
from analyzer.runtime.inputs import Wanted
from analyzer.runtime.interface import (
    CRASHED,
    FAILED,
    OK,
    UNAVAILABLE,
    Entry,
    Limits,
    Runner,
    RunRequest,
    RunResult,
    Sample,
)

#: How many operators a sentence names.
_NAMED = 4


class Settings(Struct, frozen=True):
    """How models are run, whatever the delegate."""

    wanted: Wanted = Wanted()
    #: `[NAME=]FILE` texts: inputs of the user's own.
    files: tuple[str, ...] = ()
    signature: str | None = None
    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    runs: int = 10
    warmup: int = 1
    threads: int = 1
    library: str | None = None
    options: Mapping[str, str] = {}
    vulkan_driver: str | None = None


class Difference(Struct, frozen=True):
    """Operators of one subgraph that were predicted to be delegated and are not, or the other way round."""

    subgraph: int
    operators: tuple[int, ...]
    predicted: bool
    message: str


class Run(Struct, frozen=True, kw_only=True):
    """One model through one delegate, beside the CPU and beside what was predicted."""

    delegate: str
    backend: str
    parameters: Mapping[str, str | int | bool] = {}
    entry: Entry
    samples: Sequence[Sample]
    #: The CPU's own run.
    reference: RunResult
    result: RunResult
    outputs: tuple[OutputComparison, ...] = ()
    #: Subgraph -> operators; None without a rule pack to predict by.
    predicted: Mapping[int, tuple[int, ...]] | None = None
    #: Operators taken otherwise than predicted.
    differences: tuple[Difference, ...] = ()
    #: What was predicted to keep the model from running at all; empty where nothing was.
    foreseen: str = ""

    @property
    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        """Subgraph -> operators that the delegate ran; None where the runtime doesn't tell."""
        return self.result.measured.delegated if self.result.measured else None

    @property
    def predicted_equal(self) -> bool | None:
        """None: not verified, which isn't agreement."""
        if self.result.status in (FAILED, CRASHED) and self.foreseen:
            return True
        if self.predicted is None or self.delegated is None:
            return None
        return not self.differences

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this run doesn't hold, one line each."""
        if self.result.status != OK:
            return (_ended(self.result) + (f"; predicted: {self.foreseen}" if self.foreseen else ""),)
        found = []
        if self.reference.status != OK:
            found.append(f"not compared, the CPU's own run {_ended(self.reference)}")
        found += [f"output {one.name}: {one.problem}" for one in self.outputs if not one.within]
        found += [one.message for one in self.differences]
        if self.predicted is not None and self.delegated is None:
            found.append("what was delegated could not be verified: the runtime doesn't tell")
        return tuple(found)

    @property
    def agrees(self) -> bool:
        return not self.reasons


def _ended(result: RunResult) -> str:
    return f"{result.status}: {result.message}"


class Proving:
    """Runs one model through delegates; what the CPU computes is computed once an entry."""

    def __init__(self, model: Model, path: str, settings: Settings) -> None:
        self.model = model
        self.settings = settings
        self._path = path
        self._references: dict[str | None, tuple[Sequence[Sample], RunResult]] = {}

    def entries(self) -> list[Entry]:
        """The ways in that are asked for. Raises: UsageError."""
        return entries.entries(self.model, self.settings.signature)

    def runs(self, runner: Runner, audit: DelegateAudit | None = None) -> Iterator[Run]:
        """One run for each entry, held against an audit. Raises: RuntimeUnavailable, UsageError."""
        parameters = audit.configuration.parameters if audit else {}
        for entry in self.entries():
            request = self._request(entry, parameters)
            samples, reference = self._reference(entry)
            try:
                runner.check(request)
                result = runner.run(request, samples, self.settings.limits)
            except RuntimeUnavailable as missing:
                result = RunResult(status=UNAVAILABLE, message=str(missing))
            yield self._judge(runner, audit, parameters, entry, samples, reference, result)

    def _request(self, entry: Entry, parameters: Mapping[str, Any]) -> RunRequest:
        settings = self.settings
        return RunRequest(
            model=self._path,
            entry=entry,
            parameters=parameters,
            shapes=settings.wanted.shapes,
            threads=settings.threads,
            warmup=settings.warmup,
            runs=settings.runs,
            library=settings.library,
            options=settings.options,
            vulkan_driver=settings.vulkan_driver,
            computed=entries.computed(self.model, entry),
        )

    def _reference(self, entry: Entry) -> tuple[Sequence[Sample], RunResult]:
        if entry.key not in self._references:
            runner, request = engines.local(engines.REFERENCE), self._request(entry, {})
            runner.check(request)
            samples = inputs.samples(self.model, entry, self._wanted(entry))
            self._references[entry.key] = samples, runner.run(request, samples, self.settings.limits)
        return self._references[entry.key]

    def _wanted(self, entry: Entry) -> Wanted:
        wanted = self.settings.wanted
        read = files.given(self.model, entry, self.settings.files, wanted.shapes, wanted.ranges)
        return replace(wanted, given={**wanted.given, **read})

    def _judge(
        self,
        runner: Runner,
        audit: DelegateAudit | None,
        parameters: Mapping[str, Any],
        entry: Entry,
        samples: Sequence[Sample],
        reference: RunResult,
        result: RunResult,
    ) -> Run:
        outputs: list[OutputComparison] = []
        measured = result.measured
        if reference.status == OK and measured is not None:
            outputs = comparison.compare(
                self.model,
                entry,
                reference.outputs,
                result.outputs,
                self.settings.thresholds,
                measured.never_written,
            )
            if runner.rounds_alike and sensitivity.can_be_rounding(outputs):
                outputs = self._allow(entry, samples, reference, outputs)
        predicted = None if audit is None else _predicted(audit)
        actual = None if measured is None else measured.delegated
        return Run(
            delegate=runner.name if audit is None else audit.configuration.pack.delegate,
            backend=runner.name,
            parameters=parameters,
            entry=entry,
            samples=samples,
            reference=reference,
            result=result,
            outputs=tuple(outputs),
            predicted=predicted,
            differences=tuple(_differences(self.model, predicted, actual)),
            foreseen="" if audit is None else _foreseen(audit),
        )

    def _allow(
        self,
        entry: Entry,
        samples: Sequence[Sample],
        reference: RunResult,
        outputs: Sequence[OutputComparison],
    ) -> list[OutputComparison]:
        """What rounding explains, by the CPU's own result from inputs moved a little."""
        subgraph = self.model.subgraphs[entry.subgraph]
        moved = inputs.nudged(subgraph, entry, samples, self.settings.wanted.seed)
        request = replace(self._request(entry, {}), runs=0)
        again = engines.local(engines.REFERENCE).run(request, moved, self.settings.limits)
        if again.status != OK:
            return list(outputs)
        own = comparison.compare(self.model, entry, reference.outputs, again.outputs)
        return sensitivity.allow(subgraph, entry, outputs, own)


def prove(audit: Audit, path: str, settings: Settings) -> list[Run]:
    """Every delegate of an audit, run for real. Raises: RuntimeUnavailable, UsageError."""
    proving = Proving(audit.model, path, settings)
    if settings.library is None:
        runners = [engines.local(one.configuration.pack.delegate) for one in audit.delegates]
        pairs = zip(runners, audit.delegates, strict=True)
        return [run for runner, one in pairs for run in proving.runs(runner, one)]
    if len(audit.delegates) > 1:
        raise UsageError("--delegate-lib: there is one library for several delegates; name one with -d")
    return list(proving.runs(engines.local(engines.EXTERNAL), *audit.delegates))


def _predicted(audit: DelegateAudit) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for operator in audit.operators:
        taken = found.setdefault(operator.subgraph, [])
        if operator.delegated:
            taken.append(operator.index)
    return {subgraph: tuple(taken) for subgraph, taken in found.items()}


def _foreseen(audit: DelegateAudit) -> str:
    """Why nothing was predicted to run: the CPU refuses an operator, or the delegate fails to load."""
    if audit.summary.delegated:
        return ""
    return next((blocker.finding.message for blocker in audit.blockers if blocker.kind is not None), "")


def _differences(
    model: Model,
    predicted: Mapping[int, tuple[int, ...]] | None,
    actual: Mapping[int, tuple[int, ...]] | None,
) -> Iterator[Difference]:
    if predicted is None or actual is None:
        return
    for subgraph in model.subgraphs:
        said, done = (set(taken.get(subgraph.index, ())) for taken in (predicted, actual))
        for operators, expected in ((said - done, True), (done - said, False)):
            if operators:
                yield _difference(model, subgraph.index, sorted(operators), expected)


def _difference(model: Model, subgraph: int, operators: Sequence[int], predicted: bool) -> Difference:
    names = [f"#{index} {model.subgraphs[subgraph].operators[index].name}" for index in operators[:_NAMED]]
    more = f" and {len(operators) - _NAMED} more" if len(operators) > _NAMED else ""
    where = f" of subgraph {subgraph}" if subgraph else ""
    words = ("predicted to be delegated, ran on the CPU", "predicted for the CPU, was delegated")
    message = f"{', '.join(names)}{more}{where}: {words[0] if predicted else words[1]}"
    return Difference(subgraph, tuple(operators), predicted, message)

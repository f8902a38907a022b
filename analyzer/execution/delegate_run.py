"""A run through a delegate: its settings and its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from analyzer.execution.bisection.bisect import Culprit
from analyzer.execution.compare.measures import OutputComparison, Thresholds, real
from analyzer.execution.engines import lookup
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import CRASHED, FAILED, OK, Entry, Limits, RunResult, Sample
from analyzer.model.graph import Model


class Settings(Struct, frozen=True):
    """Settings of runs, whatever the delegate."""

    wanted: Wanted = Wanted()
    #: `[NAME=]FILE` texts: inputs of the user's own.
    files: tuple[str, ...] = ()
    signature: str | None = None
    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    runs: int = 20
    warmup: int = 3
    threads: int = 1
    library: str | None = None
    options: Mapping[str, str] = {}
    vulkan_driver: str | None = None
    #: Whether to search for the operator from which outputs differ, where they do.
    bisect: bool = False


class Difference(Struct, frozen=True):
    """Operators of one subgraph that were predicted to be delegated and are not, or the other way round."""

    subgraph: int
    operators: tuple[int, ...]
    predicted: bool
    message: str


class Run(Struct, frozen=True, kw_only=True):
    """One model through one delegate, beside the CPU and beside what was predicted."""

    model: Model
    delegate: str
    backend: str
    parameters: Mapping[str, str | int | bool] = {}
    entry: Entry
    #: What went in, one mapping of names to arrays a sample.
    samples: Sequence[Sample]
    #: The CPU's own run, and what did it.
    reference: RunResult
    compared_with: str = lookup.REFERENCE
    #: Why that isn't the CPU's reference kernels.
    substituted: str = ""
    #: The delegate's; its outputs are one mapping of names to arrays a sample.
    result: RunResult
    outputs: tuple[OutputComparison, ...] = ()
    #: Subgraph -> operators; None without a rule pack to predict by.
    predicted: Mapping[int, tuple[int, ...]] | None = None
    #: Operators taken otherwise than predicted.
    differences: tuple[Difference, ...] = ()
    #: What was predicted to keep the model from running at all; empty where nothing was.
    foreseen: str = ""
    #: Where outputs begin to differ, where that was searched: one for each subgraph in which they do.
    culprits: tuple[Culprit, ...] = ()

    def __repr__(self) -> str:
        return f"<Run of {self.model.path} on {self.backend}: {'; '.join(self.reasons) or 'agrees'}>"

    @property
    def values(self) -> list[Sample]:
        """The delegate's outputs in real units, one mapping of names to arrays a sample."""
        tensors = self.model.subgraphs[self.entry.subgraph].tensors
        named = [(name, tensors[index]) for name, index in self.entry.outputs]
        return [
            {name: real(tensor, outputs[name]) for name, tensor in named} for outputs in self.result.outputs
        ]

    @property
    def delegated(self) -> Mapping[int, tuple[int, ...]] | None:
        """Subgraph -> operators that the delegate took; None where the runtime doesn't tell."""
        return self.result.delegated

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
        """Reasons for which this run doesn't hold, one line each."""
        if self.result.status != OK:
            return (_ended(self.result) + self._expected(),)
        reasons = [f"output {output.name}: {output.problem}" for output in self.outputs if not output.within]
        reasons += [output.message for output in self.differences]
        if self.reference.status != OK:
            reasons.append(f"not compared, the CPU's own run {_ended(self.reference)}")
        if self.predicted is None and self.delegated is not None and not any(self.delegated.values()):
            reasons.append("the delegate took no operator")
        if self.predicted is not None and self.delegated is None:
            reasons.append("what was delegated could not be verified: the runtime doesn't tell")
        return tuple(reasons)

    def _expected(self) -> str:
        """The prediction for a run that ended badly, or why the delegate isn't to blame."""
        if self.foreseen:
            return f"; predicted: {self.foreseen}"
        if self.result.status == self.reference.status:
            return f"; the CPU's own run {self.reference.status} too"
        if self.predicted_equal:
            return "; delegated as predicted before that"
        count = sum(map(len, (self.predicted or {}).values()))
        return f"; predicted: {count} operator{'' if count == 1 else 's'} delegated" if count else ""

    @property
    def agrees(self) -> bool:
        """True where it computes what the CPU does and was delegated as predicted; unknowns don't count."""
        return not self.reasons and bool(self.outputs or not self.entry.outputs)


def _ended(result: RunResult) -> str:
    return f"{result.status}: {result.message}"

"""Finds the first operator from which a delegate's results part from the CPU's.

The CPU computes every tensor once. The operators that the delegate took are then cut out as a model of their
own, entered with the CPU's values: first all of them, then half as many, and so on, until one operator makes
the difference. That one is run by itself too, which tells a wrong kernel from errors that add up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.model import cut, read
from analyzer.model.graph import OMITTED, Model
from analyzer.runtime import comparison, engines, entries
from analyzer.runtime.comparison import OutputComparison, Thresholds
from analyzer.runtime.interface import OK, Limits, Runner, RunRequest, RunResult, Sample


class Culprit(Struct, frozen=True):
    """Where results part. `operator` is None where they can't be made to, in the words of `message`."""

    message: str
    operator: int | None = None
    #: The output of the cut that ends with the operator.
    output: OutputComparison | None = None
    #: The operator's own output from the CPU's inputs; None where that could not be run.
    alone: OutputComparison | None = None


class Bisection:
    """One model of one subgraph's entry, on one runner."""

    def __init__(
        self, model: Model, runner: Runner, request: RunRequest, limits: Limits, thresholds: Thresholds
    ) -> None:
        self._model = model
        self._runner = runner
        self._request = request
        self._limits = limits
        self._thresholds = thresholds
        self._subgraph = model.subgraphs[0]

    def agrees(self, delegated: Sequence[int], samples: Sequence[Sample]) -> bool:
        """Whether the delegated operators, entered with the CPU's values, leave what the CPU does."""
        values = [] if self._request.entry.subgraph else self._tensors(samples)
        return not isinstance(values, RunResult) and bool(values) and self._wrong(delegated, values) is None

    def find(self, delegated: Sequence[int], samples: Sequence[Sample]) -> Culprit:
        """The first of the delegated operators that doesn't compute what the CPU does."""
        if self._request.entry.subgraph:
            return Culprit("only what runs in the first subgraph can be searched")
        values = self._tensors(samples)
        if isinstance(values, RunResult):
            return Culprit(f"the CPU can't keep every tensor for the search: {values.message}")
        suspects = sorted(delegated)
        worst = self._wrong(suspects, values)
        if worst is None:
            return Culprit("the delegated operators agree with the CPU when they are run by themselves")
        right, wrong = 0, len(suspects)
        while wrong - right > 1:
            middle = (right + wrong) // 2
            found = self._wrong(suspects[:middle], values)
            if found is None:
                right = middle
            else:
                wrong, worst = middle, found
        return self._culprit(suspects[wrong - 1], worst, values)

    def _culprit(
        self, operator: int, worst: OutputComparison, values: Sequence[Mapping[int, Any]]
    ) -> Culprit:
        alone = self._compare([operator], values)
        name = f"#{operator} {self._subgraph.operators[operator].name}"
        own = max(alone, key=lambda one: one.max_rel, default=None)
        if own is None or not own.within:
            told = "so it does by itself" if own else "by itself it could not be run"
        else:
            told = "by itself it agrees: errors before it add up, or those are computed with it"
        return Culprit(f"results part at {name}: {worst.problem}; {told}", operator, worst, own)

    def _tensors(self, samples: Sequence[Sample]) -> list[dict[int, Any]] | RunResult:
        """Every tensor of every sample as the CPU computes it."""
        subgraph = self._subgraph
        made = [index for operator in subgraph.operators for index in operator.outputs if index != OMITTED]
        outputs = tuple((str(index), index) for index in dict.fromkeys(made))
        entry = replace(self._request.entry, outputs=outputs)
        request = replace(self._request, entry=entry, keep_all=True, runs=0, computed=())
        found = engines.local(engines.REFERENCE).run(request, samples, self._limits)
        if found.status != OK:
            return found
        entering = self._request.entry.inputs
        return [
            {int(name): value for name, value in computed.items()}
            | {index: sample[name] for name, index in entering}
            for computed, sample in zip(found.outputs, samples, strict=True)
        ]

    def _wrong(
        self, operators: Sequence[int], values: Sequence[Mapping[int, Any]]
    ) -> OutputComparison | None:
        """The worst output of a cut where one isn't within its threshold."""
        wrong = [one for one in self._compare(operators, values) if not one.within]
        return max(wrong, key=lambda one: one.max_rel, default=None)

    def _compare(
        self, operators: Sequence[int], values: Sequence[Mapping[int, Any]]
    ) -> list[OutputComparison]:
        part = cut.around(self._subgraph, operators)
        # A cut may end in tensors that are not there in numbers: variables, resources.
        outputs = [index for index in part.outputs if index in values[0]]
        if not outputs:
            return []
        with TemporaryDirectory() as folder:
            file = Path(folder) / "cut.tflite"
            shapes = {index: values[0][index].shape for index in part.inputs if index in values[0]}
            file.write_bytes(
                cut.write(
                    Path(self._request.model).read_bytes(), replace(part, outputs=tuple(outputs)), shapes
                )
            )
            model = read(file)
            entry = entries.main(model.subgraphs[0])
            request = replace(
                self._request, model=str(file), entry=entry, shapes={}, runs=0, warmup=0, computed=()
            )
            samples = [{name: sample[index] for name, index in entry.inputs} for sample in values]
            found = self._runner.run(request, samples, self._limits)
        if found.status != OK:
            return [_broken(found)]
        reference = [{name: sample[index] for name, index in entry.outputs} for sample in values]
        return comparison.compare(model, entry, reference, found.outputs, self._thresholds)


def _broken(found: RunResult) -> OutputComparison:
    problem = f"{found.status}: {found.message}"
    return OutputComparison(name="", dtype="", equal=0.0, within=False, problem=problem)

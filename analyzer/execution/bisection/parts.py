"""Parts of a model as models of their own, run by a delegate from the CPU's values and compared with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import RuntimeUnavailable
from analyzer.execution.bisection import intermediate_values
from analyzer.execution.bisection.intermediate_values import NotComputed, Tensors
from analyzer.execution.compare.measures import OutputComparison, Thresholds
from analyzer.execution.compare.tolerance import OutputComparer
from analyzer.execution.inputs import signatures
from analyzer.execution.request import OK, Limits, Runner, RunRequest, RunResult, Sample
from analyzer.files import temporary_folder
from analyzer.model import extract, read, read_bytes
from analyzer.model.extract import Cut
from analyzer.model.graph import Model, Subgraph
from analyzer.model.read import damage_told


class Reproducer(Struct, frozen=True):
    """A model of few operators that differs by itself, with the inputs that show it."""

    model: bytes
    inputs: Sample
    operators: tuple[int, ...]


class Parts:
    """Operators of one subgraph, any of them at a time."""

    def __init__(
        self,
        subgraph: Subgraph,
        values: Sequence[Tensors],
        runner: Runner,
        request: RunRequest,
        limits: Limits,
        thresholds: Thresholds,
    ) -> None:
        self.subgraph = subgraph
        self._values = values
        self._runner = runner
        self._request = replace(request, shapes={}, runs=0, warmup=0, computed=())
        self._limits = limits
        self._thresholds = thresholds
        self._compared: dict[tuple[int, ...], dict[int, OutputComparison]] = {}

    def compare(self, operators: Sequence[int]) -> Mapping[int, OutputComparison]:
        """Each tensor that leaves the operators, when they are entered with the CPU's values."""
        asked = tuple(operators)
        if asked not in self._compared:
            self._compared[asked] = self._compare(asked)
        return self._compared[asked]

    def reproducer(self, operators: Sequence[int]) -> Reproducer | None:
        """Operators as a model with the first inputs for which it differs; None where it does for none."""
        part = self._part(operators)
        for values in self._values if part.outputs else ():
            alone = Parts(
                self.subgraph, [values], self._runner, self._request, self._limits, self._thresholds
            )
            if any(not comparison.within for comparison in alone.compare(operators).values()):
                data = alone._written(part)
                entry = signatures.main(read_bytes(data, self._request.model).subgraphs[0])
                return Reproducer(
                    data, {name: values[index] for name, index in entry.inputs}, tuple(operators)
                )
        return None

    def _part(self, operators: Sequence[int]) -> Cut:
        """A cut may end in tensors that are not there in numbers: variables, resources."""
        part = extract.around(self.subgraph, operators)
        known = tuple(index for index in part.outputs if all(index in values for values in self._values))
        return replace(part, outputs=known)

    def _compare(self, operators: Sequence[int]) -> dict[int, OutputComparison]:
        part = self._part(operators)
        known = part.outputs
        if not known:
            return {}
        with temporary_folder() as folder:
            file = Path(folder) / "part.tflite"
            file.write_bytes(self._written(part))
            return dict(zip(known, self._run(file), strict=True))

    def _written(self, part: Cut) -> bytes:
        shapes = {index: value.shape for index, value in self._values[0].items()}
        with damage_told(self._request.model):
            return extract.write(Path(self._request.model).read_bytes(), part, shapes)

    def _run(self, file: Path) -> list[OutputComparison]:
        model = read(file)
        entry = signatures.main(model.subgraphs[0])
        request = replace(self._request, model=str(file), entry=entry)
        samples, expected = (
            [{name: values[index] for name, index in named} for values in self._values]
            for named in (entry.inputs, entry.outputs)
        )
        result = self._runner.run(request, samples, self._limits)
        if result.status != OK:
            return [_broken(name, result) for name, _ in entry.outputs]
        reference = RunResult(status=OK, outputs=expected)
        comparer = OutputComparer(model, request, self._limits, self._thresholds)
        return comparer.outputs(self._runner, samples, reference, result)


def parts(
    model: Model,
    runner: Runner,
    request: RunRequest,
    samples: Sequence[Sample],
    limits: Limits,
    thresholds: Thresholds,
) -> Iterator[Parts]:
    """The entry's subgraph and those that it calls. Raises: NotComputed, RuntimeUnavailable."""
    for subgraph, values in intermediate_values.computed(model, request, samples, limits):
        yield Parts(subgraph, values, runner, request, limits, thresholds)


def agree(searches: Iterator[Parts], operators: Sequence[int]) -> bool:
    """True where operators of the entry's subgraph leave what the CPU does; False where that isn't known."""
    try:
        left = next(searches).compare(operators).values()
    except (NotComputed, RuntimeUnavailable):
        return False
    return bool(left) and all(comparison.within for comparison in left)


def _broken(name: str, result: RunResult) -> OutputComparison:
    return OutputComparison(
        name=name, dtype="", equal=0.0, within=False, problem=f"{result.status}: {result.message}"
    )

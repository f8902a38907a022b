"""Every tensor of a subgraph as the CPU computes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from analyzer.errors import AnalyzerError
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import signatures
from analyzer.execution.request import OK, Limits, RunRequest, Sample, kept
from analyzer.files import temporary_folder
from analyzer.model import extract, read
from analyzer.model.graph import OMITTED, Model, Subgraph
from analyzer.model.read import damage_told

#: Tensor index -> values.
Tensors = Mapping[int, Any]


class NotComputed(AnalyzerError):
    """The CPU can't run what its tensors are wanted of."""


def computed(
    model: Model, request: RunRequest, samples: Sequence[Sample], limits: Limits
) -> Iterator[tuple[Subgraph, list[Tensors]]]:
    """The entry's subgraph and those that it calls, each with its tensors for each sample.

    A subgraph that is called is run once more by itself, from what enters it at the end of a sample.
    Raises: NotComputed, RuntimeUnavailable.
    """
    yield from _computed(model, model.subgraphs[request.entry.subgraph], request, samples, limits)


def _computed(
    model: Model, subgraph: Subgraph, request: RunRequest, samples: Sequence[Sample], limits: Limits
) -> Iterator[tuple[Subgraph, list[Tensors]]]:
    """The same of a subgraph whose place in the request's file is that of the entry."""
    below = [model.subgraphs[index] for index in subgraph.callees]
    wanted = {request.entry.subgraph: _own(subgraph)} | {callee.index: callee.inputs for callee in below}
    kept = tuple((place, index) for place, indices in wanted.items() for index in indices)
    computed = _run(replace(request, kept=kept), samples, limits)
    yield subgraph, [_of(request.entry.subgraph, _own(subgraph), sample) for sample in computed]
    for callee in below:
        entered = [_of(callee.index, callee.inputs, sample) for sample in computed]
        # A branch that isn't taken is entered by nothing.
        entered = [tensors for tensors in entered if tensors.keys() >= set(callee.inputs)]
        if entered:
            with temporary_folder() as folder:
                alone, inputs = _alone(request, callee, entered, Path(folder) / "subgraph.tflite")
                yield from _computed(model, callee, alone, inputs, limits)


def _own(subgraph: Subgraph) -> Sequence[int]:
    made = [index for operator in subgraph.operators for index in operator.outputs if index != OMITTED]
    return list(dict.fromkeys((*subgraph.inputs, *made)))


def _run(request: RunRequest, samples: Sequence[Sample], limits: Limits) -> Sequence[Sample]:
    runner = lookup.local(lookup.REFERENCE)
    request = replace(request, parameters={}, runs=0, warmup=0, computed=())
    runner.check(request)
    ran = runner.run(request, samples, limits)
    if ran.status != OK:
        raise NotComputed(f"the CPU can't keep every tensor for the search: {ran.message}")
    return ran.outputs


def _of(place: int, indices: Sequence[int], sample: Sample) -> Tensors:
    names = {index: kept(place, index) for index in indices}
    return {index: sample[name] for index, name in names.items() if name in sample}


def _alone(
    request: RunRequest, subgraph: Subgraph, entered: Sequence[Tensors], file: Path
) -> tuple[RunRequest, list[Sample]]:
    """A subgraph as the main one of a file: one that is called may have its memory taken away."""
    part = extract.around(subgraph, range(len(subgraph.operators)))
    shapes = {index: value.shape for index, value in entered[0].items()}
    with damage_told(request.model):
        file.write_bytes(extract.write(Path(request.model).read_bytes(), part, shapes))
    entry = signatures.main(read(file).subgraphs[0])
    samples: list[Sample] = [{name: tensors[index] for name, index in entry.inputs} for tensors in entered]
    return replace(request, model=str(file), entry=entry, shapes={}), samples

"""Maps the arrays of a data set to a model's inputs, and to the outputs that are compared with them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.evaluation.datasets import INPUT, LABELS, Dataset
from analyzer.execution.compare import measures
from analyzer.execution.inputs import generate
from analyzer.execution.inputs.array_header import shape_text
from analyzer.execution.inputs.images import Shades, shades
from analyzer.execution.request import Entry
from analyzer.model import metadata
from analyzer.model.graph import Model, Subgraph, Tensor
from analyzer.model.metadata import Described

#: What converters add to the names of inputs and outputs.
_ADDED = re.compile(r"^serving_default_|:\d+$")


class IOTensor(Struct, frozen=True):
    """An input or an output: what it goes by, and a sample's shape, None (as any of its sizes) where open."""

    name: str
    aliases: tuple[str, ...] = ()
    shape: tuple[int | None, ...] | None = None
    tensor: Tensor | None = None
    described: Described | None = None


@runtime_checkable
class Opaque(Protocol):
    """A session of a model whose file doesn't tell what goes into it and what comes out."""

    inputs: Sequence[IOTensor]
    outputs: Sequence[IOTensor]


class Binding(Struct, frozen=True):
    """An input or output with the array of a data set that belongs to it."""

    io: IOTensor
    array: str

    def stored(self, values: Any, batch: int, shape: tuple[int, ...]) -> Any:
        """A batch as the input holds it; a short one is filled up with its last sample."""
        import numpy as np

        missing = batch - len(values)
        if missing:
            values = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        values, tensor = values.reshape(shape), self.io.tensor
        if tensor is None:
            return values
        dtype = np.dtype(generate.NUMPY[tensor.dtype])
        with np.errstate(invalid="ignore"):
            values = values.astype(np.float64)
        return generate.stored(values, tensor, dtype)

    def real(self, values: Any, batch: int) -> Any:
        """An output in real units, [batch, size]."""
        tensor = self.io.tensor
        return (values if tensor is None else measures.real(tensor, values)).reshape(batch, -1)

    def shades(self, given: tuple[float, float] | None) -> Shades:
        return shades(self.io.tensor, self.io.described, given)


def model_inputs(model: Model, entry: Entry) -> list[IOTensor]:
    """A .tflite model's inputs."""
    return _io_tensors(model.subgraphs[entry.subgraph], entry.inputs, metadata.inputs(model, entry.subgraph))


def model_outputs(model: Model, entry: Entry) -> list[IOTensor]:
    return _io_tensors(
        model.subgraphs[entry.subgraph], entry.outputs, metadata.outputs(model, entry.subgraph)
    )


def _io_tensors(
    subgraph: Subgraph, named: Sequence[tuple[str, int]], described: Mapping[int, Described]
) -> list[IOTensor]:
    tensors = [(name, subgraph.tensors[index]) for name, index in named]
    return [
        IOTensor(name, (tensor.name, _ADDED.sub("", tensor.name)), None, tensor, described.get(tensor.index))
        for name, tensor in tensors
    ]


def bind_inputs(model: str, io_tensors: Sequence[IOTensor], data: Dataset) -> list[Binding]:
    """Every input with the array that it is fed. Raises: UsageError."""
    bindings = list(_bindings(io_tensors, data.shapes, INPUT))
    bound = {binding.io.name for binding in bindings}
    missing = [io.name for io in io_tensors if io.name not in bound]
    if missing:
        wanted = " and ".join(missing) if len(io_tensors) > 1 else f"{INPUT} or {missing[0]}"
        raise UsageError(f"{model}: the data set has no numbers called {wanted}, only {_listed(data)}")
    return bindings


def bind_outputs(model: str, io_tensors: Sequence[IOTensor], data: Dataset) -> list[Binding]:
    """Outputs with the arrays that they are compared with, as far as there are any. Raises: UsageError."""
    bindings = list(_bindings(io_tensors, data.shapes, LABELS))
    if not bindings:
        names = [io.name for io in io_tensors]
        wanted = f"any of {', '.join(names)}" if len(names) > 1 else f"{LABELS} or {', '.join(names)}"
        raise UsageError(f"{model}: the data set has no numbers called {wanted}, only {_listed(data)}")
    return bindings


def _bindings(io_tensors: Sequence[IOTensor], arrays: Iterable[str], sole: str) -> Iterable[Binding]:
    """Arrays by the names of inputs or outputs; the only one may be called `sole`."""
    there = set(arrays)
    for io in io_tensors:
        names = (io.name, *io.aliases, *([sole] if len(io_tensors) == 1 else []))
        array = next((name for name in names if name in there), None)
        if array is not None:
            yield Binding(io, array)


def _listed(data: Dataset) -> str:
    return ", ".join(data.shapes)


def resized(model: str, bindings: Sequence[Binding], data: Dataset, batch: int) -> dict[str, tuple[int, ...]]:
    """Shapes to resize a .tflite model's inputs to, for a batch of samples. Raises: UsageError."""
    shapes = {}
    for binding in bindings:
        sample, tensor = data.shapes[binding.array], binding.io.tensor
        assert tensor is not None
        shape = _fitting(tensor, sample, batch)
        if shape is None:
            raise UsageError(
                f"{model}: takes {shape_text(tensor.shape)}, a sample has shape {shape_text(sample or ())}; "
                f"reshape the data set's {binding.array}"
            )
        if shape != tensor.shape:
            shapes[binding.io.name] = shape
    return shapes


def _fitting(tensor: Tensor, sample: Sequence[int] | None, batch: int) -> tuple[int, ...] | None:
    own = tensor.shape
    if own and (sample is None or math.prod(own[1:]) == math.prod(sample)):
        return (batch, *own[1:])
    if sample is None:
        return None
    if batch == 1 and math.prod(own) == math.prod(sample):
        return own
    opened = tensor.shape_signature or ()
    fits = len(opened) == len(sample) + 1 and all(
        have in (-1, want) for have, want in zip(opened[1:], sample, strict=True)
    )
    return (batch, *sample) if fits else None


def shape(
    binding: Binding, data: Dataset, batch: int, asked: Mapping[str, tuple[int, ...]]
) -> tuple[int, ...]:
    """A whole batch, open sizes as the data set has them. Raises: ValueError where it doesn't tell."""
    io, sample = binding.io, data.shapes[binding.array]
    if io.tensor is not None:
        return asked.get(io.name, io.tensor.shape)
    if io.shape is not None and None not in io.shape:
        return (batch, *(size for size in io.shape if size is not None))
    if sample is None:
        raise ValueError("takes images of any size, so that there is none to bring them to")
    return (batch, *sample)

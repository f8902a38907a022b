"""A place in a graph where a rewrite may be applied, and what it makes there is built of."""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from analyzer.expressions.vocabulary import elements
from analyzer.model import schema
from analyzer.model.graph import OMITTED, OPEN, Operator, Quantization, Tensor
from analyzer.rewriting.arithmetic import FORMATS, Value, Values
from analyzer.rewriting.draft import NEW, Patch
from analyzer.rewriting.prepared_graph import Graph, Unfit


class Site:
    """One operator of a graph; what can't be answered raises Unfit, which means: not here."""

    def __init__(self, graph: Graph, operator: Operator) -> None:
        self.graph = graph
        self.operator = operator
        self._own = len(graph.stated.tensors)
        self._tensors: list[Tensor] = []

    # What is there

    def tensor(self, index: int) -> Tensor:
        """A tensor as prepared, also one that this site made."""
        tensors = self.graph.subgraph.tensors
        return tensors[index] if index < self._own else self._tensors[index - self._own]

    def has(self, operand: int) -> bool:
        """Whether an operand is given."""
        return operand < len(self.operator.inputs) and self.operator.inputs[operand] != OMITTED

    def input(self, operand: int = 0) -> Tensor:
        if not self.has(operand):
            raise Unfit
        return self.tensor(self.operator.inputs[operand])

    def output(self, operand: int = 0) -> Tensor:
        if operand >= len(self.operator.outputs) or self.operator.outputs[operand] == OMITTED:
            raise Unfit
        return self.tensor(self.operator.outputs[operand])

    def values(self, tensor: Tensor) -> Values:
        """The elements of a tensor that holds the same whatever an app does."""
        own, *others = self.graph.values(tensor.index)
        self.require(all(other == own for other in others))
        return own

    def whole(self, tensor: Tensor) -> list[int]:
        """The same as whole numbers. Raises: Unfit for numbers of another kind."""
        self.require("INT" in tensor.dtype)
        return list(map(int, self.values(tensor)))

    def sizes(self, tensor: Tensor) -> tuple[int, ...]:
        """The sizes that a tensor holds for RESHAPE; one that hangs on what an app chooses is left open."""
        self.require("INT" in tensor.dtype)
        own, *others = self.graph.values(tensor.index)
        open_places = {
            i for other in others for i, pair in enumerate(zip(own, other, strict=True)) if len({*pair}) > 1
        }
        self.require(len(open_places) + own.count(OPEN) <= 1, not open_places or 0 not in own)
        return tuple(OPEN if i in open_places else int(size) for i, size in enumerate(own))

    def option(self, name: str) -> Any:
        return self.operator.options[name]

    def require(self, *conditions: bool) -> None:
        """Raises: Unfit unless all hold."""
        if not all(conditions):
            raise Unfit

    # What is made

    def add(
        self,
        like: Tensor,
        shape: Sequence[int],
        purpose: str,
        open_axes: Collection[int] = (),
        dtype: str | None = None,
        quantization: Quantization | None = None,
    ) -> int:
        """A tensor that an operator computes, of the type and quantization of another unless said.

        Raises: Unfit where that has a scale for each place along a dimension, and the shape is another one.
        """
        own = like.quantization if dtype is None else quantization
        self.require(tuple(shape) == like.shape or not _per_channel(own))
        signature = tuple(OPEN if axis in open_axes else size for axis, size in enumerate(shape))
        return self._added(
            Tensor(
                index=self._own + len(self._tensors),
                name=f"{like.name}/{purpose}",
                dtype=dtype or like.dtype,
                shape=tuple(shape),
                shape_signature=signature if open_axes else None,
                quantization=own,
            )
        )

    def constant(
        self,
        dtype: str,
        shape: Sequence[int],
        values: Sequence[Value] | bytes | memoryview,
        name: str,
        quantization: Quantization | None = None,
    ) -> int:
        """A constant of these values, or of bytes that are they."""
        data = values if isinstance(values, bytes | memoryview) else packed(dtype, values)
        return self._added(
            Tensor(
                index=self._own + len(self._tensors),
                name=name,
                dtype=dtype,
                shape=tuple(shape),
                constant=True,
                data=memoryview(data),
                buffer=NEW,
                quantization=quantization,
            )
        )

    def viewed_constant(self, tensor: Tensor, shape: Sequence[int]) -> int:
        """The same constant's bytes in another shape; they aren't written again."""
        self.require(tensor.constant, tensor.sparsity is None, not _per_channel(tensor.quantization))
        index, name = self._own + len(self._tensors), f"{tensor.name}/reshaped"
        return self._added(replace(tensor, index=index, name=name, shape=tuple(shape), shape_signature=None))

    def copy(self, tensor: Tensor, name: str) -> int:
        """A tensor of another subgraph; a constant's bytes aren't written again.

        Raises: Unfit for one that stands for more than its elements.
        """
        quantization = tensor.quantization
        self.require(quantization is None or quantization.details is None, tensor.sparsity is None)
        self.require(not tensor.variable, not tensor.dynamic)
        self.require(not tensor.external_buffer, not tensor.variant_tensors)
        made = replace(tensor, index=self._own + len(self._tensors), name=name)
        return self._added(replace(made, computed_values=None, persistent=False))

    def known(self, tensor: Tensor, shape: Sequence[int], data: bytes) -> Tensor:
        """A tensor of the graph as a constant of these bytes: nothing writes it any more."""
        return replace(
            self.graph.stated.tensors[tensor.index],
            dtype=tensor.dtype,
            shape=tuple(shape),
            shape_signature=None,
            constant=True,
            data=memoryview(data),
            buffer=NEW,
        )

    def _added(self, tensor: Tensor) -> int:
        self._tensors.append(tensor)
        return tensor.index

    def make(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: Mapping[str, Any] | None = None,
        version: int = 1,
    ) -> Operator:
        """An operator; options that aren't given have the schema's defaults."""
        table = schema.options_table(name)
        fields = {field.name: field.default for field in schema.fields(table).values()} if table else {}
        return Operator(
            index=NEW,
            name=name,
            version=version,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            options=fields | dict(options or {}),
            options_table=table,
        )

    def shape_constant(self, shape: Sequence[int], open_axes: Collection[int], name: str) -> int:
        """The shape operand of RESHAPE for a tensor of which at most one size is open."""
        self.require(len(open_axes) <= 1, elements(shape) > 0 or not open_axes)
        sizes = [OPEN if axis in open_axes else size for axis, size in enumerate(shape)]
        return self.constant("INT32", [len(sizes)], sizes, f"{name}/shape")

    def reshape(self, source: int, target: int, open_axes: Collection[int] | None = None) -> Operator:
        """RESHAPE from one tensor into another; an open size stays open."""
        into = self.tensor(target)
        axes = self.graph.open_axes(target) if open_axes is None else open_axes
        shape = self.shape_constant(into.shape, axes, into.name)
        sizes = [OPEN if axis in axes else size for axis, size in enumerate(into.shape)]
        return self.make("RESHAPE", [source, shape], [target], {"new_shape": sizes})

    def reshaped(
        self, index: int, shape: Sequence[int], open_axes: Collection[int] = ()
    ) -> tuple[list[Operator], int]:
        """A tensor in another shape, and the operator that is needed for it, if any."""
        tensor = self.tensor(index)
        if tensor.constant:
            return [], self.viewed_constant(tensor, shape)
        made = self.add(tensor, shape, "reshaped", open_axes)
        return [self.reshape(index, made, open_axes)], made

    def replaced(self, *operators: Operator) -> Patch:
        """The operator's place taken by others."""
        return self.patch({self.operator.index: operators})

    def bypass(self, source: int) -> Patch:
        """The operator dropped: its readers read `source`, or what writes `source` writes its output.

        Raises: Unfit where neither can be.
        """
        self.require(len(self.operator.outputs) == 1)
        (output,) = self.operator.outputs
        # What is read of a state is read before it changes.
        self.require(not self.tensor(source).variable)
        if not self.graph.leaves(output):
            return self.patch({self.operator.index: ()}, None, {output: source})
        writer = self.graph.producer(source)
        self.require(writer is not None, not self.graph.leaves(source))
        assert writer is not None
        outputs = tuple(output if index == source else index for index in writer.outputs)
        operators = {writer.index: [replace(writer, outputs=outputs)], self.operator.index: ()}
        return self.patch(operators, None, {source: output})

    def patch(
        self,
        operators: Mapping[int, Sequence[Operator]],
        altered: Mapping[int, Tensor] | None = None,
        read_instead: Mapping[int, int] | None = None,
    ) -> Patch:
        return Patch(
            self.graph.subgraph.index,
            tuple(self._tensors),
            {index: tuple(made) for index, made in operators.items()},
            altered or {},
            read_instead or {},
        )


def packed(dtype: str, values: Sequence[Value]) -> bytes:
    """The bytes of a constant. Raises: Unfit for a type that isn't written, or numbers that it can't hold."""
    if dtype not in FORMATS:
        raise Unfit
    try:
        return struct.pack(f"<{len(values)}{FORMATS[dtype]}", *values)
    except struct.error:
        raise Unfit from None


def alike(tensor: Tensor, other: Tensor) -> bool:
    """Whether equal bytes of both stand for equal numbers."""
    return tensor.dtype == other.dtype and _scaling(tensor.quantization) == _scaling(other.quantization)


def _scaling(quantization: Quantization | None) -> tuple[Any, ...]:
    """What integers are scaled by; nothing where they aren't."""
    if quantization is None or not (quantization.scale_count or quantization.details):
        return ()
    count = quantization.scale_count
    points = quantization.zero_points or (0,) * count
    axis = quantization.axis if count > 1 else 0
    return quantization.scales, points, axis, quantization.details, quantization.details_fields


def _per_channel(quantization: Quantization | None) -> bool:
    return quantization is not None and quantization.scale_count > 1

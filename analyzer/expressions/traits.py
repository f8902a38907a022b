"""Traits of operators: what most conditions hang on, so that those of one kind are asked once for all.

A context's `beyond` is set by whatever part of an expression looks at anything else.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.expressions.context import Context
    from analyzer.model.graph import Operator, Tensor

#: Words of the vocabulary that hang on traits alone. Others of them say by themselves how far they looked.
OF_TENSORS = frozenset({"dtype", "rank", "constant", "variable", "dynamic", "persistent"}) | {
    "known",
    "quantized",
    "per_channel",
    "blockwise",
    "scale_count",
    "zero_point_count",
    "leaves_partition",
}
OF_OPERATORS = frozenset({"op", "custom", "version", "inputs", "outputs", "operands", "has_options"})
_ONE = (1,)
#: Options that are traits; lists differ by operator.
_SCALARS = frozenset({str, int, bool, float, type(None)})
#: More operators that read a tensor aren't told apart.
FEW = 4
#: What has more operands isn't like many others.
_MOST_OPERANDS = 32
#: Traits of a tensor -> their number, which is shorter to compare.
_NUMBERS: dict[Hashable, int] = {}


def is_trait(option: Any) -> bool:
    """Whether an option's value belongs to the traits of its operator."""
    return option.__class__ in _SCALARS


def of_operator(context: Context) -> Hashable:
    """What operators of one name have in common that conditions on traits don't tell apart; None: nothing."""
    operator = context.operator
    if len(operator.inputs) + len(operator.outputs) > _MOST_OPERANDS:
        return None
    tensors = [
        None if tensor is None else tensor.__dict__.get("traits") or _of_tensor(tensor)
        for tensor in (*context.inputs, *context.outputs)
    ]
    return (len(operator.inputs), operator.__dict__.get("traits") or _of_options(operator), *tensors)


def of_place(context: Context, partition: frozenset[int]) -> Hashable:
    """Of each output, who reads it: how many in the partition, and whether anybody else."""
    subgraph = context.subgraph
    consumers, given = subgraph.consumers, subgraph.output_set
    places = []
    for tensor in context.operator.outputs:
        readers = consumers.get(tensor, ())
        inside = {index for index in readers if index in partition}
        leaves = tensor in given or not partition.issuperset(readers)
        places.append(min(len(inside), FEW) * 2 + leaves)
    return tuple(places)


def _of_options(operator: Operator) -> Hashable:
    scalars = [value if value.__class__ in _SCALARS else "list" for value in operator.options.values()]
    traits = operator.__dict__["traits"] = (operator.version, operator.options_table, *scalars)
    return traits


def _of_tensor(tensor: Tensor) -> int:
    table, shape = tensor.quantization, tensor.shape
    traits = (
        tensor.dtype,
        len(shape),
        # What is asked most of shapes: whether there is a batch, and whether there is anything.
        shape[:1] == _ONE,
        not shape or min(shape) > 0,
        tensor.constant,
        tensor.variable,
        tensor.dynamic,
        tensor.persistent,
        tensor.computed_values is None,
        None if table is None else (min(table.scale_count, 2), min(table.zero_point_count, 2), table.details),
    )
    number = _NUMBERS.get(traits)
    if number is None:
        number = _NUMBERS[traits] = len(_NUMBERS) + 1
    tensor.__dict__["traits"] = number  # other operands are it too
    return number

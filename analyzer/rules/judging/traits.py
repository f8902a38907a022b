"""What operators that are judged alike have in common: traits, shapes, surroundings.

Each is None of an operator that is like no other.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import count
from operator import is_
from typing import Any

from analyzer.expressions import neighbours
from analyzer.expressions.context import (
    EIGHT_BITS,
    FEW_READERS,
    MOST_OPERANDS,
    SCALARS,
    UNKNOWN,
    Context,
    has_few_numbers,
    is_moderate,
)
from analyzer.memo import Memo
from analyzer.model.graph import OMITTED, Operator, Tensor

#: What has an operand of more dimensions isn't like many others, as to shapes.
_MOST_DIMENSIONS = 8
#: Traits or shapes -> their number, which is looked up sooner; no other ever has it.
_NUMBERS: Memo[Hashable, int] = Memo(50_000)
_UNUSED = count(1)
#: By shape, what of it is a trait.
_FORMS: Memo[tuple[int, ...], tuple[int, bool, bool]] = Memo(10_000)
#: By the identity of options, which are read once for all that are equal: these, and their traits' number.
_OPTIONS: Memo[int, tuple[Mapping[str, Any], int]] = Memo(10_000)


def traits(context: Context) -> Hashable:
    """What conditions on traits don't tell apart of operators of one name, their place included."""
    alone, partition = context.alone, context.partition
    if alone is UNKNOWN:
        alone = context.alone = _of_operator(context)
    if alone is None or partition is None:
        return alone
    if context.placed[0] is not partition:
        context.placed = partition, _number((alone, *_of_place(context, partition)))
    return context.placed[1]


def shapes(context: Context) -> Hashable:
    """The shapes of its operands, and which of them are one tensor."""
    if context.shapes is UNKNOWN:
        context.shapes = _of_shapes(context)
    return context.shapes


def surroundings(context: Context) -> Hashable:
    """The shapes of its operands, and what is next to it in the partition."""
    partition = context.partition
    if partition is None:
        return None
    if context.surrounded[0] is not partition:
        context.surrounded = partition, _around(context, partition)
    return context.surrounded[1]


def _number(common: Hashable) -> int:
    return _NUMBERS.get(common) or _NUMBERS.keep(common, next(_UNUSED))


def _of_operator(context: Context) -> Hashable:
    operator, tensors = context.operator, context.subgraph.tensors
    # Looked up here, because coming upon each by itself takes far longer.
    if not context.read_through:
        context.inputs = [None if index == OMITTED else tensors[index] for index in operator.inputs]
    context.outputs = [None if index == OMITTED else tensors[index] for index in operator.outputs]
    operands = (*context.inputs, *context.outputs)
    # A tensor that Prepare changes is another one.
    seen: tuple[Sequence[Tensor | None], Hashable] | None = operator.__dict__.get("seen")
    if seen is not None and all(map(is_, seen[0], operands)):
        return seen[1]
    if len(operands) > MOST_OPERANDS:
        return None
    of_tensors = [None if t is None else t.__dict__.get("traits") or _of_tensor(t) for t in operands]
    options = operator.__dict__.get("traits") or _of_options(operator)
    number = _number((len(operator.inputs), options, *of_tensors))
    operator.__dict__["seen"] = operands, number
    return number


def _of_options(operator: Operator) -> Hashable:
    options = operator.options
    known = _OPTIONS.get(id(options))
    if known is None or known[0] is not options:
        scalars = [value if value.__class__ in SCALARS else "list" for value in options.values()]
        known = options, _number((operator.options_table, *scalars))
        if "list" not in scalars:
            # With the options that the key names by identity, but no view of a file.
            _OPTIONS.keep(id(options), known)
    common = operator.__dict__["traits"] = operator.version, known[1]
    return common


def _of_tensor(tensor: Tensor) -> int:
    table, shape = tensor.quantization, tensor.shape
    common = (
        tensor.dtype,
        _FORMS.get(shape) or _FORMS.keep(shape, _form(shape)),
        tensor.constant,
        tensor.variable,
        tensor.dynamic,
        tensor.persistent,
        tensor.computed_values is None,
        tensor.sparsity is None,
        None
        if table is None
        else (min(table.scale_count, 2), min(table.zero_point_count, 2), table.details, _is_moderate(tensor)),
    )
    number = tensor.__dict__["traits"] = _number(common)  # other operands are it too
    return number


def _is_moderate(tensor: Tensor) -> bool:
    """True of a quantized tensor with moderate numbers; those of a constant of floats aren't looked at."""
    return tensor.dtype in EIGHT_BITS and is_moderate(tensor)


def _form(shape: tuple[int, ...]) -> tuple[int, bool, bool]:
    """What is asked most of shapes: their rank, whether there is a batch, and whether there is anything."""
    return len(shape), shape[:1] == (1,), not shape or min(shape) > 0


def _of_place(context: Context, partition: frozenset[int]) -> Sequence[int]:
    """Of each output, who reads it: how many in the partition, and whether anybody else."""
    subgraph = context.subgraph
    consumers, given = subgraph.consumers, subgraph.output_set
    places = []
    for tensor in context.operator.outputs:
        readers = consumers.get(tensor, ())
        if len(readers) == 1:  # as most have
            inside = int(readers[0] in partition)
            places.append(inside * 2 + (tensor in given or not inside))
            continue
        inside = len({index for index in readers if index in partition})
        leaves = tensor in given or not partition.issuperset(readers)
        places.append(min(inside, FEW_READERS) * 2 + leaves)
    return places


def _of_shapes(context: Context) -> Hashable:
    operands = (*context.inputs, *context.outputs)
    of: list[Any] = [None if t is None else t.__dict__.get("sizes") or _of_sizes(t) for t in operands]
    if 0 in of:
        return None
    indices = [tensor.index for tensor in operands if tensor is not None]
    if len(set(indices)) < len(indices):
        of += map(indices.index, indices)
    return _number(tuple(of))


def _of_sizes(tensor: Tensor) -> int:
    """The shape of a tensor, with its numbers where they are few; 0 of one that is like no other."""
    if len(tensor.shape) > _MOST_DIMENSIONS:
        return 0
    table = tensor.quantization
    sizes: list[Hashable] = [tensor.shape, tensor.shape_signature]
    if table is not None:
        sizes += table.scale_count, table.zero_point_count, table.axis
    if has_few_numbers(tensor):
        sizes += None if tensor.data is None else bytes(tensor.data), tensor.computed_values
    number = tensor.__dict__["sizes"] = _number(tuple(sizes))
    return number


def _around(context: Context, partition: frozenset[int]) -> Hashable:
    """The shapes, and of each operand who writes and reads it in the partition, and whether it leaves that.

    Of these operators their traits and shapes, and which of all operands are one tensor.
    """
    own = shapes(context)
    if own is None:
        return None
    subgraph, index = context.subgraph, context.operator.index
    producers, consumers, given = subgraph.producers, subgraph.consumers, subgraph.output_set
    operands, kept = _indices(context), context.neighbours or {}
    #: By tensor, its number here; shapes tell which operands are one.
    seen = dict(zip(operands, count(), strict=False))
    around: list[Hashable] = [own]
    next_to: list[int] = []
    for tensor in seen:
        for writer in producers.get(tensor, ()):
            if writer in partition:
                next_to.append(writer)
                around.append(None)
                break
        readers: Sequence[int] = consumers.get(tensor, ())
        leaves = tensor in given
        if len(readers) > neighbours.FEW:
            readers, others = neighbours.read_within(context, tensor)
            leaves = leaves or others
        elif not partition.issuperset(readers):
            readers, leaves = [reader for reader in readers if reader in partition], True
        around += len(readers), leaves
        if len(readers) <= FEW_READERS:
            next_to += readers  # others aren't told apart: those of a constant may be many
    for other in next_to:
        if other == index:
            around.append(None)
            continue
        neighbour = kept.get(other)
        if neighbour is None:
            return None
        if neighbour.told[0] is not partition:
            neighbour.told = partition, _as_neighbour(neighbour)
        number, theirs = neighbour.told[1]
        if number is None:
            return None
        around.append(number)
        for tensor in theirs:
            around.append(seen.setdefault(tensor, len(operands) + len(seen)))
    return tuple(around)


def _as_neighbour(context: Context) -> tuple[int | None, Sequence[int]]:
    """What tells it apart from others, and its operands."""
    own, sizes = traits(context), shapes(context)
    alike = own is not None and sizes is not None
    return (_number((context.operator.key, own, sizes)) if alike else None), _indices(context)


def _indices(context: Context) -> list[int]:
    """The indices of inputs and outputs as they are seen."""
    return [OMITTED if tensor is None else tensor.index for tensor in (*context.inputs, *context.outputs)]

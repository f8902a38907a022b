"""What stands around a tensor, in its subgraph and in the partition that an operator is taken in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from analyzer.expressions.context import FEW_READERS, MOST_OPERANDS, Context, Undefined
from analyzer.model.graph import Tensor

T = TypeVar("T")

#: What hangs on so few operators around a tensor isn't remembered.
FEW = 8


def operator(context: Context, index: int) -> Context:
    """Another operator of the subgraph, seen as the given one is."""
    kept = context.neighbours
    if kept is not None and index in kept:
        return kept[index]
    operator = context.subgraph.operators[index]
    neighbour = Context(context.subgraph, operator, context.read_through, context.partition)
    if kept is not None:
        neighbour.neighbours, kept[index] = kept, neighbour
    return neighbour


def operators(context: Context, indices: Iterable[int]) -> list[Context]:
    """Other operators of the subgraph, each once, seen as the given one is."""
    return [operator(context, index) for index in dict.fromkeys(indices)]


def around(context: Context, side: str, tensor: Tensor) -> list[Context]:
    """The `producers` or `consumers` of a tensor, each once; many of them are looked up once for all."""
    indices = getattr(context.subgraph, side).get(tensor.index, ())
    if len(indices) <= FEW:
        return operators(context, indices)
    return remembered(context, (side, tensor.index), lambda: operators(context, indices))


def number_around(context: Context, side: str, tensor: Tensor) -> int:
    """How many producers or consumers a tensor has."""
    indices = getattr(context.subgraph, side).get(tensor.index, ())
    return len(set(indices)) if len(indices) <= FEW else len(around(context, side, tensor))


def remembered(context: Context, about: Hashable, find: Callable[[], T]) -> T:
    """What is found once for all operators that see their subgraph as the given one does."""
    through, partition = context.read_through, context.partition
    # What is read through grows while operators are judged, and only grows.
    key = (about, id(through), len(through or ()), id(partition))
    known = context.subgraph.remembered
    if key not in known:
        # With what the key names by identity, so that nothing else can come to have it.
        known[key] = find(), through, partition
    answer: T = known[key][0]
    return answer


def is_from_shape(context: Context, tensor: Tensor) -> bool:
    """Whether a tensor is computed from the sizes of others; of most graphs none is."""
    computed = context.subgraph.computed_from_shapes
    if computed:
        context.beyond = True
    else:
        context.graphwide = True
    return tensor.index in computed


def _look_at(context: Context, tensor: Tensor, readers: Sequence[int] = ()) -> None:
    """Marks who looks at the operators around a tensor: those around its own operands are next to it."""
    unlike = len(readers) > FEW_READERS or len(context.inputs) + len(context.outputs) > MOST_OPERANDS
    if unlike or context.partition is None or context.__class__ is not Context:
        context.beyond = True
    elif any(own is tensor for own in (*context.inputs, *context.outputs)):
        context.nearby = True
    else:
        context.beyond = True


def readers(context: Context, tensor: Tensor) -> list[Context]:
    """The operators of the partition that read a tensor, each once."""
    readers = reading(context, tensor)
    _look_at(context, tensor, readers)
    if len(readers) <= FEW:
        return operators(context, readers)
    return remembered(context, ("readers within", tensor.index), lambda: operators(context, readers))


def reading(context: Context, tensor: Tensor) -> Sequence[int]:
    """The operators of the partition that read a tensor, once per operand."""
    return read_within(context, tensor.index)[0]


def read_within(context: Context, tensor: int) -> tuple[Sequence[int], bool]:
    """The operators of the partition that read a tensor, once per operand, and whether others read it too."""
    readers, partition = context.subgraph.consumers.get(tensor, ()), context.partition
    if partition is None:
        return readers, False
    if len(readers) > FEW:
        return remembered(context, ("read within", tensor), lambda: _of_many(context, tensor, partition))
    within = [index for index in readers if index in partition]
    return within, len(within) < len(readers)


def _of_many(context: Context, tensor: int, partition: frozenset[int]) -> tuple[Sequence[int], bool]:
    """Likewise of many readers, in the time that the partition takes where that is smaller."""
    known, about = context.subgraph.remembered, ("readers", tensor)
    if about not in known:
        known[about] = Counter(context.subgraph.consumers[tensor])
    times: Counter[int] = known[about]
    within = sorted(partition & times.keys())
    return [index for index in within for _ in range(times[index])], len(within) < len(times)


def number_reading(context: Context, tensor: Tensor) -> int:
    """How many operators of the partition read a tensor, which is a trait of an operator that writes it."""
    readers = reading(context, tensor)
    number = len(readers) if len(readers) < 2 else _number(context, tensor, readers)
    if number >= FEW_READERS or not _is_placed(context, tensor):
        _look_at(context, tensor, readers)
    return number


def _number(context: Context, tensor: Tensor, readers: Sequence[int]) -> int:
    if len(readers) <= FEW:
        return len(set(readers))
    return remembered(context, ("number within", tensor.index), lambda: len(set(readers)))


def _is_placed(context: Context, tensor: Tensor) -> bool:
    """Whether the operator's traits say who reads a tensor: one that it writes, and doesn't read itself."""
    if context.partition is None or context.__class__ is not Context:
        return False
    operator, index = context.operator, tensor.index
    if len(operator.outputs) > FEW:  # each of which may be asked about
        graph = context.subgraph
        writes = operator.index in graph.producers.get(index, ())
        return writes and operator.index not in graph.consumers.get(index, ())
    return index in operator.outputs and index not in operator.inputs


def leaves(context: Context, tensor: Tensor) -> bool:
    """Whether a partition gives a tensor to the rest of the graph or to the app."""
    if not _is_placed(context, tensor):
        _look_at(context, tensor)
    if tensor.index in context.subgraph.output_set:
        return True
    return read_within(context, tensor.index)[1]


def written(context: Context, tensor: Tensor) -> int | None:
    """The operator of the partition that writes a tensor."""
    partition = context.partition
    writers = context.subgraph.producers.get(tensor.index, ())
    for index in writers:
        if partition is None or index in partition:
            return index
    return None


def writer(context: Context, tensor: Tensor) -> Context:
    """The operator of the partition that writes a tensor. Raises: Undefined where none does."""
    _look_at(context, tensor)
    writer = written(context, tensor)
    if writer is None:
        raise Undefined(f"{tensor.name or 'tensor'} is written by no operator of the partition")
    return operator(context, writer)


def enters(context: Context, tensor: Tensor) -> bool:
    """True of a tensor that is computed, but by no operator of the same partition."""
    if tensor.constant:
        return False
    _look_at(context, tensor)
    return written(context, tensor) is None


def sole_reader(context: Context, tensor: Tensor) -> Context:
    """The operator of the partition that alone reads a tensor. Raises: Undefined where there isn't one."""
    readers = reading(context, tensor)
    _look_at(context, tensor, readers)
    if len(readers) != 1:
        raise Undefined(f"{tensor.name or 'tensor'} is read {len(readers)} times, not once")
    return operator(context, readers[0])


def producer(context: Context, tensor: Tensor) -> Context:
    """The operator of the subgraph that writes a tensor first. Raises: Undefined where none does."""
    found = context.subgraph.producers.get(tensor.index)
    if not found:
        raise Undefined(f"{tensor.name or 'tensor'} is produced by no operator")
    return operator(context, found[0])

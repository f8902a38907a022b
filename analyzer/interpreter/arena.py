"""How the interpreter lays out the tensors that it computes in one block of memory, its arena.

Source: tflite/arena_planner.cc, tflite/simple_memory_arena.cc. What kernels take beside it for themselves
(scratch tensors, packed weights), and what delegates take inside their partitions, isn't known here.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from analyzer.errors import RuleError
from analyzer.expressions.vocabulary import size_bytes
from analyzer.files import parse_toml, read_text
from analyzer.model.graph import OMITTED, Subgraph, Tensor
from analyzer.resources import data

if TYPE_CHECKING:
    from pathlib import Path

#: Offsets of tensors are multiples of so many bytes.
ALIGNMENT = 64
#: Tensors no larger than this may be scalars of a size that isn't set yet, and are never shared.
_SCALAR = 4
_NEVER = 1 << 62
#: The file of `InPlace`, beside the rules.
IN_PLACE = "in-place.toml"


class InPlace(Struct, frozen=True, forbid_unknown_fields=True):
    """Operators that may write over an input: with other values, or with the same in another shape."""

    changed: dict[str, tuple[int, ...]] = {}
    unchanged: dict[str, tuple[int, ...]] = {}


@cache
def in_place() -> InPlace:
    """What ships. Raises: RuleError."""
    return read_in_place(data("rules") / "common" / IN_PLACE)


def read_in_place(file: Path) -> InPlace:
    """A file of such operators. Raises: RuleError."""
    import tomllib

    try:
        return msgspec.convert(parse_toml(read_text(file)), InPlace)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RuleError([f"{file}:1: {error}"]) from None


class Node(Struct, frozen=True):
    """What is executed as one: an operator, or a delegate's kernel for a whole partition."""

    #: The operator's index; of a partition its first.
    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Arena(Struct, frozen=True):
    """A plan: its size in bytes, and where in it each tensor lies."""

    bytes: int
    offsets: Mapping[int, int]
    #: Bytes in use while each node runs, of those that are executed.
    used: Sequence[int] = ()
    #: Bytes of tensors that live outside, for good: variables, and what Prepare computed.
    persistent: int = 0


def nodes(subgraph: Subgraph) -> list[Node]:
    """A subgraph's operators, as the CPU executes them one by one."""
    return [Node(each.index, each.name, each.inputs, each.outputs) for each in subgraph.operators]


def plan(subgraph: Subgraph, executed: Sequence[Node]) -> Arena:
    """The arena of a subgraph; tensors whose elements have no fixed size take no part in it."""
    size = {tensor.index: size_bytes(tensor) or 0 for tensor in subgraph.tensors}
    kept = {index for index, tensor in enumerate(subgraph.tensors) if _in_arena(tensor) and size.get(index)}
    shared = _shared(subgraph, executed, size, kept)
    born, dies = _lives(subgraph, executed, shared)
    wanted = [tensor for tensor in born if tensor in kept and tensor not in shared]

    def order(tensor: int) -> tuple[int, int, int]:
        whole = born[tensor] == 0 and tensor not in dies
        return (0, tensor, 0) if whole else (1, -size[tensor], born[tensor])

    end = max(len(executed) - 1, 0)
    layout = _Layout(end + 1)
    changes = [0] * (end + 2)
    offsets: dict[int, int] = {}
    for tensor in sorted(wanted, key=order):
        first, last = born[tensor], dies.get(tensor, end)
        offsets[tensor] = layout.place(size[tensor], first, last)
        changes[first] += size[tensor]
        changes[last + 1] -= size[tensor]
    used = list(accumulate(changes[: len(executed)]))
    top = max((offset + size[tensor] for tensor, offset in offsets.items()), default=0)
    offsets |= {tensor: offsets[to] for tensor, to in shared.items() if to in offsets}
    lasting = sum(
        size.get(at, 0) for at, each in enumerate(subgraph.tensors) if each.variable or each.persistent
    )
    return Arena(top, offsets, used, lasting)


def overwritten(subgraph: Subgraph) -> frozenset[int]:
    """Operators that write over what is read after them, because of how the planner shares memory.

    It asks who else reads an input, and who reads the tensor in whose place that was written first, but not
    about those between: where SUB writes in place, RESHAPE views that and MUL writes over the view in place,
    the output of SUB is gone.
    """
    executed = nodes(subgraph)
    size = {tensor.index: size_bytes(tensor) or 0 for tensor in subgraph.tensors}
    kept = {index for index, tensor in enumerate(subgraph.tensors) if _in_arena(tensor) and size.get(index)}
    shared = _shared(subgraph, executed, size, kept)
    together: dict[int, list[int]] = {}
    for tensor, actual in shared.items():
        together.setdefault(actual, [actual]).append(tensor)
    written = {tensor: at for at, node in enumerate(executed) for tensor in node.outputs}
    read = {tensor: at for at, node in enumerate(executed) for tensor in node.inputs}
    changed = in_place().changed
    return frozenset(
        node.index
        for at, node in enumerate(executed)
        if node.name in changed and node.outputs and node.outputs[0] in shared
        for tensor in together[shared[node.outputs[0]]]
        if tensor != node.outputs[0] and written.get(tensor, -1) < at < read.get(tensor, -1)
    )


def _in_arena(tensor: Tensor) -> bool:
    known = tensor.computed_values is not None
    return not (tensor.constant or tensor.variable or tensor.persistent or tensor.dynamic or known)


class _Layout:
    """What is taken of the arena while nodes run.

    A tree over the nodes has for each span of them the blocks of tensors that are there throughout it, and
    of those that are there at some time in it: where thousands live long, a tensor that is placed would else
    have to look at each of them.
    """

    def __init__(self, count: int) -> None:
        self._leaves = 1 << max(count - 1, 0).bit_length()
        self._throughout: dict[int, list[tuple[int, int]]] = {}
        self._within: dict[int, list[tuple[int, int]]] = {}

    def place(self, size: int, first: int, last: int) -> int:
        """Takes the best gap between tensors that are alive at the same time, else what is behind them."""
        spans, around = self._spans(first, last), self._around(first, last)
        taken = [block for span in spans for block in self._within.get(span, ())]
        taken += [block for span in around for block in self._throughout.get(span, ())]
        offset = _gap(sorted(taken), size)
        for span in spans:
            _take(self._throughout.setdefault(span, []), offset, offset + size)
        for span in around.union(spans):
            _take(self._within.setdefault(span, []), offset, offset + size)
        return offset

    def _spans(self, first: int, last: int) -> list[int]:
        """The fewest spans that make up these nodes."""
        spans, start, end = [], first + self._leaves, last + self._leaves + 1
        while start < end:
            if start & 1:
                spans.append(start)
                start += 1
            if end & 1:
                end -= 1
                spans.append(end)
            start, end = start >> 1, end >> 1
        return spans

    def _around(self, first: int, last: int) -> set[int]:
        """The spans that the first or the last node is in."""
        spans = set()
        for span in (first + self._leaves, last + self._leaves):
            while span and span not in spans:
                spans.add(span)
                span >>= 1
        return spans


def _take(blocks: list[tuple[int, int]], start: int, end: int) -> None:
    """Takes a part of the arena: what has no room between it is one block."""
    at = bisect(blocks, (start,))
    if at and _aligned(blocks[at - 1][1]) >= start:
        at -= 1
        start = blocks[at][0]
    behind = at
    while behind < len(blocks) and blocks[behind][0] <= _aligned(end):
        end = max(end, blocks[behind][1])
        behind += 1
    blocks[at:behind] = [(start, end)]


def _gap(blocks: Iterable[tuple[int, int]], size: int) -> int:
    """The offset of the smallest gap between blocks that is large enough, else of what is behind them."""
    at, best, fit = 0, None, _NEVER
    for offset, end in blocks:
        start = _aligned(at)
        if start + size <= offset and offset - start < fit:
            best, fit = start, offset - at
        at = max(at, end)
    return _aligned(at) if best is None else best


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def _lives(
    subgraph: Subgraph, executed: Sequence[Node], shared: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Tensor -> the node before which it is there, and the node after which it isn't needed any more."""
    left = Counter(tensor for tensor in (*subgraph.inputs, *subgraph.outputs) if tensor != OMITTED)
    left.update(shared.get(tensor, tensor) for node in executed for tensor in _present(node.inputs))
    born = {tensor: 0 for tensor in subgraph.inputs if tensor != OMITTED}
    dies: dict[int, int] = {}
    for at, node in enumerate(executed):
        for tensor in _present(node.outputs):
            born.setdefault(tensor, at)
        for tensor in _present(node.inputs):
            tensor = shared.get(tensor, tensor)
            left[tensor] -= 1
            if left[tensor] == 0 and tensor in born:
                dies[tensor] = at
    return born, dies


def _shared(
    subgraph: Subgraph, executed: Sequence[Node], size: Mapping[int, int], kept: set[int]
) -> dict[int, int]:
    """Tensor -> the one in whose place it is written."""
    rules = in_place()
    readers = Counter(tensor for tensor in (*subgraph.inputs, *subgraph.outputs) if tensor != OMITTED)
    readers.update(tensor for node in executed for tensor in _present(node.inputs))
    fixed = {*subgraph.inputs, *subgraph.outputs}
    shared: dict[int, int] = {}
    for node in executed:
        unchanged = node.name in rules.unchanged
        positions = (rules.unchanged if unchanged else rules.changed).get(node.name, ())
        if not positions or not node.outputs:
            continue
        output = node.outputs[0]
        for position in positions:
            given = node.inputs[position] if position < len(node.inputs) else OMITTED
            if given == OMITTED or given not in kept or given in fixed or output in fixed:
                continue
            if not unchanged and (
                size[given] != size.get(output) or size[given] <= _SCALAR or readers[given] > 1
            ):
                continue
            actual = shared.get(given, given)
            if (unchanged or readers[actual] <= 1) and size.get(output) == size[actual]:
                shared[output] = actual
            break
    return shared


def _present(operands: Sequence[int]) -> Iterator[int]:
    return (operand for operand in operands if operand != OMITTED)

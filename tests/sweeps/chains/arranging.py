"""Operators that only arrange what is there: they move, cut, join and repeat; some do nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from tests.sweeps.chains.computing import Kind, Made
from tests.sweeps.chains.graphs import Graph, Value

_ORDERS = {2: ((1, 0), (0, 1)), 3: ((0, 2, 1), (1, 0, 2)), 4: ((0, 2, 1, 3), (0, 3, 1, 2), (0, 1, 3, 2))}


def reshape(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    count = prod(x.shape)
    shapes: list[Sequence[int]] = [
        x.shape,
        (x.shape[0] if x.rank else 1, count // (x.shape[0] if x.rank else 1)),
        (1, 1, count // (x.channels if x.rank else 1), x.channels if x.rank else 1),
        (x.shape[0], count // x.shape[0] // x.channels, x.channels) if x.rank > 1 else (1, 1, count),
    ]
    shape = shapes[variant % 4]
    return [graph.emit("RESHAPE", [x, graph.integers(shape)], shape, {"new_shape": list(shape)})]


def transpose(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank not in _ORDERS:
        return None
    orders = _ORDERS[x.rank]
    order = orders[variant % len(orders)]
    return [graph.emit("TRANSPOSE", [x, graph.integers(order)], [x.shape[axis] for axis in order])]


def pad(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    """In height and width, at the end of the channels, of the batch, or of nothing; with zeros or not."""
    if x.rank not in (3, 4):
        return None
    height = x.rank - 3
    added = [[0, 0] for _ in x.shape]
    kind = variant % 6
    if kind in (0, 1):
        added[height], added[height + 1] = [1, 1], [1, 1]
    elif kind == 2:
        added[height], added[height + 1] = [0, 1], [0, 1]
    elif kind == 3:
        added[-1] = [0, 4]
    elif kind == 4:
        added[0], added[-2] = [0, 1], [1, 0]
    shape = [n + sum(pair) for n, pair in zip(x.shape, added, strict=True)]
    operands: list[Value | str] = [x, graph.integers([n for pair in added for n in pair], (x.rank, 2))]
    if variant // 6 % 3 == 2:
        return [graph.emit("PADV2", [*operands, graph.fill(0.5)], shape)]
    return [graph.emit("PAD", operands, shape)]


def cut(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    """All of it, all but the first of an axis, or half of one."""
    if not x.rank:
        return None
    axis, kind = variant // 3 % x.rank, variant % 3
    begin, shape = [0] * x.rank, list(x.shape)
    if kind == 1 and x.shape[axis] > 1:
        begin[axis], shape[axis] = 1, x.shape[axis] - 1
    elif kind == 2 and x.shape[axis] > 1:
        shape[axis] = x.shape[axis] // 2
    return [graph.emit("SLICE", [x, graph.integers(begin), graph.integers(shape)], shape)]


def strided(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank not in (3, 4):
        return None
    axis, step = 1 + variant // 2 % (x.rank - 1), 1 + variant % 2
    steps = [step if at == axis else 1 for at in range(x.rank)]
    shape = [-(-n // s) for n, s in zip(x.shape, steps, strict=True)]
    bounds = [graph.integers(values) for values in ([0] * x.rank, x.shape, steps)]
    return [graph.emit("STRIDED_SLICE", [x, *bounds], shape)]


def join(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    """With another value, with itself, with nothing, or with a constant."""
    if not x.rank:
        return None
    axis = x.rank - 1 - variant // 3 % min(x.rank, 3)
    operands: list[Value | str] = [x, y]
    if variant % 6 == 5:
        operands = [x]
    elif variant % 6 == 4:
        operands = [x, graph.constant(x.shape)] if graph.real else [x, x]
    elif x.rank != y.rank or any(
        a != b for at, (a, b) in enumerate(zip(x.shape, y.shape, strict=True)) if at != axis
    ):
        return None
    sizes = [operand.shape[axis] if isinstance(operand, Value) else x.shape[axis] for operand in operands]
    shape = [sum(sizes) if at == axis else n for at, n in enumerate(x.shape)]
    return [graph.emit("CONCATENATION", operands, shape, {"axis": axis})]


def split(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if not x.rank:
        return None
    axis = x.rank - 1 - variant // 2 % min(x.rank, 2)
    if x.shape[axis] < 2 or x.shape[axis] % 2:
        return None
    half = [n // 2 if at == axis else n for at, n in enumerate(x.shape)]
    if variant % 2 == 0:
        operands: list[Value | str] = [graph.integers([axis], ()), x]
        return graph.emit_all("SPLIT", operands, [half, half], {"num_splits": 2})
    operands = [x, graph.integers([half[axis]] * 2), graph.integers([axis], ())]
    return graph.emit_all("SPLIT_V", operands, [half, half], {"num_splits": 2})


def unpack(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    axis = variant % max(x.rank, 1)
    if x.rank < 2 or not 2 <= x.shape[axis] <= 4 or not graph.real:
        return None
    part = [n for at, n in enumerate(x.shape) if at != axis]
    count = x.shape[axis]
    return graph.emit_all("UNPACK", [x], [part] * count, {"num": count, "axis": axis})


def pack(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.shape != y.shape or not 1 <= x.rank <= 3 or not graph.real:
        return None
    axis = variant % (x.rank + 1)
    shape = [*x.shape[:axis], 2, *x.shape[axis:]]
    return [graph.emit("PACK", [x, y], shape, {"values_count": 2, "axis": axis})]


def resize(operator: str) -> Kind:
    def make(graph: Graph, x: Value, y: Value, variant: int) -> Made:
        if x.rank != 4:
            return None
        height, width = ((x.shape[1], x.shape[2]), (2 * x.shape[1], 2 * x.shape[2]))[variant % 2]
        options = {"half_pixel_centers": bool(variant // 2 % 2)}
        shape = (x.shape[0], height, width, x.channels)
        return [graph.emit(operator, [x, graph.integers((height, width))], shape, options)]

    return make


def gather(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank < 2 or not graph.real:
        return None
    axis = variant % x.rank
    shape = [2 if at == axis else n for at, n in enumerate(x.shape)]
    indices = graph.integers([0, x.shape[axis] - 1])
    return [graph.emit("GATHER", [x, indices], shape, {"axis": axis})]


def tile(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if not x.rank or not graph.real:
        return None
    times = [2 if at == variant % x.rank else 1 for at in range(x.rank)]
    shape = [n * times[at] for at, n in enumerate(x.shape)]
    return [graph.emit("TILE", [x, graph.integers(times)], shape)]


def blocks(graph: Graph, x: Value, y: Value, variant: int) -> Made:
    if x.rank != 4:
        return None
    batch, height, width, depth = x.shape
    if variant % 2 and not height % 2 and not width % 2:
        shape = (batch, height // 2, width // 2, 4 * depth)
        return [graph.emit("SPACE_TO_DEPTH", [x], shape, {"block_size": 2})]
    if depth % 4:
        return None
    shape = (batch, 2 * height, 2 * width, depth // 4)
    return [graph.emit("DEPTH_TO_SPACE", [x], shape, {"block_size": 2})]


KINDS: dict[str, Kind] = {
    "RESHAPE": reshape,
    "TRANSPOSE": transpose,
    "PAD": pad,
    "SLICE": cut,
    "STRIDED_SLICE": strided,
    "CONCATENATION": join,
    "SPLIT": split,
    "UNPACK": unpack,
    "PACK": pack,
    "RESIZE_BILINEAR": resize("RESIZE_BILINEAR"),
    "RESIZE_NEAREST_NEIGHBOR": resize("RESIZE_NEAREST_NEIGHBOR"),
    "GATHER": gather,
    "TILE": tile,
    "SPACE_TO_DEPTH": blocks,
}

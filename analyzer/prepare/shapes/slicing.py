"""Shapes of operators that take parts of a tensor, or put something around it."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.prepare.shapes.common import (
    Shape,
    ShapeFunction,
    axis,
    number,
    numbers,
    options,
    replaced,
    shape,
    tensor,
)
from analyzer.vocabulary import Absent, Context


def slice_(context: Context) -> Sequence[Shape | None]:
    """The file's shape where it is a full one, whatever begin and size are."""
    output = context.outputs[0]
    if output is not None and output.shape and -1 not in (output.shape_signature or ()):
        return (None,)
    source, begins, sizes = shape(context, 0), numbers(context, 1), numbers(context, 2)
    wanted = zip(source, begins, sizes, strict=True)
    return (tuple(whole - begin if size == -1 else size for whole, begin, size in wanted),)


def strided_slice(context: Context) -> Sequence[Shape]:
    return (tuple(size for size, _, _ in strides(context) if size is not None),)


def strides(context: Context) -> list[tuple[int | None, int, int]]:
    """Per dimension of the input, new ones included: how many elements are taken (None: one, and the dimension
    goes away), where the first stands and the step. Raises: Absent.
    """
    source = shape(context, 0)
    begins, ends, steps = numbers(context, 1), numbers(context, 2), numbers(context, 3)
    masks = options(context)
    source, begins, ends, steps, mask = _spread(source, begins, ends, steps, masks)
    found: list[tuple[int | None, int, int]] = []
    for i, size in enumerate(source):
        if mask["shrink_axis_mask"] >> i & 1:
            first = begins[i] + size if begins[i] < 0 else begins[i]
            found.append((None, first, 1))
            continue
        first = _first(begins[i], steps[i], size, bool(mask["begin_mask"] >> i & 1))
        if masks.get("offset"):
            count = _count(ends[i], steps[i])
        else:
            last = _last(ends[i], steps[i], size, bool(mask["end_mask"] >> i & 1))
            count = _count(last - first, steps[i])
        found.append((count, first, steps[i]))
    return found


def _spread(
    source: Shape, begins: Shape, ends: Shape, steps: Shape, masks: dict[str, int]
) -> tuple[Shape, Shape, Shape, Shape, dict[str, int]]:
    """Ellipsis written out, new dimensions of size 1 put in; masks renumbered to match."""
    found: list[tuple[int, int, int, int]] = []
    mask = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    ellipsis, fresh = masks["ellipsis_mask"], masks["new_axis_mask"]
    added = bin(fresh & ((1 << len(begins)) - 1) & ~ellipsis).count("1")
    rest = list(source)
    for i in range(len(begins)):
        if ellipsis >> i & 1:
            after = len(begins) - i - 1
            later = bin(fresh >> (i + 1) & ((1 << after) - 1)).count("1")
            for _ in range(max(0, len(rest) - (after - later))):
                _whole(found, mask, rest.pop(0))
        elif fresh >> i & 1:
            _whole(found, mask, 1)
        else:
            if not rest:
                raise Absent("more indices than dimensions")
            for name in mask:
                mask[name] |= (masks[name] >> i & 1) << len(found)
            found.append((rest.pop(0), begins[i], ends[i], steps[i]))
    del added
    for size in rest:
        _whole(found, mask, size)
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    return columns[0], columns[1], columns[2], columns[3], mask


def _whole(found: list[tuple[int, int, int, int]], mask: dict[str, int], size: int) -> None:
    """A dimension that is taken as a whole."""
    mask["begin_mask"] |= 1 << len(found)
    mask["end_mask"] |= 1 << len(found)
    found.append((size, 0, size, 1))


def _first(begin: int, step: int, size: int, open_: bool) -> int:
    if open_:
        return 0 if step > 0 else size - 1
    begin = begin + size if begin < 0 else begin
    return min(max(begin, 0), size) if step > 0 else min(max(begin, -1), size - 1)


def _last(end: int, step: int, size: int, open_: bool) -> int:
    if open_:
        return size if step > 0 else -1
    end = end + size if end < 0 else end
    return min(max(end, 0), size) if step > 0 else min(max(end, -1), size - 1)


def _count(distance: int, step: int) -> int:
    if step == 0:
        raise Absent("a stride of 0")
    if distance == 0 or (distance < 0) != (step < 0):
        return 0
    return (abs(distance) - 1) // abs(step) + 1


def gather(context: Context) -> Sequence[Shape]:
    source, positions = shape(context, 0), shape(context, 1)
    at = axis(options(context)["axis"], len(source))
    batch = options(context).get("batch_dims", 0)
    batch = batch + len(positions) if batch < 0 else batch
    return (source[:at] + positions[batch:] + source[at + 1 :],)


def gather_nd(context: Context) -> Sequence[Shape]:
    source, positions = shape(context, 0), shape(context, 1)
    if not positions:
        raise Absent("positions without dimensions")
    return (positions[:-1] + source[positions[-1] :],)


def split(context: Context) -> Sequence[Shape]:
    source, count = shape(context, 1), len(context.outputs)
    at = axis(number(context, 0), len(source))
    return (replaced(source, at, source[at] // count),) * count


def split_v(context: Context) -> Sequence[Shape]:
    source, sizes = shape(context, 0), numbers(context, 1)
    at = axis(number(context, 2), len(source))
    rest = source[at] - sum(size for size in sizes if size != -1)
    return tuple(replaced(source, at, rest if size == -1 else size) for size in sizes)


def pad(context: Context) -> Sequence[Shape]:
    source, around = shape(context, 0), numbers(context, 1)
    return (tuple(size + around[2 * i] + around[2 * i + 1] for i, size in enumerate(source)),)


def dilate(context: Context) -> Sequence[Shape]:
    found = zip(shape(context, 0), numbers(context, 1), strict=True)
    return (tuple((size - 1) * step + 1 if size else 0 for size, step in found),)


def scatter_nd(context: Context) -> Sequence[Shape]:
    return (numbers(context, 2),)


def like_hashtable_keys(context: Context) -> Sequence[Shape]:
    return (tensor(context, 1).shape,)


FUNCTIONS: dict[str, ShapeFunction] = {
    "slice": slice_,
    "strided-slice": strided_slice,
    "gather": gather,
    "gather-nd": gather_nd,
    "split": split,
    "split-v": split_v,
    "pad": pad,
    "dilate": dilate,
    "scatter-nd": scatter_nd,
    "like-second": like_hashtable_keys,
}

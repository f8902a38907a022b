"""The elements that a STRIDED_SLICE takes.

Source: kernels/strided_slice.cc, kernels/internal/reference/strided_slice.h
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, numbers, options, shape

#: A dimension that is taken whole, and one of size 1 that the operator puts in.
_WHOLE, _NEW = -1, -2


class Cut(Struct, frozen=True):
    """The elements taken of one dimension of the input, new dimensions included."""

    size: int
    first: int
    step: int
    count: int
    #: Whether the dimension is there in the output.
    kept: bool = True


def cuts(context: Context) -> list[Cut]:
    """The elements that the operator takes, dimension by dimension.

    Raises: Undefined where begin, end or strides aren't known, a stride is 0, or there is less to slice.
    """
    source, masks = shape(context, 0), options(context)
    begins, ends, steps = numbers(context, 1), numbers(context, 2), numbers(context, 3)
    roles = _roles(len(source), len(begins), masks)
    if sum(index != _NEW for index in roles) > len(source):
        raise Undefined("more dimensions are sliced than the input has: the kernel reads beyond them")
    sizes = iter(source)
    taken = []
    for index in roles:
        if index == _NEW:
            taken.append(Cut(1, 0, 1, 1))
        elif index == _WHOLE:
            size = next(sizes)
            taken.append(Cut(size, 0, 1, size))
        else:
            mask = {name: masks[name] >> index & 1 for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
            place = len(taken)
            length = ends[place] if masks["offset"] and place < len(ends) else None
            taken.append(_cut(next(sizes), begins[index], ends[index], steps[index], mask, length))
    return taken


def _roles(rank: int, count: int, masks: Mapping[str, Any]) -> list[int]:
    """For each dimension the index that says what is taken of it, or that it is whole or new."""
    ellipsis, new = masks["ellipsis_mask"], masks["new_axis_mask"]
    added = sum(1 for i in range(count) if new >> i & 1 and not ellipsis >> i & 1)
    roles: list[int] = []
    skipped = 0
    while len(roles) < rank + added:
        place = len(roles)
        if ellipsis >> place & 1:
            skipped = max(1, min(1 + added + rank - count, rank + added - place)) - 1
            roles += [_WHOLE] * (skipped + 1)
            continue
        index = place - skipped
        roles.append(_NEW if new >> index & 1 else _WHOLE if index >= count else index)
    return roles


def _cut(size: int, begin: int, end: int, step: int, mask: Mapping[str, int], length: int | None) -> Cut:
    """`length` is how far the slice goes where the operator gives that instead of an end."""
    if step == 0:
        raise Undefined("a stride of 0")
    first = _clamp(begin, size, step)
    if mask["begin_mask"]:
        first = 0 if step > 0 else size - 1
    if mask["shrink_axis_mask"]:
        return Cut(size, first, 1, 1, kept=False)
    if length is None:
        last = _clamp(end, size, step)
        if mask["end_mask"]:
            last = size if step > 0 else -1
        length = last - first
    return Cut(size, first, step, _count(length, step))


def _clamp(index: int, size: int, step: int) -> int:
    index = index + size if index < 0 else index
    return min(max(index, 0), size) if step > 0 else min(max(index, -1), size - 1)


def _count(length: int, step: int) -> int:
    if length == 0 or (length < 0) != (step < 0):
        return 0
    return (abs(length) - 1) // abs(step) + 1


def strided_slice(context: Context) -> Sequence[Shape]:
    return (tuple(cut.count for cut in cuts(context) if cut.kept),)


FUNCTIONS: dict[str, ShapeFunction] = {"strided-slice": strided_slice}

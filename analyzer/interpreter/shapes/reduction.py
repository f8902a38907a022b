"""Shapes of operators that reduce, search or select, and of those that make a tensor from numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.shapes.common import (
    Shape,
    ShapeFunction,
    axis,
    contents,
    int32,
    number,
    numbers,
    options,
    shape,
    tensor,
    words,
)


def reduce(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/reduce.cc::GetOutputShape."""
    source = shape(context, 0)
    gone = {axis(position, len(source)) for position in numbers(context, 1)} if source else set()
    if options(context)["keep_dims"]:
        return (tuple(1 if i in gone else size for i, size in enumerate(source)),)
    return (tuple(size for i, size in enumerate(source) if i not in gone),)


def argument(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/arg_min_max.cc::ResizeOutput."""
    source = shape(context, 0)
    position = axis(number(context, 1), len(source))
    return (source[:position] + source[position + 1 :],)


def top_k(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/topk_v2.cc::ResizeOutput."""
    largest = (*shape(context, 0)[:-1], max(0, number(context, 1)))
    return (largest, largest)


def one_hot(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/one_hot.cc::ResizeOutputTensor."""
    source, position = shape(context, 0), options(context)["axis"]
    position = len(source) if position == -1 else position
    return ((*source[:position], words(context, 1)[0], *source[position:]),)


def range_(context: Context) -> Sequence[Shape]:
    """The rules have seen to it that delta leads to the limit.

    Source: tflite/kernels/range.cc::GetSize
    """
    start, limit, delta = (contents(context, i)[0] for i in range(3))
    if delta == 0:
        raise Undefined("a step of 0")
    distance = limit - start
    if not isinstance(distance, int):
        steps = ceil(abs(distance / delta))
        # Compiled code makes the smallest number of a fraction that is too large.
        return ((steps if steps < 2**31 else -(2**31),),)
    if tensor(context, 0).dtype == "INT32":
        distance = int32(distance)
    return ((-(-abs(distance) // abs(int(delta))),),)


def rank(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/rank.cc::Prepare."""
    return ((),)


def shape_(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/shape.cc::Prepare."""
    return ((len(shape(context, 0)),),)


def spectrum(context: Context) -> Sequence[Shape]:
    """RFFT2D: half of the spectrum, because the input is real.

    Source: tflite/kernels/rfft2d.cc::ResizeOutputandTemporaryTensors
    """
    source = shape(context, 0)
    height, width = numbers(context, 1)
    return ((*source[:-2], height, width // 2 + 1),)


def multinomial(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/random_ops.cc::PrepareMultinomial."""
    return ((shape(context, 0)[0], number(context, 1)),)


def suppression(context: Context) -> Sequence[Shape]:
    """NON_MAX_SUPPRESSION: the last output is the count.

    Source: tflite/kernels/non_max_suppression.cc::Prepare
    """
    size = number(context, 2)
    return (*(((size,),) * (len(context.outputs) - 1)), ())


def where(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/where.cc::ResizeOutputTensor."""
    return ((sum(1 for value in contents(context, 0) if value), len(shape(context, 0))),)


def segment_sum(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/segment_sum.cc::ResizeOutputTensor."""
    ids = numbers(context, 1)
    return ((max(ids, default=-1) + 1, *shape(context, 0)[1:]),)


def unsorted_segment(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/unsorted_segment.cc::ResizeOutputTensor."""
    return ((number(context, 2), *shape(context, 0)[len(shape(context, 1)) :]),)


def one(context: Context) -> Sequence[Shape]:
    return ((1,),)


def unique(context: Context) -> Sequence[Shape | None]:
    """Source: tflite/kernels/unique.cc::Prepare."""
    return (None, shape(context, 0))


FUNCTIONS: dict[str, ShapeFunction] = {
    "reduce": reduce,
    "argument": argument,
    "top-k": top_k,
    "one-hot": one_hot,
    "range": range_,
    "rank": rank,
    "shape": shape_,
    "spectrum": spectrum,
    "multinomial": multinomial,
    "suppression": suppression,
    "where": where,
    "segment-sum": segment_sum,
    "unsorted-segment": unsorted_segment,
    "one": one,
    "unique": unique,
}

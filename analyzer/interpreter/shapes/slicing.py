"""Shapes of operators that take parts of a tensor, or put something around it."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.shapes.common import (
    Shape,
    ShapeFunction,
    axis,
    numbers,
    options,
    replaced,
    shape,
    tensor,
    words,
)


def slice_(context: Context) -> Sequence[Shape | None]:
    """The file's shape where it is a full one, whatever begin and size are.

    Source: tflite/kernels/slice.cc::ResizeOutputShape
    """
    output = context.outputs[0]
    context.beyond = True  # signatures are no traits
    if output is not None and output.shape and -1 not in (output.shape_signature or ()):
        return (None,)
    source, begins, sizes = shape(context, 0), numbers(context, 1), numbers(context, 2)
    wanted = zip(source, begins, sizes, strict=True)
    return (tuple(whole - begin if size == -1 else size for whole, begin, size in wanted),)


def gather(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/gather.cc::Prepare."""
    source, positions = shape(context, 0), shape(context, 1)
    at = axis(options(context)["axis"], len(source))
    batch = options(context).get("batch_dims", 0)
    batch = batch + len(positions) if batch < 0 else batch
    return (source[:at] + positions[batch:] + source[at + 1 :],)


def gather_nd(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/gather_nd.cc::Prepare."""
    source, positions = shape(context, 0), shape(context, 1)
    if not positions:
        raise Undefined("positions without dimensions")
    return (positions[:-1] + source[positions[-1] :],)


def split(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/split.cc::ResizeOutputTensors."""
    source, count = shape(context, 1), len(context.outputs)
    at = axis(words(context, 0)[0], len(source))
    return (replaced(source, at, source[at] // count),) * count


def split_v(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/split_v.cc::ResizeOutputTensors."""
    source, sizes = shape(context, 0), numbers(context, 1)
    at = axis(words(context, 2)[0], len(source))
    rest = source[at] - sum(size for size in sizes if size != -1)
    return tuple(replaced(source, at, rest if size == -1 else size) for size in sizes)


def pad(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/pad.cc::ResizeOutputTensor."""
    source, around = shape(context, 0), numbers(context, 1)
    return (tuple(size + around[2 * i] + around[2 * i + 1] for i, size in enumerate(source)),)


def scatter_nd(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/scatter_nd.cc::ResizeOutputTensor."""
    return (numbers(context, 2),)


def like_second(context: Context) -> Sequence[Shape]:
    return (tensor(context, 1).shape,)


FUNCTIONS: dict[str, ShapeFunction] = {
    "slice": slice_,
    "gather": gather,
    "gather-nd": gather_nd,
    "split": split,
    "split-v": split_v,
    "pad": pad,
    "scatter-nd": scatter_nd,
    "like-second": like_second,
}

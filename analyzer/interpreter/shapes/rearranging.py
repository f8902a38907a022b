"""Shapes of operators that rearrange elements."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context, Undefined, elements
from analyzer.interpreter.shapes.common import (
    Shape,
    ShapeFunction,
    axis,
    int32,
    number,
    numbers,
    options,
    replaced,
    shape,
    tensor,
    words,
)


def reshape(context: Context) -> Sequence[Shape | None]:
    """Source: tflite/kernels/reshape.cc::ResizeOutput."""
    output = context.outputs[0]
    if output is not None and output.dtype == "STRING":
        return (None,)
    wanted = _wanted(context)
    source = shape(context, 0)
    if -1 not in wanted:
        return (wanted,)
    given, rest = _nonzero(tuple(size for size in wanted if size != -1)), _nonzero(source)
    size = 0 if elements(source) == 0 and 0 not in wanted else rest // given
    return (tuple(size if dimension == -1 else dimension for dimension in wanted),)


def _wanted(context: Context) -> Shape:
    """The shape operand where it is a vector of INT32, else the option, whose [0] means a scalar.

    Source: tflite/kernels/reshape.cc::GetOutputShape
    """
    if len(context.inputs) == 2:
        operand = tensor(context, 1)
        if len(operand.shape) == 1 and operand.dtype == "INT32":
            return numbers(context, 1)
    sizes = tuple(options(context).get("new_shape") or ())
    return () if sizes == (0,) else sizes


def _nonzero(sizes: Shape) -> int:
    return elements([size for size in sizes if size != 0])


def squeeze(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/squeeze.cc::Prepare."""
    source = shape(context, 0)
    dims = options(context)["squeeze_dims"] or ()
    gone = (
        {axis(dim, len(source)) for dim in dims}
        if len(dims)
        else {i for i, size in enumerate(source) if size == 1}
    )
    return (tuple(size for i, size in enumerate(source) if i not in gone),)


def expand_dims(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/expand_dims.cc::Prepare."""
    source = shape(context, 0)
    position = axis(number(context, 1), len(source) + 1)
    return ((*source[:position], 1, *source[position:]),)


def pack(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/pack.cc::Prepare."""
    source = shape(context, 0)
    position = axis(options(context)["axis"], len(source) + 1)
    return ((*source[:position], options(context)["values_count"], *source[position:]),)


def unpack(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/unpack.cc::Prepare."""
    source = shape(context, 0)
    position = axis(options(context)["axis"], len(source))
    return (source[:position] + source[position + 1 :],) * len(context.outputs)


def concatenation(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/concatenation.cc::Prepare."""
    first = shape(context, 0)
    if not first:
        return ((len(context.inputs),),)
    position = axis(options(context)["axis"], len(first))
    total = sum(shape(context, i)[position] for i in range(len(context.inputs)))
    return (replaced(first, position, total),)


def transpose(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/transpose.cc::ResizeOutputTensor."""
    source = shape(context, 0)
    return (tuple(source[axis(position, len(source))] for position in words(context, 1)[: len(source)]),)


def tile(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/tile.cc::ResizeOutput."""
    return (tuple(a * b for a, b in zip(shape(context, 0), numbers(context, 1), strict=True)),)


def from_second(context: Context) -> Sequence[Shape]:
    """The second operand's values are the shape."""
    return (numbers(context, 1),)


def broadcast_args(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/broadcast_args.cc::Prepare."""
    return ((max(elements(shape(context, 0)), elements(shape(context, 1))),),)


def space_to_batch(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/space_to_batch_nd.cc::ResizeOutputTensor."""
    source, block, paddings = shape(context, 0), words(context, 1), words(context, 2)
    batch, sizes = source[0], list(source)
    for i, size in enumerate(block[: len(source) - 2]):
        if size == 0:
            raise Undefined("a block of size 0")
        sizes[i + 1] = int32(source[i + 1] + paddings[2 * i] + paddings[2 * i + 1]) // size
        batch *= size
    return ((batch, *sizes[1:]),)


def batch_to_space(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/batch_to_space_nd.cc::ResizeOutputTensor."""
    source, block, crops = shape(context, 0), words(context, 1), words(context, 2)
    batch, sizes = source[0], list(source)
    for i, size in enumerate(block[: len(source) - 2]):
        if size == 0:
            raise Undefined("a block of size 0")
        sizes[i + 1] = source[i + 1] * size - crops[2 * i] - crops[2 * i + 1]
        batch //= size
    return ((batch, *sizes[1:]),)


def space_to_depth(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/space_to_depth.cc::Prepare."""
    batch, height, width, channels = shape(context, 0)
    size = options(context)["block_size"]
    return ((batch, height // size, width // size, channels * size * size),)


def depth_to_space(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/depth_to_space.cc::Prepare."""
    batch, height, width, channels = shape(context, 0)
    size = options(context)["block_size"]
    return ((batch, height * size, width * size, channels // size // size),)


def matrix_diag(context: Context) -> Sequence[Shape]:
    source = shape(context, 0)
    return ((*source, source[-1]),)


FUNCTIONS: dict[str, ShapeFunction] = {
    "reshape": reshape,
    "squeeze": squeeze,
    "expand-dims": expand_dims,
    "pack": pack,
    "unpack": unpack,
    "concatenation": concatenation,
    "transpose": transpose,
    "tile": tile,
    "from-second": from_second,
    "broadcast-args": broadcast_args,
    "space-to-batch": space_to_batch,
    "batch-to-space": batch_to_space,
    "space-to-depth": space_to_depth,
    "depth-to-space": depth_to_space,
    "matrix-diag": matrix_diag,
}

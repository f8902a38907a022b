"""Shapes of operators that slide a window: convolutions, pools, resizing."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, numbers, options, shape


def _out(padding: str, size: int, filter_size: int, stride: int, dilation: int = 1) -> int:
    """The number of positions of a window. Raises: Undefined for sizes that no window has.

    Source: tflite/kernels/padding.h::ComputeOutSize
    """
    if stride <= 0 or filter_size <= 0 or dilation <= 0:
        raise Undefined("a window of no size")
    if padding == "SAME":
        return (size + stride - 1) // stride
    rest = size + stride - ((filter_size - 1) * dilation + 1)
    # The runtime's division cuts towards zero.
    count = -(-rest // stride) if rest < 0 else rest // stride
    if count < 0:
        raise Undefined("a window larger than what it slides over")
    return count


def convolution(context: Context) -> Sequence[Shape]:
    """CONV_2D: weights are [output channels, height, width, input channels].

    Source: tflite/kernels/conv.cc::Prepare
    """
    (batch, height, width, _), (channels, rows, columns, _) = shape(context, 0), shape(context, 1)
    return ((batch, *_plane(context, height, width, rows, columns), channels),)


def depthwise_convolution(context: Context) -> Sequence[Shape]:
    """DEPTHWISE_CONV_2D: weights are [1, height, width, output channels].

    Source: tflite/kernels/depthwise_conv.cc::Prepare
    """
    (batch, height, width, _), (_, rows, columns, channels) = shape(context, 0), shape(context, 1)
    return ((batch, *_plane(context, height, width, rows, columns), channels),)


def _plane(context: Context, height: int, width: int, rows: int, columns: int) -> tuple[int, int]:
    attributes = options(context)
    padding = attributes["padding"]
    return (
        _out(padding, height, rows, attributes["stride_h"], attributes["dilation_h_factor"]),
        _out(padding, width, columns, attributes["stride_w"], attributes["dilation_w_factor"]),
    )


def pool(context: Context) -> Sequence[Shape]:
    """A window that doesn't fit gives no rows or columns; the kernel doesn't mind.

    Source: tflite/kernels/pooling.cc::GenericPrepare
    """
    batch, height, width, channels = shape(context, 0)
    attributes = options(context)
    try:
        columns = _out(attributes["padding"], width, attributes["filter_width"], attributes["stride_w"])
    except Undefined:
        return ((batch, 0, 0, channels),)
    try:
        rows = _out(attributes["padding"], height, attributes["filter_height"], attributes["stride_h"])
    except Undefined:
        rows = 0
    return ((batch, rows, columns, channels),)


def convolution_3d(context: Context) -> Sequence[Shape]:
    """CONV_3D: weights are [depth, height, width, input channels, output channels].

    Source: tflite/kernels/conv3d.cc::Prepare
    """
    batch, depth, height, width, _ = shape(context, 0)
    layers, rows, columns, _, channels = shape(context, 1)
    attributes = options(context)
    padding = attributes["padding"]
    return (
        (
            batch,
            _fit(padding, depth, layers, attributes["stride_d"], attributes["dilation_d_factor"]),
            _fit(padding, height, rows, attributes["stride_h"], attributes["dilation_h_factor"]),
            _fit(padding, width, columns, attributes["stride_w"], attributes["dilation_w_factor"]),
            channels,
        ),
    )


def _fit(padding: str, size: int, filter_size: int, stride: int, dilation: int) -> int:
    try:
        return _out(padding, size, filter_size, stride, dilation)
    except Undefined:
        return 0


def from_first(context: Context) -> Sequence[Shape]:
    """The first operand's values are the shape."""
    return (numbers(context, 0),)


def resize(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/resize_bilinear.cc::ResizeOutputTensor."""
    batch, _, _, channels = shape(context, 0)
    height, width = numbers(context, 1)
    return ((batch, height, width, channels),)


FUNCTIONS: dict[str, ShapeFunction] = {
    "convolution": convolution,
    "depthwise-convolution": depthwise_convolution,
    "pool": pool,
    "convolution-3d": convolution_3d,
    "from-first": from_first,
    "resize": resize,
}

"""Shapes of StableHLO's windows and gathers, and of the custom operators that every interpreter has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, numbers, options, shape, words
from analyzer.model.flexbuffer import decode


def reduce_window(context: Context) -> Sequence[Shape]:
    """REDUCE_WINDOW: windows, strides and dilations are operands."""
    dimensions = zip(
        shape(context, 0), numbers(context, 2), numbers(context, 3), numbers(context, 4), strict=False
    )
    return (tuple(_windows(*dimension) for dimension in dimensions),)


def stablehlo_reduce_window(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/stablehlo_reduce_window.cc::Prepare."""
    attributes, source = options(context), shape(context, 0)
    rank = len(source)
    spread = (
        _spread(size, step)
        for size, step in zip(source, _each(attributes, "base_dilations", rank, 1), strict=True)
    )
    around = _each(attributes, "padding", 2 * rank, 0)
    padded = (size + around[2 * i] + around[2 * i + 1] for i, size in enumerate(spread))
    windows = (
        _each(attributes, name, rank, 1)
        for name in ("window_dimensions", "window_strides", "window_dilations")
    )
    return (tuple(_windows(*dimension) for dimension in zip(padded, *windows, strict=True)),)


def _each(attributes: Mapping[str, Any], name: str, count: int, default: int) -> Sequence[int]:
    """One number for each dimension; all `default` where the file has none."""
    given = attributes[name]
    return given[:count] if len(given) else (default,) * count


def _spread(size: int, step: int) -> int:
    """A dimension with gaps put between its elements."""
    return (size - 1) * step + 1 if size > 0 else 0


def _windows(size: int, window: int, stride: int, dilation: int) -> int:
    width = (window - 1) * dilation + 1
    return 0 if size < width else (size - width) // stride + 1


def dilate(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/dilate.cc::SetupOutputTensor."""
    source, steps = shape(context, 0), words(context, 1)
    # Of a dimension of 1 it doesn't matter what stands behind the last step.
    return (
        tuple((size - 1) * step + 1 for size, step in zip_longest(source, steps[: len(source)], fillvalue=1)),
    )


def stablehlo_pad(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/stablehlo_pad.cc::Prepare."""
    attributes, source = options(context), shape(context, 0)
    rank = len(source)
    low, high, inner = (
        _each(attributes, name, rank, 0)
        for name in ("edge_padding_low", "edge_padding_high", "interior_padding")
    )
    padded = tuple(size + max(size - 1, 0) * inner[i] + low[i] + high[i] for i, size in enumerate(source))
    # Where nothing is left of one dimension, the kernel leaves nothing of all.
    return ((0,) * rank if any(size <= 0 for size in padded) else padded,)


def stablehlo_gather(context: Context) -> Sequence[Shape]:
    """As many dimensions as the file gives the output, from the slice or from the indices.

    Source: tflite/kernels/stablehlo_gather.cc::Prepare
    """
    output, attributes = context.outputs[0], options(context)
    if output is None:
        raise Undefined("the output is left out")
    indices, at = list(shape(context, 1)), attributes["index_vector_dim"]
    collapsed = attributes["collapsed_slice_dims"]
    slices = [size for i, size in enumerate(attributes["slice_sizes"]) if i not in collapsed]
    if at < len(indices):
        del indices[at]
    taken = []
    for i in range(len(output.shape)):
        taken.append((slices if i in attributes["offset_dims"] else indices).pop(0))
    return (tuple(taken),)


def detections(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/detection_postprocess.cc::Prepare."""
    attributes = _custom(context)
    count = int(attributes["max_detections"]) * int(attributes["max_classes_per_detection"])
    return ((1, count, 4), (1, count), (1, count), (1,))


def spectrogram(context: Context) -> Sequence[Shape]:
    """Windows over the samples; the Fourier transform takes the next power of two.

    Source: tflite/kernels/audio_spectrogram.cc::Prepare
    """
    attributes = _custom(context)
    samples, channels = shape(context, 0)
    window, stride = int(attributes["window_size"]), int(attributes["stride"])
    count = 0 if samples < window else 1 + (samples - window) // stride
    length: int = 1 << (window - 1).bit_length()
    return ((channels, count, 1 + length // 2),)


def mfcc(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/mfcc.cc::Prepare."""
    return ((*shape(context, 0)[:2], int(_custom(context)["dct_coefficient_count"])),)


def _custom(context: Context) -> Mapping[str, Any]:
    attributes = decode(context.operator)
    if attributes is None:
        raise Undefined("the custom options can't be read")
    return attributes


FUNCTIONS: dict[str, ShapeFunction] = {
    "reduce-window": reduce_window,
    "stablehlo-reduce-window": stablehlo_reduce_window,
    "dilate": dilate,
    "stablehlo-pad": stablehlo_pad,
    "stablehlo-gather": stablehlo_gather,
    "detections": detections,
    "spectrogram": spectrogram,
    "mfcc": mfcc,
}

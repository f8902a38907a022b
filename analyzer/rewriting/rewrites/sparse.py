"""Weights stored in a form that few delegates read: sparse ones, those of half precision or few bits."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import prod
from typing import Any

from analyzer.model.graph import DTYPE_BITS, Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.prepared_graph import Unfit
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.site import Site

#: Elements that are written out.
_MOST = 1 << 22
#: Whole numbers that stand for real ones.
_SMALL = ("INT8", "UINT8", "INT4")


@rewrite("DENSIFY", title="Sparse weights are written out")
def sparse_weights_dense(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    size, odd = divmod(DTYPE_BITS.get(source.dtype) or 0, 8)
    site.require(source.constant, source.data is not None, not odd, size > 0, prod(source.shape) <= _MOST)
    site.require(not site.graph.leaves(output.index), source.sparsity is not None)
    return _written_out(site, _dense(source, size))


@rewrite("DEQUANTIZE", title="Constants of half precision are widened")
def half_constants_widened(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    count = prod(source.shape)
    site.require(source.constant, source.dtype == "FLOAT16", output.dtype == "FLOAT32", count <= _MOST)
    site.require(not site.graph.leaves(output.index), source.data is not None, source.sparsity is None)
    assert source.data is not None
    site.require(len(source.data) == 2 * count)
    wide = struct.pack(f"<{count}f", *struct.unpack(f"<{count}e", source.data))
    return _written_out(site, wide)


@rewrite("DEQUANTIZE", title="Constants of 8 or 4 bits are written out as floats")
def quantized_constants_widened(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    site.require(source.constant, source.dtype in _SMALL, output.dtype == "FLOAT32")
    site.require(not site.graph.leaves(output.index), source.data is not None, source.sparsity is None)
    count, quantization = prod(source.shape), source.quantization
    site.require(0 < count <= _MOST, quantization is not None)
    assert quantization is not None and source.data is not None
    channels = quantization.scale_count
    site.require(channels > 0, quantization.details is None, quantization.axis < max(1, len(source.shape)))
    axis = quantization.axis
    site.require(channels == 1 or source.shape[axis : axis + 1] == (channels,))
    values = _integers(source.dtype, bytes(source.data), count)
    site.require(len(values) == count)
    inner = prod(source.shape[quantization.axis + 1 :]) if channels > 1 else count
    points = quantization.zero_points or (0,) * channels
    site.require(len(points) in (1, channels))
    points = points * channels if len(points) < channels else points
    scales, floats = quantization.scales, array("f")
    for block, first in enumerate(range(0, count, inner)):
        scale, zero = scales[block % channels], points[block % channels]
        floats.extend([scale * (value - zero) for value in values[first : first + inner]])
    if sys.byteorder != "little":
        floats.byteswap()
    return _written_out(site, floats.tobytes())


def _integers(dtype: str, data: bytes, count: int) -> Sequence[int]:
    if dtype != "INT4":
        return memoryview(data).cast("b" if dtype == "INT8" else "B").tolist()
    # Two to a byte, the lower half first.
    halves = (half for byte in data for half in (byte & 15, byte >> 4))
    return [half - 16 if half > 7 else half for half in halves][:count]


def _written_out(site: Site, data: bytes) -> Patch:
    """The operator gone, its output a constant of its input's shape."""
    output = site.output()
    constant = site.known(output, site.input().shape, data)
    return site.patch({site.operator.index: ()}, {output.index: constant})


def _dense(tensor: Tensor, size: int) -> bytes:
    """Source: tflite/kernels/internal/utils/sparsity_format_converter.cc::FormatConverter::Populate

    Raises: Unfit for one that is said to be sparse in a way that no tensor can be.
    """
    assert tensor.sparsity is not None and tensor.data is not None
    count = prod(tensor.shape)
    try:
        places = _kept(tensor.shape, tensor.sparsity, count)
    except (LookupError, TypeError, ValueError, RecursionError):
        raise Unfit from None
    if len(places) > count or not 0 <= min(places, default=0) <= max(places, default=0) < max(count, 1):
        raise Unfit
    data = bytearray(count * size)
    for number, place in enumerate(places):
        data[place * size : (place + 1) * size] = tensor.data[number * size : (number + 1) * size]
    if len(data) != count * size:
        raise Unfit
    return bytes(data)


def _kept(shape: Sequence[int], sparsity: Mapping[str, Any], count: int) -> list[int]:
    """Where the elements that are kept belong: one more than there are, at most, where they are too many."""
    levels = sparsity["dim_metadata"]
    if not all(1 <= level["dense_size"] <= count for level in levels if level["format"] == "DENSE"):
        raise ValueError
    strides = _strides(shape, sparsity["traversal_order"], sparsity["block_map"], levels)
    return [*islice(_places(levels, strides, 0, 0, 0), count + 1)]


def _strides(
    shape: Sequence[int], order: Sequence[int], blocks: Sequence[int], levels: Sequence[Mapping[str, Any]]
) -> list[int]:
    """How far apart the elements of each level lie: those of a block within those of its dimension."""
    rank = len(shape)
    sizes = {dimension: level["dense_size"] for dimension, level in zip(order, levels, strict=True)}
    steps = []
    for dimension in order:
        axis = dimension if dimension < rank else blocks[dimension - rank]
        step = prod(shape[axis + 1 :])
        if dimension < rank:
            step *= prod(sizes[rank + block] for block, of in enumerate(blocks) if of == axis)
        steps.append(step)
    return steps


def _places(
    levels: Sequence[Mapping[str, Any]], strides: Sequence[int], level: int, before: int, place: int
) -> Iterator[int]:
    """Where each element that is kept belongs, in the order in which they are kept."""
    if level == len(levels):
        yield place
        return
    stated, stride = levels[level], strides[level]
    if stated["format"] == "DENSE":
        size = stated["dense_size"]
        for index in range(size):
            yield from _places(levels, strides, level + 1, before * size + index, place + index * stride)
        return
    segments, indices = stated["array_segments"]["values"], stated["array_indices"]["values"]
    for number in range(segments[before], segments[before + 1]):
        yield from _places(levels, strides, level + 1, number, place + indices[number] * stride)

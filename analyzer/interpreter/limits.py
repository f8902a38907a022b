"""Limits of a tensor's size: the runtime counts bytes in 64 bits, and dimensions in 32."""

from __future__ import annotations

from math import prod

from analyzer.expressions.vocabulary import elements
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import DTYPE_BITS

LARGEST_DIMENSION = 2**31 - 1
_ADDRESSES = 2**64
#: The product of so many dimensions is no long number.
_FEW = 8
#: Bytes of one element: what is smaller than a byte is counted as one, what has no size as nothing.
_WIDTHS = {dtype: max(1, bits // 8) for dtype, bits in DTYPE_BITS.items() if bits is not None}


def fits(shape: Shape, dtype: str) -> bool:
    """True for a possible shape: no dimension is negative, and the runtime can count its bytes.

    The runtime multiplies dimension by dimension, so that what stands in front of a 0 counts.
    Source: google-ai-edge/LiteRT f67457790, tflite/util.cc BytesRequired
    """
    width = _WIDTHS.get(dtype, 0)
    if 0 < len(shape) <= _FEW and min(shape) > 0 and max(shape) <= LARGEST_DIMENSION:
        # Nothing in front is more than all of it.
        return prod(shape) * width < _ADDRESSES
    count = 1 if width else 0
    for size in shape:
        count *= size
        if not 0 <= size <= LARGEST_DIMENSION or count >= _ADDRESSES:
            return False
    return count * width < _ADDRESSES


def countable(shape: Shape, counted: str) -> bool:
    """True where 32 bits count what they have to; `counted` is that value in `rules/cpu-kernels.toml`."""
    part = shape[1:-1] if counted == "plane" else shape
    return not counted or elements(part) <= LARGEST_DIMENSION

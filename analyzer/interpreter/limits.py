"""Limits of a tensor's size: the runtime counts bytes in 64 bits, and dimensions in 32."""

from __future__ import annotations

from analyzer.expressions.vocabulary import elements
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import DTYPE_BITS

LARGEST_DIMENSION = 2**31 - 1
_ADDRESSES = 2**64


def fits(shape: Shape, dtype: str) -> bool:
    """True for a possible shape: no dimension is negative, and the runtime can count its bytes.

    The runtime multiplies dimension by dimension, so that what stands in front of a 0 counts.
    Source: google-ai-edge/LiteRT f67457790, tflite/util.cc BytesRequired
    """
    width = _bytes(dtype)
    count = 1 if width else 0
    for size in shape:
        count *= size
        if not 0 <= size <= LARGEST_DIMENSION or count >= _ADDRESSES:
            return False
    return count * width < _ADDRESSES


def _bytes(dtype: str) -> int:
    """Of one element; what is smaller than a byte is counted as one, what has no size as nothing."""
    bits = DTYPE_BITS.get(dtype)
    return 0 if bits is None else max(1, bits // 8)


def countable(shape: Shape, counted: str) -> bool:
    """True where 32 bits count what they have to; `counted` is that value in `rules/cpu-kernels.toml`."""
    part = shape[1:-1] if counted == "plane" else shape
    return not counted or elements(part) <= LARGEST_DIMENSION

"""How the CPU kernels compute the shapes of their outputs: name in `rules/runtime.toml` -> function."""

from collections.abc import Mapping

from analyzer.prepare.shapes import (
    convolution,
    elementwise,
    layout,
    matrix,
    recurrent,
    reduction,
    slicing,
    strided,
    windows,
)
from analyzer.prepare.shapes.common import Shape, ShapeFunction

SHAPES: Mapping[str, ShapeFunction] = {
    **convolution.FUNCTIONS,
    **elementwise.FUNCTIONS,
    **layout.FUNCTIONS,
    **matrix.FUNCTIONS,
    **recurrent.FUNCTIONS,
    **reduction.FUNCTIONS,
    **slicing.FUNCTIONS,
    **strided.FUNCTIONS,
    **windows.FUNCTIONS,
}

__all__ = ["SHAPES", "Shape", "ShapeFunction"]

"""Shape functions of the CPU kernels: name in `rules/cpu-kernels.toml` -> function."""

from collections.abc import Mapping

from analyzer.interpreter.shapes import (
    convolution,
    elementwise,
    matrix,
    rearranging,
    recurrent,
    reduction,
    slicing,
    strided,
    windows,
)
from analyzer.interpreter.shapes.common import Shape, ShapeFunction

SHAPES: Mapping[str, ShapeFunction] = {
    **convolution.FUNCTIONS,
    **elementwise.FUNCTIONS,
    **rearranging.FUNCTIONS,
    **matrix.FUNCTIONS,
    **recurrent.FUNCTIONS,
    **reduction.FUNCTIONS,
    **slicing.FUNCTIONS,
    **strided.FUNCTIONS,
    **windows.FUNCTIONS,
}

__all__ = ["SHAPES", "Shape", "ShapeFunction"]

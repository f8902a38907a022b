"""Shape functions of the CPU kernels: name in `rules/cpu-kernels.toml` -> function."""

from functools import cache
from importlib import import_module

from analyzer.interpreter.shapes.common import Shape, ShapeFunction

#: The modules that have them, the most usual first: a start loads no more than a model needs.
_FAMILIES = (
    "elementwise",
    "convolution",
    "windows",
    "rearranging",
    "matrix",
    "reduction",
    "strided",
    "slicing",
    "recurrent",
)


@cache
def shape_function(name: str) -> ShapeFunction:
    """The shape function of this name. Raises: KeyError."""
    for family in _FAMILIES:
        functions: dict[str, ShapeFunction] = import_module(f"{__name__}.{family}").FUNCTIONS
        if name in functions:
            return functions[name]
    raise KeyError(name)


__all__ = ["Shape", "ShapeFunction", "shape_function"]

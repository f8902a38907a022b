"""Shapes of inputs as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.errors import UsageError

#: The file format counts in 32 bits.
_LARGEST_SIZE = 2**31 - 1


def read_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """What `--shape INPUT=SIZE,...` says, by input name. Raises: UsageError."""
    shapes = {}
    for text in texts:
        name, sign, numbers = text.rpartition("=")
        # So many digits are more than any size, and no work to read.
        plain = re.fullmatch(r"\s*[0-9]{1,20}\s*(,\s*[0-9]{1,20}\s*)*", numbers)
        shape = tuple(map(int, numbers.split(","))) if plain else ()
        if not sign or not name or not shape or not 0 <= min(shape) <= max(shape) <= _LARGEST_SIZE:
            example = f"--shape {name or 'input'}=1,224,224,3"
            raise UsageError(f"--shape {text}: not INPUT=SIZE,SIZE,...; write for example {example}")
        shapes[name] = shape
    return shapes

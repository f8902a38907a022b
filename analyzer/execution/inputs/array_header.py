"""What a .npy file says of its array, held to its bytes before room is made for it."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import IO, Any

from msgspec import Struct

from analyzer.files import reason

#: What readers of archives and arrays make of damaged ones. Headers are parsed as Python, which knows no end
#: of ways to be wrong.
FAILURES = (
    OSError, ValueError, LookupError, EOFError, MemoryError, RuntimeError, SyntaxError, TypeError,
    ArithmeticError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


class ArrayHeader(Struct, frozen=True):
    """Shape and element type of an array, and whether its columns come first."""

    shape: tuple[int, ...]
    dtype: Any
    in_columns: bool = False

    @property
    def bytes(self) -> int:
        """All of it."""
        return int(self.dtype.itemsize) * math.prod(self.shape)

    @property
    def width(self) -> int:
        """Bytes of what stands at one place of the first dimension."""
        return int(self.dtype.itemsize) * math.prod(self.shape[1:])


def read_header(stream: IO[bytes], size: int) -> ArrayHeader:
    """The header of a file of `size` bytes, read up to the array's values. Raises: ValueError."""
    from tokenize import TokenError

    from numpy.lib import format

    try:
        version = format.read_magic(stream)
        read = format.read_array_header_1_0 if version == (1, 0) else format.read_array_header_2_0
        shape, in_columns, dtype = read(stream)
    except (*FAILURES, TokenError) as error:
        raise ValueError(reason(error)) from None
    header = ArrayHeader(shape, dtype, in_columns)
    _check(header, size - stream.tell())
    return header


def _check(header: ArrayHeader, left: int) -> None:
    if min(header.shape, default=0) < 0:
        raise ValueError(f"its header tells of the shape {shape_text(header.shape)}")
    if not header.dtype.hasobject and header.bytes > left:
        raise ValueError(f"its header tells of {header.bytes} bytes, and it has {left}")


def shape_text(shape: Sequence[int], between: str = "x") -> str:
    """`224x224x3`; `()` for a scalar."""
    return between.join(map(str, shape)) or "()"

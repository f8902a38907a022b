"""LiteRT's tensor buffers as plain bytes: its own Python reads and writes only some element types.

Source: google-ai-edge/LiteRT, litert/c/litert_tensor_buffer.h.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

_CAPSULE = b"LiteRtTensorBuffer"
_READ, _WRITE = 0, 1


class Buffer:
    """One buffer of a compiled model, for a tensor of one element type and shape."""

    def __init__(self, made: Any, dtype: Any, shape: tuple[int, ...]) -> None:
        self._made = made
        self._dtype, self._shape = dtype, shape
        self._handle = ctypes.c_void_p(_pointer()(made.capsule, _CAPSULE))
        size = ctypes.c_size_t()
        _call("LiteRtGetTensorBufferPackedSize", self._handle, ctypes.byref(size))
        self._size = size.value

    @property
    def capsule(self) -> Any:
        """LiteRT's own handle of it."""
        return self._made.capsule

    def write(self, values: Any) -> None:
        """Fill it with an array."""
        import numpy as np

        raw = np.ascontiguousarray(values).tobytes()
        if len(raw) != self._size:
            raise ValueError(f"an input of {len(raw)} bytes for a buffer of {self._size}")
        self._locked(_WRITE, lambda address: ctypes.memmove(address, raw, self._size))

    def fill(self, pattern: int) -> None:
        self._locked(_WRITE, lambda address: ctypes.memset(address, pattern, self._size))

    def read(self) -> Any:
        """A copy of what it holds."""
        import numpy as np

        raw = self._locked(_READ, lambda address: ctypes.string_at(address, self._size))
        return np.frombuffer(raw, self._dtype).reshape(self._shape)

    def _locked(self, mode: int, act: Any) -> Any:
        """Hold it where the processor can reach it; locking for reading waits for whoever writes it."""
        address = ctypes.c_void_p()
        _call("LiteRtLockTensorBuffer", self._handle, ctypes.byref(address), mode)
        try:
            return act(address)
        finally:
            _call("LiteRtUnlockTensorBuffer", self._handle)


def _call(function: str, *arguments: Any) -> None:
    status = getattr(_library(), function)(*arguments)
    if status:
        raise RuntimeError(f"{function} failed with status {status}")


@cache
def _library() -> Any:
    import ai_edge_litert

    return ctypes.CDLL(str(Path(ai_edge_litert.__file__).parent / "libLiteRt.so"))


@cache
def _pointer() -> Any:
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return get_pointer

"""Watches what a LiteRT accelerator's delegate replaces.

An accelerator is a shared library with one exported structure, by which the runtime has it make delegates.
In this process the structure's entry for that leads through here: what comes out of it is watched.
Source: google-ai-edge/LiteRT, litert/c/internal/litert_accelerator_def.h (version 1).
"""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path
from typing import Any

from analyzer.execution.engines.execution_plan import ExecutionPlanHook

_STRUCTURE = "LiteRtAcceleratorImpl"
_CREATE_DELEGATE = 40
#: Size and version in 16 bits each: the only layout that is known here.
_KNOWN = 200 | 1 << 16
_READ_WRITE = 1 | 2

_Create = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4, ctypes.POINTER(ctypes.c_void_p))


class AcceleratorHook:
    """Watches one accelerator from before it is first used."""

    def __init__(self, library: Path, runtime: Path) -> None:
        self.plan_hook = ExecutionPlanHook()
        self._kept: list[Any] = []
        loaded = ctypes.CDLL(str(library))
        structure = ctypes.addressof(ctypes.c_char.in_dll(loaded, _STRUCTURE))
        #: Whether this library is of the kind that is understood.
        self.works = ctypes.c_uint32.from_address(structure).value == _KNOWN
        if self.works:
            self._hook_create_delegate(structure + _CREATE_DELEGATE, ctypes.CDLL(str(runtime)))

    def _hook_create_delegate(self, entry: int, runtime: Any) -> None:
        own = _Create(ctypes.c_uint64.from_address(entry).value)

        def create(context: Any, environment: Any, accelerator: Any, options: Any, made: Any) -> int:
            status = int(own(context, environment, accelerator, options, made))
            delegate = ctypes.c_void_p()
            if (
                status == 0
                and runtime.LiteRtUnwrapDelegate(ctypes.c_void_p(made[0]), ctypes.byref(delegate)) == 0
            ):
                self.plan_hook.wrap(delegate.value or 0)
            return status

        callback = _Create(create)
        self._kept += [own, callback]
        _writable(entry)
        ctypes.c_uint64.from_address(entry).value = ctypes.cast(callback, ctypes.c_void_p).value or 0


def _writable(address: int) -> None:
    """The loader leaves such structures read-only once it has filled them in."""
    page = address - address % mmap.PAGESIZE
    ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), ctypes.c_size_t(mmap.PAGESIZE), _READ_WRITE)

"""A delegate in a shared library of the user's own, on top of the interpreter's built-in kernels."""

from __future__ import annotations

import os
from pathlib import Path

from analyzer.execution.engines.tflite import NO_DELEGATE, InterpreterSession, check_installed, load_delegate
from analyzer.execution.engines.tflite import load as load
from analyzer.execution.request import RunRequest, Session, unavailable

#: Nothing is known of it.
ROUNDS_ALIKE = False


def check(request: RunRequest) -> None:
    check_installed("--delegate-lib")
    if request.library is None or not Path(request.library).is_file():
        raise unavailable(f"--delegate-lib {request.library}: there is no such file", "name a shared library")


def open(request: RunRequest) -> Session:
    delegate = load_delegate(os.path.abspath(request.library or ""), request.options)
    return InterpreterSession(request, NO_DELEGATE, delegate)

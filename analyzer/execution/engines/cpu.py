"""The reference: the interpreter with its built-in kernels and no delegate at all."""

from __future__ import annotations

from analyzer.execution.engines.tflite import NO_DELEGATE, InterpreterSession, check_installed
from analyzer.execution.engines.tflite import load as load
from analyzer.execution.request import RunRequest, Session

ROUNDS_ALIKE = True


def check(request: RunRequest) -> None:
    check_installed("cpu")


def open(request: RunRequest) -> Session:
    return InterpreterSession(request, NO_DELEGATE)

"""The reference: the interpreter with its built-in kernels and no delegate at all."""

from __future__ import annotations

from analyzer.runtime.interface import RunRequest, Session
from analyzer.runtime.interpreter import NO_DELEGATE, InterpreterSession, check_installed
from analyzer.runtime.interpreter import load as load

ROUNDS_ALIKE = True


def check(request: RunRequest) -> None:
    check_installed("cpu")


def open(request: RunRequest) -> Session:
    return InterpreterSession(request, NO_DELEGATE)

"""The reference: the interpreter with its built-in kernels and no delegate at all."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.runtime.interface import RunRequest, Session
from analyzer.runtime.interpreter import NO_DELEGATE, InterpreterSession, check_installed


def check(request: RunRequest) -> None:
    check_installed("cpu")


def environment(request: RunRequest) -> Mapping[str, str]:
    return {}


def open(request: RunRequest) -> Session:
    return InterpreterSession(request, NO_DELEGATE)

"""XNNPACK as the interpreter applies it by itself."""

from __future__ import annotations

from analyzer.execution.engines.tflite import DEFAULT, InterpreterSession, check_installed
from analyzer.execution.engines.tflite import load as load
from analyzer.execution.request import RunRequest, Session, unavailable

#: What the interpreter sets, and offers no way to change.
_FLAGS = {"qs8": True, "qu8": True, "dynamic_fully_connected": False, "dynamic_quantization": True}

ROUNDS_ALIKE = True


def check(request: RunRequest) -> None:
    check_installed("xnnpack")
    for name, value in _FLAGS.items():
        if request.parameters.get(name, value) != value:
            raise unavailable(
                f"xnnpack: the Python interpreter can't be told {name}={str(not value).lower()}",
                f"leave {name} at its default",
            )


def open(request: RunRequest) -> Session:
    return InterpreterSession(request, DEFAULT)

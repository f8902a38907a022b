"""Delegate name -> the engine that runs it for real."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import cast

from msgspec import Struct

from analyzer.execution import worker
from analyzer.execution.request import Engine, Limits, Runner, RunRequest, RunResult, Sample, unavailable

REFERENCE = "cpu"
OTHER_KERNELS = "xnnpack"
EXTERNAL = "external"
#: What the interpreter does where it is told nothing.
DEFAULT = "xnnpack"

#: Delegates that come with the interpreter, or beside it, as their rule packs name them.
GPU = "litert-gpu"
BUNDLED = (DEFAULT, GPU)

#: The reference, and delegates as their rule packs name them -> modules of this package.
_MODULES = {REFERENCE: "cpu", DEFAULT: "xnnpack", GPU: "gpu", EXTERNAL: "external"}


class Local(Struct, frozen=True):
    """Runs models on this machine, each in a process of its own."""

    name: str

    @property
    def rounds_alike(self) -> bool:
        return engine(self.name).ROUNDS_ALIKE

    def check(self, request: RunRequest) -> None:
        engine(self.name).check(request)

    def run(self, request: RunRequest, samples: Sequence[Sample], limits: Limits) -> RunResult:
        return worker.run(self.name, request, samples, limits)


def engine(name: str) -> Engine:
    """The module behind a name. Raises: RuntimeUnavailable."""
    if name not in _MODULES:
        raise unavailable(
            f"{name}: there is no way to run it on this machine",
            f"give its library with --delegate-lib, or run {' or '.join(BUNDLED)}",
        )
    return cast(Engine, import_module(f"analyzer.execution.engines.{_MODULES[name]}"))


def substitute(reference: Runner, runner: Runner) -> Runner | None:
    """The runner to compare with instead, where the reference can't run a model."""
    here = reference == Local(REFERENCE)
    return Local(OTHER_KERNELS) if here and runner.name not in (REFERENCE, OTHER_KERNELS) else None


def local(name: str) -> Runner:
    """The runner of a delegate on this machine; where there is none, its `check` says so."""
    if name == "qualcomm-htp":
        from analyzer.execution.engines.qualcomm import Qualcomm

        return Qualcomm(name)
    return Local(name)

"""Runs small models on real engines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from analyzer.conformance import runtime_query
from analyzer.errors import RuntimeUnavailable
from analyzer.execution import process
from analyzer.execution.engines import lookup
from analyzer.execution.inputs import generate, signatures
from analyzer.execution.inputs.generate import Wanted
from analyzer.execution.request import Limits, RunRequest, RunResult, Sample
from analyzer.model import Model, read


class Given:
    """A model in a file, the way into it, and what goes in."""

    def __init__(self, folder: Path, data: bytes, signature: str | None = None, **wanted: Any) -> None:
        self.file = folder / "model.tflite"
        self.file.write_bytes(data)
        self.model: Model = read(self.file)
        self.entry = signatures.entries(self.model, signature)[0]
        self.samples: list[Sample] = generate.samples(self.model, self.entry, Wanted(**wanted))

    def request(self, **fields: Any) -> RunRequest:
        asked: dict[str, Any] = {"runs": 1, "warmup": 0}
        asked |= {"computed": signatures.computed(self.model, self.entry)} | fields
        return RunRequest(model=str(self.file), entry=self.entry, **asked)

    def run(self, engine: str = "cpu", limits: Limits = Limits(60), **fields: Any) -> RunResult:  # noqa: B008
        request = self.request(**fields)
        runner = lookup.local(engine)
        runner.check(request)
        return runner.run(request, self.samples, limits)


def hurry(
    monkeypatch: pytest.MonkeyPatch,
    hangs: Callable[[], bool],
    watching: ModuleType = process,
    most: float = math.inf,
) -> None:
    """While a process hangs, have its limit come soon, so that the limit can be one that no other needs.

    `watching` is the module that looks at the clock, which gets no more than `most` seconds ahead.
    """
    ahead = 0.0

    def now() -> float:
        nonlocal ahead
        ahead = min(most, ahead + 30 * hangs())
        return time.monotonic() + ahead

    monkeypatch.setattr(watching, "time", SimpleNamespace(monotonic=now))


def _missing(delegate: str) -> str:
    try:
        runtime_query.check(delegate)
    except RuntimeUnavailable as missing:
        return str(missing)
    return ""


needs_gpu = pytest.mark.skipif(bool(_missing("litert-gpu")), reason=_missing("litert-gpu"))

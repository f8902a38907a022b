"""Every runtime here about every mutant, in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.conformance import runtime_query
from analyzer.conformance.runtime_query import NOWHERE, Reply
from analyzer.errors import RuntimeUnavailable
from analyzer.execution.engines.lookup import local
from analyzer.execution.request import Limits, RunRequest

CPU, NPU = "cpu", "qualcomm-htp"
#: All that can be asked. The last is a program that is started for each model: it takes its time.
DELEGATES = ("xnnpack", "litert-gpu", NPU)
_LIMITS = Limits(seconds=20)


def available(names: Sequence[str]) -> list[str]:
    """The delegates that can be asked here; of others it is printed why not."""
    missing = {name: _missing(name) for name in names}
    for name, why in missing.items():
        if why:
            print(f"{name} is not asked: {why}", flush=True)
    return [name for name, why in missing.items() if not why]


def _missing(name: str) -> str:
    try:
        if name == NPU:
            local(name).check(RunRequest(model="", entry=NOWHERE))
        else:
            runtime_query.check(name)
    except RuntimeUnavailable as missing:
        return str(missing)
    return ""


def ask(name: str, files: Sequence[str]) -> Iterator[Reply]:
    """A reply for each model, in order; one that loads nothing says why."""
    if name != NPU:
        yield from runtime_query.query(name, files, _LIMITS)
        return
    for file in files:
        result = local(name).run(RunRequest(model=file, entry=NOWHERE), [], _LIMITS)
        delegated = None if result.delegated is None else dict(result.delegated)
        runtime = result.measured.runtime if result.measured else None
        yield Reply(file, delegated, f"{runtime.name} {runtime.version}" if runtime else "", result.message)

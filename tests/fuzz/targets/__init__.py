"""What is fuzzed: a module each, with `run(data)`, `seeds()` and, where bytes have a grammar, `mutate()`.

`run` swallows what is promised of bad input, having looked at it, and lets everything else out. None of these
modules may be imported before it is settled whether coverage is traced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from random import Random

from msgspec import Struct

#: Target -> the packages whose coverage guides it, as good as all that it reaches.
TARGETS = {
    "reader": ("analyzer.model",),
    "audit": ("analyzer.model", "analyzer.interpreter", "analyzer.auditing", "analyzer.expressions"),
    "archives": ("analyzer.sources", "zipfile", "tarfile"),
    "packs": ("analyzer.rules", "analyzer.expressions"),
    "expressions": ("analyzer.expressions",),
    "configuration": ("analyzer.config", "analyzer.gating", "analyzer.rules"),
    "phones": ("analyzer.execution.android",),
    "logs": ("analyzer.device_log",),
    "fleet": ("analyzer.fleet", "analyzer.report.fleet"),
    "fix": ("analyzer.rewriting", "analyzer.model.extract", "analyzer.model.write"),
}


class Target(Struct, frozen=True):
    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    #: Another input made of this one as its grammar has it; None where that can't be.
    mutate: Callable[[Random, bytes], bytes | None]


def load(name: str) -> Target:
    """The target of this name."""
    module = import_module(f"tests.fuzz.targets.{name}")
    return Target(name, module.run, module.seeds, module.mutate)

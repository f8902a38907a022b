"""What the runtimes here say of models, as lines of the conformance data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from analyzer.conformance import runtime_query
from analyzer.conformance.runtime_query import UNPREPARED, Reply
from analyzer.execution.request import Limits
from analyzer.model import read
from tests.sweeps.chains.running import CRASH, FAILS, UNJUDGED, run
from tests.sweeps.chains.shrinking import DELEGATE
from tests.sweeps.mutants.asking import CPU, NPU, ask
from tests.sweeps.mutants.holding import DIED

_LIMITS = Limits(seconds=20)
#: Who is asked before the CPU's kernels are, and so leaves to them what they refuse; what they then say.
_FIRST = "xnnpack"
_LEFT = re.compile(r"Node number 0 \(\w+\) failed to prepare")


#: What Qualcomm's plug-in says where it has loaded a model, and gives up on the whole of it.
_REFUSES_ALL = "Starting Partitioning model"


class Judged(Struct, frozen=True):
    """What became of one model: whether the CPU loads it by itself, and each delegate's row."""

    loads: bool
    error: str
    #: Delegate -> `supported` or `delegated`, as `truth.zip` has them.
    rows: Mapping[str, Mapping[str, Any]]
    #: Delegate -> what became of the model, and the last words, where that was tried.
    outcomes: Mapping[str, tuple[str, str]] = {}


def judge(files: Sequence[Path], delegates: Sequence[str]) -> list[Judged]:
    """Ask all of these, in processes of their own, about all files."""
    names = list(map(str, files))
    cpu = list(ask(CPU, names))
    told = {name: list(ask(name, names)) for name in delegates}
    refused = [name for name, reply in zip(names, cpu, strict=True) if reply.delegated is None]
    filed: dict[str, Reply] = {}
    if DELEGATE in delegates:
        filed = dict(zip(refused, runtime_query.query(UNPREPARED, refused, _LIMITS), strict=True))
    judged = []
    for number, name in enumerate(names):
        loads = cpu[number].delegated is not None
        rows = {}
        for delegate, replies in told.items():
            row = _row(replies[number]) if loads or delegate == NPU else None
            if not loads and len(read(name).subgraphs[0].operators) == 1:
                row = row or _word(delegate, replies[number], filed.get(name))
            if row:
                rows[delegate] = row
        judged.append(Judged(loads, cpu[number].error, rows))
    return judged


def outcomes(files: Sequence[Path], delegate: str) -> list[tuple[str, str] | None]:
    """What becomes of models when they are run, or loaded where the delegate isn't run here."""
    names = list(map(str, files))
    if delegate == DELEGATE:
        seen = ((one.outcome, one.words) for one in run(names))
        return [None if outcome == UNJUDGED else (outcome, words) for outcome, words in seen]
    replies = ask(delegate, names)
    return [_became(reply.error) if reply.delegated is None else None for reply in replies]


def _became(error: str) -> tuple[str, str]:
    return CRASH if error.startswith(DIED) else FAILS, error


def _row(reply: Reply) -> dict[str, Any] | None:
    if reply.delegated is None:
        return {"delegated": {"0": []}} if _REFUSES_ALL in reply.error else None
    return {"delegated": {str(at): list(taken) for at, taken in reply.delegated.items()}}


def _word(delegate: str, reply: Reply, filed: Reply | None) -> dict[str, Any] | None:
    """On the one operator of a model that the CPU refuses, as it stands in the file."""
    if delegate == _FIRST and _LEFT.search(reply.error):
        return {"supported": {"0": "0"}}
    said = reply if delegate == _FIRST else filed
    if said is None or said.delegated is None:
        return None
    return {"supported": {"0": str(int(0 in said.delegated.get(0, ())))}}

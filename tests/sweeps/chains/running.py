"""Runs models on the GPU accelerator beside the CPU's reference kernels: many a process, while it lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from analyzer.errors import RuntimeUnavailable
from analyzer.execution import worker
from analyzer.execution.request import Limits

CHILD = "tests.sweeps.chains.running_main"
REPLIES = "replies"
WORKS, WRONG, FAILS, CRASH = "works", "wrong", "fails", "crash"
#: The CPU itself doesn't run it, or the process had to be ended: there is nothing to judge.
UNJUDGED = "unjudged"
#: Said of a model once the CPU has run it: what ends the process from then on is the accelerator.
_COMPUTED = "computed"
#: Said before the first model: a process that doesn't come to it says nothing of models.
_STARTED = "started"
#: Models to one process: what drivers leave behind adds up.
_MOST = 100
_LIMITS = Limits(seconds=30)
_DIED = "ended by"


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of one model; `snr_db` is that of the output that is worst."""

    file: str
    outcome: str
    words: str = ""
    snr_db: float | None = None


def run(files: Sequence[str]) -> Iterator[Outcome]:
    """What becomes of each model, in order. Raises: RuntimeUnavailable where nothing can be run."""
    left = list(files)
    while left:
        with TemporaryDirectory(prefix="delegate-analyzer-") as folder:
            outcomes = _run(left[:_MOST], Path(folder))
        yield from outcomes
        left = left[len(outcomes) :]


def _run(files: Sequence[str], folder: Path) -> list[Outcome]:
    """Of the first files; the last one may be what ended the process."""
    (folder / worker.TASK).write_bytes(msgspec.msgpack.encode(list(files)))
    replies = folder / REPLIES
    replies.touch()
    size = 0

    def moved() -> bool:
        nonlocal size
        before, size = size, replies.stat().st_size
        return size > before

    result = worker.finish(folder, CHILD, _LIMITS, moved)
    lines = [msgspec.json.decode(line, type=Outcome) for line in replies.read_bytes().split(b"\n")[:-1]]
    if not lines:
        raise RuntimeUnavailable(f"{CHILD}: doesn't start: {result.message}")
    outcomes = [line for line in lines if line.outcome not in (_STARTED, _COMPUTED)]
    if len(outcomes) < len(files):
        computed = any(line.file == files[len(outcomes)] for line in lines)
        died = computed and result.message.startswith(_DIED)
        outcomes.append(Outcome(files[len(outcomes)], CRASH if died else UNJUDGED, result.message))
    return outcomes


def started() -> Outcome:
    """Says that models are looked at from now on."""
    return Outcome("", _STARTED)


def computed(file: str) -> Outcome:
    """Says that the accelerator's turn has come."""
    return Outcome(file, _COMPUTED)

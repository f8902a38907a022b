"""The other process: `python -m tests.sweeps.chains.running_main FOLDER` runs what a folder names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from analyzer.execution import worker
from analyzer.execution.compare.measures import compare
from analyzer.execution.engines import cpu, gpu, vulkan
from analyzer.execution.engines.accelerator_hook import AcceleratorHook
from analyzer.execution.engines.execution_plan import ExecutionPlanHook
from analyzer.execution.inputs.generate import Wanted, samples
from analyzer.execution.inputs.signatures import computed, entries
from analyzer.execution.request import RunRequest, Sample, Session
from analyzer.execution.worker import Answer
from analyzer.execution.worker_main import leave, without_core_dumps
from analyzer.model import read
from tests.sweeps.chains import running
from tests.sweeps.chains.running import FAILS, REPLIES, UNJUDGED, WORKS, WRONG, Outcome

#: What outputs are filled with before each run: what isn't written keeps it, and differs.
_PATTERN = 0xA5


def main(folder: Path) -> None:
    without_core_dumps()
    files = msgspec.msgpack.decode((folder / worker.TASK).read_bytes(), type=list[str])
    vulkan.use(vulkan.find(None, "litert-gpu"))
    accelerator = gpu.hook()
    with open(folder / REPLIES, "ab", buffering=0) as replies:

        def reply(outcome: Outcome) -> None:
            replies.write(msgspec.json.encode(outcome) + b"\n")

        reply(running.started())
        for file in files:
            _forget_log()
            reply(_outcome(file, accelerator, lambda file: reply(running.computed(file))))
    leave(folder, lambda: (Answer(), []))


def _forget_log() -> None:
    """Last words are to be those on one model."""
    with suppress(OSError):
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)


def _outcome(file: str, accelerator: AcceleratorHook, ready: Callable[[str], None]) -> Outcome:
    model = read(file)
    [entry] = entries(model)
    request = RunRequest(model=file, entry=entry, computed=computed(model, entry))
    given = samples(model, entry, Wanted())
    try:
        reference = _computed(cpu.open(request), given)
    except Exception as error:
        return Outcome(file, UNJUDGED, _words(error))
    ready(file)
    accelerator.plan_hook = ExecutionPlanHook()
    try:
        outputs = _computed(gpu.GpuSession(request, accelerator), given)
    except Exception as error:
        return Outcome(file, FAILS, _words(error))
    compared = compare(model, entry, reference, outputs)
    noise = [one.snr_db for one in compared if one.snr_db is not None]
    wrong = next((one for one in compared if not one.within), None)
    words = f"output {wrong.name}: {wrong.problem}" if wrong else ""
    return Outcome(file, WRONG if wrong else WORKS, words, round(min(noise), 1) if noise else None)


def _computed(session: Session, given: list[Sample]) -> list[Sample]:
    outputs: list[Sample] = []
    for sample in given:
        session.feed(sample)
        session.mark(_PATTERN)
        session.invoke()
        outputs.append(session.fetch())
    return outputs


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))

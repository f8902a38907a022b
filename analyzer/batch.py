"""Many models: audited in several processes where that is asked for."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from analyzer.model_auditor import ModelAuditor, ModelResult, Task
from analyzer.sources import ModelSource

if TYPE_CHECKING:
    from concurrent.futures import Future

#: Windows has a pool wait for no more.
_MOST_PROCESSES = 61
#: How many models a process is given at once.
_PORTION = 8


def results(auditor: ModelAuditor, sources: Sequence[ModelSource], jobs: int) -> Iterator[ModelResult]:
    """Audit models in their order, in `jobs` processes where there are enough models for that."""
    if jobs <= 1 or len(sources) < 2 or any(source.file is None for source in sources):
        yield from map(auditor.audit, sources)
        return
    from concurrent.futures import ProcessPoolExecutor

    processes = min(jobs, len(sources), _MOST_PROCESSES)
    portions = (sources[start : start + _PORTION] for start in range(0, len(sources), _PORTION))
    # So many wait to be taken up or fetched: memory doesn't grow with the number of models.
    waiting: deque[Future[list[bytes]]] = deque()
    with ProcessPoolExecutor(processes, initializer=_start, initargs=(auditor.task,)) as pool:
        for portion in portions:
            waiting.append(pool.submit(_audit, portion))
            if len(waiting) > 2 * processes:
                yield from _decoded(waiting.popleft())
        while waiting:
            yield from _decoded(waiting.popleft())


def _decoded(portion: Future[list[bytes]]) -> Iterator[ModelResult]:
    for encoded in portion.result():
        yield msgspec.json.decode(encoded, type=ModelResult)


#: This process's own.
_auditors: list[ModelAuditor] = []


def _start(task: Task) -> None:
    from threading import Thread

    # An interruption from the keyboard reaches every process; the one that started them speaks for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    _auditors.append(ModelAuditor(task))


def _end_with_parent() -> None:
    """However the process ends that started this one, which else would wait for work for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _audit(portion: Sequence[ModelSource]) -> list[bytes]:
    # Not as MessagePack, which has no numbers beyond 64 bits.
    return [msgspec.json.encode(_auditors[0].audit(source)) for source in portion]

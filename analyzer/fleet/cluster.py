"""Models audited on a Dask cluster: its workers have this package, and see the files by the same names."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from analyzer.errors import AnalyzerError, ModelError, UsageError
from analyzer.fleet.answers import Answer, Form, Renewing, answer, decoded, encoded, unread
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.sources import ModelSource

#: How many models a worker is given at once, and how many portions are on their way for each thread.
_PORTION, _AHEAD = 8, 4
#: Seconds to wait for a scheduler.
_PATIENCE = 20


class _Failure(Struct, frozen=True):
    """What ends everything, wherever it happens."""

    message: str


def on_cluster(
    scheduler: str, task: Task, form: Form, sources: Iterable[ModelSource]
) -> Iterator[tuple[ModelSource, Answer]]:
    """Every model with its answer, in their order; what a dying worker had is given to another.

    Raises: UsageError where nobody answers there.
    """
    client = _client(scheduler)
    waiting: deque[tuple[list[ModelSource], Any]] = deque()
    remaining = iter(sources)
    try:
        while True:
            while len(waiting) < _AHEAD * max(1, sum(client.nthreads().values())):
                portion = list(islice(remaining, _PORTION))
                if not portion:
                    break
                waiting.append((portion, _submitted(client, task, form, portion)))
            if not waiting:
                return
            portion, future = waiting.popleft()
            yield from zip(portion, _answers(client, task, form, portion, future), strict=True)
    finally:
        client.close()


def _client(scheduler: str) -> Any:
    # Dask itself waits for as long as it would for a scheduler, and leaves a traceback.
    if not re.search(r":\d+", scheduler):
        raise UsageError(f"--scheduler {scheduler}: has no port; write tcp://HOST:PORT")
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("--scheduler needs pip install 'delegate-analyzer[dask]'") from None
    try:
        return Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(
            f"--scheduler {scheduler}: nobody answers ({reason}); start dask scheduler and dask worker"
        ) from None


def _submitted(client: Any, task: Task, form: Form, portion: Sequence[ModelSource]) -> Any:
    # Not by what it is called with: each run audits anew.
    return client.submit(audit_portion, task, form, list(portion), pure=False)


def _answers(client: Any, task: Task, form: Form, portion: list[ModelSource], future: Any) -> list[Answer]:
    """What came of a portion; where workers die of it, what comes of each model by itself."""
    from distributed.scheduler import KilledWorker

    try:
        told = future.result()
    except KilledWorker:
        if len(portion) == 1:
            return [_killed(portion[0])]
        alone = [(source, _submitted(client, task, form, [source])) for source in portion]
        return [each for source, single in alone for each in _answers(client, task, form, [source], single)]
    if isinstance(told, _Failure):
        raise UsageError(told.message)
    return list(map(decoded, told))


def _killed(source: ModelSource) -> Answer:
    problem = "the workers of the cluster that audited it were ended"
    return Answer(unread(source, ModelError(source.name, problem, "audit it by itself, with more memory")))


# On a worker

#: The last task, and its auditor.
_LAST: dict[str, Any] = {}


def audit_portion(task: Task, form: Form, portion: Sequence[ModelSource]) -> list[bytes] | _Failure:
    """Audit a portion of models, on a worker of the cluster."""
    try:
        if _LAST.get("task") != task:
            _LAST.update(task=task, auditing=Renewing(ModelAuditor(task)))
        return [encoded(answer(_LAST["auditing"].auditor, source, form)) for source in portion]
    except AnalyzerError as error:
        return _Failure(str(error))

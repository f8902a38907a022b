"""Processes that audit portions of models; one that dies is replaced."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing import Pipe, Process, get_start_method
from multiprocessing.connection import Connection, wait

from msgspec import Struct

from analyzer.errors import AnalyzerError, ModelError, UsageError
from analyzer.fleet.answers import (
    Answer,
    Claims,
    Form,
    Renewing,
    answer,
    decoded,
    digest,
    encoded,
    is_plain,
    unread,
)
from analyzer.model.read import CHANGED, WAIT, die_where_cut_short
from analyzer.model_auditor import ModelAuditor, ModelResult, Task
from analyzer.sources import ModelSource

#: How many models a process is given at once.
PORTION = 8
#: How many portions for each process may be ahead of what was given out.
_AHEAD = 8
#: How often a model is given to a process in all, where processes die of it or beside it.
_ATTEMPTS = 2


class _Job(Struct):
    number: int
    source: ModelSource
    attempts: int = 0
    #: Whether its content is its own to audit.
    claimed: bool = False


class _Worker(Struct):
    process: Process
    connection: Connection
    jobs: deque[_Job]


class Workers:
    """Processes of one task, to be used in a `with`."""

    def __init__(self, auditor: ModelAuditor, form: Form, count: int, claims: Claims | None = None) -> None:
        #: For models that only this process has.
        self._auditor = auditor
        self._form = form
        self._claims = claims
        self._count = count
        self._workers: list[_Worker] = []
        #: Answers that wait for their turn.
        self._answers: dict[int, Answer] = {}
        self._again: deque[_Job] = deque()

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
            worker.process.close()

    def answers(self, sources: Iterable[ModelSource]) -> Iterator[tuple[ModelSource, Answer]]:
        """Every model with its answer, in their order. Raises: UsageError, RuleError."""
        jobs = (_Job(number, source) for number, source in enumerate(sources))
        given: deque[_Job] = deque()
        while True:
            left = self._give(jobs, given)
            if given and (told := self._told(given[0])) is not None:
                yield given.popleft().source, told
                self._hear(0)
            elif not given and not left:
                return
            else:
                self._hear(None)

    def _told(self, job: _Job) -> Answer | None:
        if not _portable(job.source):
            return answer(self._auditor, job.source, self._form)
        return self._answers.pop(job.number, None)

    def _give(self, jobs: Iterator[_Job], given: deque[_Job]) -> bool:
        """Give idle processes something to do; False where nothing is left to be given."""
        while len(self._workers) < self._count:
            self._workers.append(_started(self._auditor, self._form, self._claims is not None))
        room = PORTION * _AHEAD * self._count
        for worker in [worker for worker in self._workers if not worker.jobs]:
            # What a process left behind when it died comes first, each by itself.
            if self._again:
                self._send(worker, [self._again.popleft()])
            elif len(given) < room:
                portion = list(islice(jobs, PORTION))
                given.extend(portion)
                self._send(worker, [job for job in portion if _portable(job.source)])
                if not portion:
                    return False
        return True

    def _send(self, worker: _Worker, portion: Sequence[_Job]) -> None:
        worker.jobs.extend(portion)
        try:
            worker.connection.send([job.source for job in portion])
        except OSError:
            self._bury(worker)

    def _hear(self, patience: float | None) -> None:
        """Take what processes have to say."""
        busy: dict[object, _Worker] = {worker.connection: worker for worker in self._workers if worker.jobs}
        for connection in wait([worker.connection for worker in busy.values()], patience) if busy else ():
            worker = busy[connection]
            try:
                self._take(worker, worker.connection.recv_bytes())
            except (EOFError, OSError):
                self._bury(worker)

    def _take(self, worker: _Worker, message: bytes) -> None:
        if message[:1] == _ENDS:
            raise UsageError(message[1:].decode())
        if message[:1] != _ASKS:
            self._answers[worker.jobs.popleft().number] = decoded(message[1:])
            return
        digests = [text or None for text in message[1:].decode().split(",")]
        # What a process claimed and died of is to be audited by the next all the same.
        open = [None if job.claimed else sha256 for job, sha256 in zip(worker.jobs, digests, strict=True)]
        wanted = self._claims(open) if self._claims is not None else [True] * len(open)
        for job, own in zip(worker.jobs, wanted, strict=True):
            job.claimed = own
        worker.connection.send(wanted)

    def _bury(self, worker: _Worker) -> None:
        """Give what a dead process had to others; a model under which it happens again isn't audited."""
        self._workers.remove(worker)
        worker.process.join()
        code = worker.process.exitcode
        worker.connection.close()
        for place, job in enumerate(worker.jobs):
            job.attempts += place == 0
            if job.attempts >= _ATTEMPTS:
                self._answers[job.number] = Answer(_killed(job.source, code))
            else:
                self._again.append(job)


def _portable(source: ModelSource) -> bool:
    """Whether another process can have a model: not what is in memory, or on standard input."""
    return source.file is not None or bool(source.address) or source.problem is not None


def _started(auditor: ModelAuditor, form: Form, claims: bool) -> _Worker:
    ours, theirs = Pipe()
    # A forked process has the packs already; to any other the task is sent, to load them by.
    given = auditor if get_start_method() == "fork" else auditor.task
    process = Process(target=_work, args=(theirs, given, form, claims), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, deque())


def _killed(source: ModelSource, code: int | None) -> ModelResult:
    if code is not None and -code == getattr(signal, "SIGBUS", None):
        return unread(source, ModelError(source.name, CHANGED, WAIT))
    how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
    problem = f"the process that audited it was ended twice ({how})"
    return unread(source, ModelError(source.name, problem, "audit it by itself, with more memory"))


# In the process

#: How messages begin: an answer, the question which contents are to be audited, what ends everything.
_ANSWERS, _ASKS, _ENDS = b"=", b"?", b"!"


def _work(connection: Connection, given: ModelAuditor | Task, form: Form, claims: bool) -> None:
    from threading import Thread

    # An interruption from the keyboard reaches every process; the one that started them speaks for all.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_where_cut_short()
    Thread(target=_end_with_parent, daemon=True).start()
    try:
        auditing = Renewing(ModelAuditor(given) if isinstance(given, Task) else given)
        while True:
            _audit(connection, auditing, form, claims)
    except EOFError:
        return
    except AnalyzerError as error:
        connection.send_bytes(_ENDS + str(error).encode())


def _audit(connection: Connection, auditing: Renewing, form: Form, claims: bool) -> None:
    """One portion."""
    portion: list[ModelSource] = connection.recv()
    digests = [digest(source) if claims and is_plain(source) else None for source in portion]
    wanted = [True] * len(portion)
    if any(digests):
        connection.send_bytes(_ASKS + ",".join(text or "" for text in digests).encode())
        wanted = connection.recv()
    for source, sha256, own in zip(portion, digests, wanted, strict=True):
        told = answer(auditing.auditor, source, form, sha256) if own else Answer(None, sha256=sha256)
        connection.send_bytes(_ANSWERS + encoded(told))


def _end_with_parent() -> None:
    """However the process ends that started this one, which else would wait for work for ever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

"""Many models one after another: in this process, in several, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from analyzer.fleet.answers import Answer, Claims, Form, Renewing, answer, digest, is_plain
from analyzer.model_auditor import ModelAuditor
from analyzer.sources import ModelSource

#: Windows waits for no more.
_MOST_PROCESSES = 60


def results(
    auditor: ModelAuditor,
    sources: Iterable[ModelSource],
    jobs: int,
    form: Form | None = None,
    claims: Claims | None = None,
    scheduler: str | None = None,
) -> Iterator[tuple[ModelSource, Answer]]:
    """Audit models in their order, in `jobs` processes where there are enough models for that.

    Where another model with the same content was claimed before, by its SHA-256, the answer has no result.
    """
    form = form or Form()
    if scheduler:
        from analyzer.fleet.cluster import on_cluster

        yield from on_cluster(scheduler, auditor.task, form, sources)
        return
    remaining = iter(sources)
    first = list(islice(remaining, 2))
    everything = chain(first, remaining)
    if jobs <= 1 or len(first) < 2:
        yield from _here(auditor, everything, form, claims)
        return
    from analyzer.fleet.workers import Workers

    with Workers(auditor, form, min(jobs, _MOST_PROCESSES), claims) as workers:
        yield from workers.answers(everything)


def _here(
    auditor: ModelAuditor, sources: Iterable[ModelSource], form: Form, claims: Claims | None
) -> Iterator[tuple[ModelSource, Answer]]:
    renewing = Renewing(auditor)
    for source in sources:
        sha256 = digest(source) if claims is not None and is_plain(source) else None
        own = claims is None or claims([sha256])[0]
        yield source, answer(renewing.auditor, source, form, sha256) if own else Answer(None, sha256=sha256)

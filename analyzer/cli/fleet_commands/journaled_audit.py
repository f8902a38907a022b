"""`audit` of many models into tables or lines, with a journal from which it goes on."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress

import click
import msgspec
from msgspec.structs import replace

from analyzer import __version__
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, INTERNAL, complain, say
from analyzer.cli.options.output import Target, is_device
from analyzer.cli.options.project import WaiverTally
from analyzer.errors import InternalError, UsageError
from analyzer.fleet import batch
from analyzer.fleet.answers import Answer, Form, Redaction, Settings
from analyzer.fleet.rows import Configurations
from analyzer.fleet.store import Store, ask
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import LINES, TABLES
from analyzer.report.document.json import line
from analyzer.report.wording import figures, outcome
from analyzer.sources import ModelSource

#: So many lines tell why policies fail.
_REASONS = 1000


def check(wanted: Sequence[Target], settings: Settings) -> None:
    """Raises: UsageError where outputs aren't all of the kinds that have a journal."""
    tables = [target for target in wanted if target.format in TABLES]
    asked = "--resume" if settings.resume else "--scheduler" if settings.scheduler else f"-o {tables[0].file}"
    if any(target.file is None or target.format not in (*TABLES, LINES) for target in wanted):
        raise UsageError(
            f"{asked}: goes with files of the formats {', '.join(TABLES)} and {LINES} alone; "
            "fleet show makes pages of them"
        )
    for target in wanted:
        if target.file is not None and is_device(target.file):
            raise UsageError(f"-o {target.file}: is no file, which tables have to be; name another place")
    for format in (*TABLES, LINES):
        if sum(target.format == format for target in wanted) > 1:
            raise UsageError(f"-o: one {format} file is enough; copy it afterwards")


def audit_many(
    auditor: ModelAuditor,
    sources: Iterable[ModelSource],
    wanted: Sequence[Target],
    settings: Settings,
    waivers: WaiverTally,
) -> int:
    """Audit models into files that appear when all of them are done. Raises: UsageError, RuleError."""
    check(wanted, settings)
    files = {target.format: target.file for target in wanted if target.file}
    if "parquet" in files:
        from analyzer.fleet.parquet import library

        library()
    # Beside what it becomes, which may lie on another disk than the rest.
    journal = f"{_real(files.get('sqlite') or str(wanted[0].file))}.journal"
    partial = f"{_real(files[LINES])}.partial" if LINES in files else None
    _begin(journal, partial, files, settings.resume)
    store = Store(journal, partial)
    with closing(store):
        _same_run(store, auditor.task, settings, journal)
        begun = store.progress.files
        try:
            _run(store, auditor, sources, settings, waivers, lines=partial is not None)
        except (KeyboardInterrupt, SystemExit):
            number = figures.count(store.progress.files, "model")
            say(f"{journal}: holds {number}; the same command with --resume goes on from there")
            raise
        if "parquet" in files:
            from analyzer.fleet import parquet

            parquet.write(store.database, files["parquet"])
        if not settings.quiet:
            waivers.tell(every=not begun)
        code = _tell(store, auditor.task, list(files.values()), settings.quiet, waivers.excused)
    _keep(journal, partial, files)
    return code


def _begin(journal: str, partial: str | None, files: dict[str, str], resume: bool) -> None:
    """Take up a journal, or make sure that there is none."""
    if resume and os.path.exists(journal):
        return
    finished = [file for file in files.values() if os.path.exists(file)]
    if resume and finished:
        raise UsageError(
            f"{finished[0]}: is finished, with nothing to resume; leave out --resume to audit again"
        )
    for left in (journal, f"{journal}-journal", partial):
        if left:
            with suppress(FileNotFoundError):
                os.unlink(left)


def _same_run(store: Store, task: Task, settings: Settings, journal: str) -> None:
    """Raises: UsageError where the journal is of another task, other packs or another version."""
    mark = msgspec.json.encode((__version__, settings.verbose, task), order="sorted", enc_hook=repr)
    digest = hashlib.sha256(mark)
    for file in task.rules:
        with open(file, "rb") as content:
            digest.update(content.read())
    known = store.said("task")
    if known not in (None, digest.hexdigest()):
        raise UsageError(f"{journal}: was begun with other options, rules or tool; delete it first")
    store.note("task", digest.hexdigest())
    store.note("tool", __version__)


def _run(
    store: Store,
    auditor: ModelAuditor,
    sources: Iterable[ModelSource],
    settings: Settings,
    waivers: WaiverTally,
    lines: bool,
) -> None:
    task = auditor.task
    form = Form(whole=False, line=lines, verbose=settings.verbose, rows=True, redacted=settings.redacted)
    # Each file has a line of its own, and may be excused, asked or called otherwise by its name.
    shared = not (lines or task.waivers or task.baseline or task.targets or settings.redacted)
    claims = store.claims if shared else None
    added = _Added(store, Redaction(settings.redacted), form, waivers)
    new = (source for source in sources if not added.has(source))
    scheduler = settings.scheduler
    for source, answer in _seen(
        batch.results(auditor, new, settings.jobs, form, claims, scheduler), settings
    ):
        added.add(source, answer)
    if paths := store.unanswered():
        store.forget(paths)
        left = [ModelSource(path, path) for path in paths]
        for source, answer in batch.results(auditor, left, settings.jobs, form):
            added.add(source, answer)
    store.finish(shared)


def _seen(
    answers: Iterator[tuple[ModelSource, Answer]], settings: Settings
) -> Iterator[tuple[ModelSource, Answer]]:
    """The same, with what is done shown on a terminal."""
    if settings.quiet or not sys.stderr.isatty():
        yield from answers
        return
    with click.progressbar(answers, label="Auditing", show_pos=True, file=sys.stderr) as bar:
        yield from bar


class _Added:
    """Files in a store, by what they are called to others."""

    def __init__(self, store: Store, redaction: Redaction, form: Form, waivers: WaiverTally) -> None:
        self._store, self._redaction, self._form, self._waivers = store, redaction, form, waivers
        self._asked = Configurations()

    def has(self, source: ModelSource) -> bool:
        return self._store.has(self._redaction.short(source.name))

    def add(self, source: ModelSource, answer: Answer) -> None:
        """Add what became of a file, and say what is wrong with it."""
        result = answer.result
        if result is not None and result.model.path == source.name:
            # Whoever audited it has called it so already, or didn't live to.
            result = self._redaction.of(result)
        if result is not None and result.error is not None:
            complain(result.error)
        if self.has(source):
            # The same file, named twice.
            return
        if result is not None:
            self._waivers.add(result)
        answer = replace(answer, result=result)
        if result is not None and self._form.line and not answer.line:
            # Whoever audited it didn't live to say so.
            answer = replace(answer, line=line(result.model, self._form.verbose))
        read = result is not None and result.model.error is None
        asked = self._asked.of(result.model) if result is not None and read else ()
        size = source.size if result is None else result.model.bytes
        self._store.add(self._redaction.short(source.name), size, answer, asked)


def _tell(store: Store, task: Task, files: Sequence[str], quiet: bool, excused: str) -> int:
    """Say what was written and what it came to; gives the exit code."""
    progress = store.progress
    internal = ask(store.database, "SELECT 1 FROM file WHERE error_code = ? LIMIT 1", InternalError.code)
    if not quiet:
        for line in _reasons(store):
            say(f"policy failed: {line}")
        if progress.reasons > _REASONS:
            say(f"policy failed: {progress.reasons - _REASONS:,} reasons more, in the column reasons")
        failed = f"; policy failed: {', '.join(task.fail_on)}" if progress.reasons else ""
        say(f"{', '.join(files)}: {_summary(store)}{failed}{excused}")
    if progress.errors:
        return INTERNAL if internal else BAD_INPUT
    return FAILS if progress.reasons else HOLDS


def _reasons(store: Store) -> Iterator[str]:
    asked = "SELECT value FROM file, json_each(reasons) ORDER BY file.id, key LIMIT ?"
    yield from (str(value) for (value,) in ask(store.database, asked, _REASONS))


def _summary(store: Store) -> str:
    progress = store.progress
    models = ask(store.database, "SELECT count(*) FROM model")[0][0]
    verdicts: dict[str, dict[str, int]] = {}
    for title, verdict, number in ask(
        store.database,
        "SELECT title, verdict, count(*) FROM audit JOIN configuration ON id = configuration"
        " GROUP BY id, verdict",
    ):
        verdicts.setdefault(title, {})[verdict] = number
    said = [f"{title} {outcome.counted(of)}" for title, of in verdicts.items()]
    said += [f"{progress.errors:,} not audited"] if progress.errors else []
    different = f", {models:,} of them different" if models != progress.files - progress.errors else ""
    return f"{figures.count(progress.files, 'model')}{different}: {'; '.join(said)}"


def _keep(journal: str, partial: str | None, files: dict[str, str]) -> None:
    """Put finished files in their places."""
    if partial is not None:
        os.replace(partial, _real(files[LINES]))
    if "sqlite" in files:
        os.replace(journal, _real(files["sqlite"]))
    else:
        os.unlink(journal)


def _real(file: str) -> str:
    """The file itself where this is a link, which stays."""
    return os.path.realpath(file) if os.path.islink(file) else file

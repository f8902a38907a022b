"""`delegate-analyzer audit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from analyzer.cli import BAD_INPUT, FAILS, HOLDS, INTERNAL, Command, complain, say
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import AuditDelivery, tell_policy
from analyzer.cli.options.models import Excluded, exclude_option
from analyzer.cli.options.output import Target
from analyzer.cli.options.project import Asked, AuditOptions, WaiverTally, audit_options
from analyzer.cli.options.shapes import read_shapes
from analyzer.errors import InternalError, UsageError
from analyzer.fleet import batch
from analyzer.fleet.answers import Redaction, Settings
from analyzer.gating.policy import POLICIES
from analyzer.model_auditor import ModelAuditor, ModelResult
from analyzer.report import FORMATS, TABLES
from analyzer.report.document import audit_document
from analyzer.report.wording import figures
from analyzer.report.wording.verdict_line import VerdictLine
from analyzer.sources import ModelSource, stream
from analyzer.suggest import nearest

#: So many inputs are named where a set of models has many.
_NAMED = 8


@click.command("audit", cls=Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.files)
@declared.delegates(
    "Delegate as NAME or NAME:PARAM=VALUE:..., several joined by commas; 'all' for every pack. "
    "Default: what apps ship to today, then what its makers have deprecated."
)
@declared.platform
@declared.devices
@declared.asked_rules
@declared.shapes
@declared.registered
@exclude_option
@declared.outputs(FORMATS, TABLES)
@click.option("--fail-on", "fail_on", multiple=True, metavar="[DELEGATE:]POLICY",
              shell_complete=completion.one_of(POLICIES),
              help="never, broken, unsupported, partial, hazard, or an expression.")  # fmt: skip
@click.option("--baseline", metavar="FILE", help="Fail only on what isn't in it: see baseline write.")
@declared.project_file("The project's file. Default: the nearest delegate-analyzer.toml or pyproject.toml.")
@click.option("--hash", "hashes", is_flag=True, help="Add each file's SHA-256 to the JSON.")
@click.option("--redact-paths", "redact", is_flag=True, help="Name models without the folders they lie in.")
@declared.jobs
@click.option("--resume", is_flag=True, help="Go on where the same command was cut short: see Many models.")
@click.option("--scheduler", metavar="ADDRESS", help="Audit on a Dask cluster: tcp://host:8786.")
@declared.color
@declared.verbose("Every operator and where it is placed.")
@declared.quiet
@declared.gathered("asked", Asked)
def command(
    paths: tuple[str, ...],
    asked: Asked,
    shapes: tuple[str, ...],
    exclude: tuple[str, ...],
    wanted: list[Target],
    config: str | None,
    hashes: bool,
    redact: bool,
    jobs: int,
    resume: bool,
    scheduler: str | None,
    color: str,
    verbose: bool,
    quiet: bool,
) -> int:
    """Audit models: which operators each delegate takes, why not, and what to change.

    PATH is a .tflite file, a folder (with all below it but hidden folders), an archive (app.apk, or one
    model of it as app.apk!assets/m.tflite), an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    if quiet and verbose:
        raise UsageError("-q and -v exclude each other; use one of them")
    options = audit_options(config, paths, asked)
    everything = verbose or any(target.format == "html" for target in wanted)
    auditor = ModelAuditor(options.task(read_shapes(shapes), hashes, everything), options.packs)
    settings = Settings(jobs, scheduler, resume, quiet, verbose, paths if redact else ())
    excluded = Excluded(options.exclude, exclude, quiet)
    if resume or scheduler or any(target.format in TABLES for target in wanted):
        from analyzer.cli.fleet_commands.journaled_audit import audit_many

        return audit_many(auditor, excluded.kept(stream(paths)), wanted, settings, WaiverTally(options))
    return _audit(auditor, options, excluded.taken(paths), wanted, settings, color)


def _audit(
    auditor: ModelAuditor,
    options: AuditOptions,
    sources: Sequence[ModelSource],
    wanted: Sequence[Target],
    settings: Settings,
    color: str,
) -> int:
    quiet, verbose = settings.quiet, settings.verbose
    answers = batch.results(auditor, sources, settings.jobs)
    each: Iterator[ModelResult] = (answer.result for _, answer in answers if answer.result is not None)
    results = _with_progress(map(Redaction(settings.redacted).of, each), len(sources), quiet)
    files = [target for target in wanted if target.file is not None]
    tally = _Tally(options)
    with AuditDelivery(files if quiet else wanted, color, verbose) as delivery:
        for result in results:
            tally.add(result)
            delivery.add(result.model)
        tally.complain_of_inputs()
        delivery.finish(tally.policy)
    if not quiet:
        tell_policy(tally.policy)
        tally.waivers.tell()
        tally.sum_up([target.file or "" for target in files])
    if tally.broken:
        return INTERNAL if tally.internal else BAD_INPUT
    return FAILS if tally.policy.failed else HOLDS


class _Tally:
    """What all models together came to; says on stderr what is wrong with each."""

    def __init__(self, options: AuditOptions) -> None:
        self._options = options
        self._reasons: list[str] = []
        self.waivers = WaiverTally(options)
        self._lacking: list[ModelResult] = []
        self._audited = False
        self.broken = False
        #: Whether a mistake of ours kept a model from being audited.
        self.internal = False
        self.verdicts = VerdictLine()

    def add(self, result: ModelResult) -> None:
        """Count one more model."""
        if result.lacks is not None:
            self._lacking.append(result)
        elif result.error is not None:
            complain(result.error)
        self._audited = self._audited or result.model.error is None
        self.broken = self.broken or result.model.error is not None
        self.internal = self.internal or _is_internal(result.model.error)
        self._reasons += result.reasons
        self.waivers.add(result)
        self.verdicts.add(result.model)

    @property
    def policy(self) -> audit_document.Policy:
        """Whether what was asked to fail did."""
        reasons = tuple(self._reasons)
        every = (self._options, *(options for _, options in self._options.targets))
        fail_on = tuple(dict.fromkeys(policy for options in every for policy in options.fail_on))
        return audit_document.Policy(fail_on=fail_on, failed=bool(reasons), reasons=reasons)

    def sum_up(self, files: Sequence[str]) -> None:
        """Say what was written and what failed, in a line; nothing where there is neither."""
        policy = self.policy
        if not (files or policy.failed):
            return
        written = f"{', '.join(files)}: " if files else ""
        reasons = figures.count(len(policy.reasons), "reason")
        failed = f"; policy failed: {', '.join(policy.fail_on)} ({reasons})" if policy.failed else ""
        say(f"{written}{self.verdicts}{failed}{self.waivers.excused}")

    def complain_of_inputs(self) -> None:
        """Say which models lack an input that was to be resized.

        Raises: UsageError where it is the same one everywhere, so that nothing could be audited.
        """
        lacks = [result.lacks for result in self._lacking if result.lacks is not None]
        if self._audited or len({lack.input for lack in lacks}) != 1:
            for result in self._lacking:
                complain(result.error or "")
            return
        if len(lacks) == 1:
            raise UsageError(self._lacking[0].error or "")
        name, known = lacks[0].input, sorted({name for lack in lacks for name in lack.known})
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        raise UsageError(
            f"--shape {name}: none of the {len(lacks)} models has such an input{nearest(name, known)}; "
            f"they have {', '.join(known[:_NAMED]) or 'none'}{more}"
        )


def _is_internal(error: audit_document.Error | None) -> bool:
    return error is not None and error.code == InternalError.code


def _with_progress(results: Iterator[ModelResult], count: int, quiet: bool) -> Iterator[ModelResult]:
    """A progress bar on stderr for many models, on a terminal only."""
    if count < 8 or quiet or not sys.stderr.isatty():
        yield from results
        return
    with click.progressbar(results, length=count, label="Auditing", file=sys.stderr) as bar:
        yield from bar

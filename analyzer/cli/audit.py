"""`delegate-analyzer audit`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from analyzer import batch
from analyzer.auditing.policy import POLICIES
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, complain
from analyzer.cli.options import completion
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import targets
from analyzer.cli.options.project import audit_options
from analyzer.cli.options.shapes import read_shapes
from analyzer.errors import UsageError
from analyzer.model_auditor import ModelAuditor, ModelResult, Task
from analyzer.report import FORMATS
from analyzer.report.document import audit_document, convert
from analyzer.sources import find
from analyzer.suggest import nearest

#: So many inputs are named where a set of models has many.
_NAMED = 8


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.files)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completion.delegates,
              help="Delegate as NAME or NAME:PARAM=VALUE:..., several joined by commas; 'all' for every "
                   "pack. Default: the packs that state a default order.")  # fmt: skip
@click.option("--rules", multiple=True, metavar="FILE",
              shell_complete=completion.files,
              help="Also use the rule pack in FILE; without -d it is what is asked.")  # fmt: skip
@click.option("--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first.")
@click.option("--registered", multiple=True, metavar="NAME",
              help="Custom operators that the app registers itself: MyOp,Flex*.")  # fmt: skip
@click.option(
    "--format",
    "stdout_format",
    default="table",
    metavar="FORMAT",
    shell_complete=completion.one_of(FORMATS),
    help=f"For stdout: {', '.join(FORMATS)}.",
)
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    metavar="[FORMAT=]FILE",
    shell_complete=completion.files,
    help="Write FILE instead of stdout.",
)
@click.option("--fail-on", "fail_on", multiple=True, metavar="[DELEGATE:]POLICY",
              shell_complete=completion.one_of(POLICIES),
              help="never, unsupported, partial, hazard, or an expression over the summary.")  # fmt: skip
@click.option(
    "--config",
    "config",
    metavar="FILE",
    shell_complete=completion.files,
    help="The project's file. Default: delegate-analyzer.toml here.",
)
@click.option("--hash", "hashes", is_flag=True, help="Add each file's SHA-256 to the JSON.")
@click.option(
    "-j", "--jobs", type=click.IntRange(1), default=1, metavar="N", help="Processes for many models."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("-v", "--verbose", is_flag=True, help="Every operator and where it is placed.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing but errors and the exit code (or files).")
def command(
    paths: tuple[str, ...],
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    shapes: tuple[str, ...],
    registered: tuple[str, ...],
    stdout_format: str,
    files: tuple[str, ...],
    fail_on: tuple[str, ...],
    config: str | None,
    hashes: bool,
    jobs: int,
    color: str,
    verbose: bool,
    quiet: bool,
) -> int:
    """Audit models: which operators each delegate takes, why not, and what to change.

    PATH is a .tflite file, a folder (with all below it but hidden folders), sample: (a model that ships with
    the tool) or - (stdin).
    """
    if quiet and verbose:
        raise UsageError("-q and -v exclude each other; use one of them")
    wanted = targets(stdout_format, files)
    sought = audit_options(config, delegates, rules, fail_on, registered)
    everything = verbose or any(target.format == "html" for target in wanted)
    task = Task(
        sought.delegates,
        sought.rules,
        sought.fail_on,
        read_shapes(shapes),
        sought.registered,
        hashes,
        everything,
    )
    auditor = ModelAuditor(task, sought.packs)
    sources = find(paths)
    found: list[audit_document.Model] = []
    reasons: list[str] = []
    lacking: list[ModelResult] = []
    for result in _with_progress(batch.results(auditor, sources, jobs), len(sources), quiet):
        if result.lacks is not None:
            lacking.append(result)
        elif result.error is not None:
            complain(result.error)
        found.append(result.model)
        reasons += result.reasons
    _complain_of_inputs(lacking, any(model.error is None for model in found))
    policy = audit_document.Policy(fail_on=sought.fail_on, failed=bool(reasons), reasons=tuple(reasons))
    if found and not (quiet and not files):
        deliver(convert.whole(found, policy), wanted, color, verbose)
    broken = any(model.error is not None for model in found)
    return BAD_INPUT if broken else FAILS if reasons else HOLDS


def _complain_of_inputs(lacking: Sequence[ModelResult], others: bool) -> None:
    """Say which models lack an input that was to be resized.

    Raises: UsageError where it is the same one everywhere, so that nothing could be audited.
    """
    lacks = [result.lacks for result in lacking if result.lacks is not None]
    if others or len({lack.input for lack in lacks}) != 1:
        for result in lacking:
            complain(result.error or "")
        return
    if len(lacking) == 1:
        raise UsageError(lacking[0].error)
    name, known = lacks[0].input, sorted({name for lack in lacks for name in lack.known})
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    raise UsageError(
        f"--shape {name}: none of the {len(lacks)} models has such an input{nearest(name, known)}; "
        f"they have {', '.join(known[:_NAMED]) or 'none'}{more}"
    )


def _with_progress(results: Iterator[ModelResult], count: int, quiet: bool) -> Iterator[ModelResult]:
    """A progress bar on stderr for many models, on a terminal only."""
    if count < 8 or quiet or not sys.stderr.isatty():
        yield from results
        return
    with click.progressbar(results, length=count, label="Auditing", file=sys.stderr) as bar:
        yield from bar

"""`delegate-analyzer audit`."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from analyzer import fleet
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, complain, hush
from analyzer.cli.output import Target, colored, targets, write
from analyzer.errors import UsageError
from analyzer.report import FORMATS, convert, document, render
from analyzer.report.view import View

#: The file format counts in 32 bits.
_LARGEST_SIZE = 2**31 - 1


@click.command("audit")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              help="Delegate as NAME or NAME:PARAM=VALUE:..., several joined by commas; 'all' for every "
                   "pack. Default: the packs that state a default order.")  # fmt: skip
@click.option("--rules", multiple=True, metavar="FILE", help="Also use the rule pack in FILE.")
@click.option("--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first.")
@click.option(
    "--format", "stdout_format", default="table", metavar="FORMAT", help=f"For stdout: {', '.join(FORMATS)}."
)
@click.option(
    "-o", "--output", "files", multiple=True, metavar="[FORMAT=]FILE", help="Write FILE instead of stdout."
)
@click.option("--fail-on", "fail_on", multiple=True, metavar="[DELEGATE:]POLICY",
              help="never, unsupported, partial, hazard, or an expression over the summary.")  # fmt: skip
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
    stdout_format: str,
    files: tuple[str, ...],
    fail_on: tuple[str, ...],
    hashes: bool,
    jobs: int,
    color: str,
    verbose: bool,
    quiet: bool,
) -> int:
    """Audit models: which operators each delegate takes, why not, and what to change.

    PATH is a .tflite file, a folder, sample: (a model that ships with the tool) or - (stdin).
    """
    if quiet and verbose:
        raise UsageError("-q and -v exclude each other; use one of them")
    wanted = targets(stdout_format, files)
    policies = fail_on or (("unsupported",) if delegates else ())
    task = fleet.Task(_specs(delegates), rules, policies, _shapes(shapes), hashes)
    worker = fleet.Worker(task)
    models = fleet.find(paths)
    found: list[document.Model] = []
    reasons: list[str] = []
    broken = False
    for answer in _with_progress(fleet.answers(worker, models, jobs), len(models), quiet):
        if answer.error is not None:
            broken = True
            complain(answer.error)
        found.append(answer.model)
        reasons += answer.reasons
    policy = document.Policy(fail_on=policies, failed=bool(reasons), reasons=tuple(reasons))
    if found and not (quiet and not files):
        _deliver(convert.whole(found, policy), wanted, color, verbose)
    return BAD_INPUT if broken else FAILS if reasons else HOLDS


def _specs(texts: Sequence[str]) -> tuple[str, ...]:
    """All that `-d` asks for, each delegate by itself."""
    found: list[str] = []
    for text in texts:
        joined = re.sub(r"\s*,\s*(?=[^:,]*=)", ":", text)
        if joined != text:
            raise UsageError(
                f"-d {text}: a comma begins another delegate, parameters take colons; write {joined}"
            )
        specs = [spec.strip() for spec in text.split(",") if spec.strip()]
        if not specs:
            raise UsageError(f"-d {text!r} names no delegate; write for example -d gpu")
        found += specs
    return tuple(found)


def _shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    found = {}
    for text in texts:
        name, sign, numbers = text.rpartition("=")
        try:
            shape = tuple(int(number) for number in numbers.split(","))
        except ValueError:
            shape = ()
        if not sign or not name or not shape or not 0 <= min(shape) <= max(shape) <= _LARGEST_SIZE:
            example = f"--shape {name or 'input'}=1,224,224,3"
            raise UsageError(f"--shape {text}: not INPUT=SIZE,SIZE,...; write for example {example}")
        found[name] = shape
    return found


def _with_progress(answers: Iterator[fleet.Answer], count: int, quiet: bool) -> Iterator[fleet.Answer]:
    """A progress bar on stderr for many models, on a terminal only."""
    if count < 8 or quiet or not sys.stderr.isatty():
        yield from answers
        return
    with click.progressbar(answers, length=count, label="Auditing", file=sys.stderr) as bar:
        yield from bar


def _show(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The exit code still tells whether the policy holds.
        hush()


def _deliver(whole: document.Document, wanted: Sequence[Target], color: str, verbose: bool) -> None:
    for target in wanted:
        width = shutil.get_terminal_size((80, 24)).columns if target.file is None else 100
        colors = colored(color) if target.file is None else color == "always"
        content = render(whole, target.format, View(width=width, color=colors, verbose=verbose))
        if target.file is None:
            _show(content)
        else:
            write(target.file, content)

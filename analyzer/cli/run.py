"""`delegate-analyzer run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, complain
from analyzer.cli.options import completion, phone
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import targets
from analyzer.cli.options.pairs import pairs
from analyzer.cli.options.shapes import read_shapes
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.report import FORMATS
from analyzer.report.document import audit_document, convert
from analyzer.report.wording import labels
from analyzer.rules.registry import Packs
from analyzer.sources import find_one, load, on_disk

if TYPE_CHECKING:
    from analyzer.execution.delegate_run import Settings


@click.command("run")
@click.argument("path", shell_complete=completion.files)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completion.delegates,
              help="Delegate as NAME or NAME:PARAM=VALUE:..., several joined by commas.")  # fmt: skip
@click.option("--delegate-lib", "library", metavar="LIB",
              help="An external delegate's shared library; -d names its rules.")  # fmt: skip
@click.option(
    "--delegate-option",
    "options",
    multiple=True,
    metavar="KEY=VALUE",
    help="For --delegate-lib; on a phone without one, a flag of benchmark_model.",
)
@click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="Also use the rule pack in FILE.",
)
@click.option("--signature", metavar="KEY", help="The signature to run. Default: every one.")
@click.option(
    "--input", "given", multiple=True, metavar="[NAME=]FILE", help="Values in .npy, .npz or an image."
)
@click.option(
    "--range", "ranges", multiple=True, metavar="[NAME=]LOW,HIGH", help="Of random values, in real units."
)
@click.option("--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first.")
@click.option("--samples", type=click.IntRange(1), default=2, show_default=True, help="Random samples.")
@click.option(
    "--special", type=click.Choice(["zeros", "large"]), multiple=True, help="Samples besides these."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of random samples.")
@click.option(
    "--runs", type=click.IntRange(0), default=20, show_default=True, help="Inferences that are timed."
)
@click.option(
    "--warmup", type=click.IntRange(0), default=3, show_default=True, help="Inferences before those."
)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Of the CPU's kernels.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds for each run.",
)
@click.option(
    "--memory", type=click.IntRange(64), default=4096, show_default=True, help="Megabytes for each run."
)
@click.option(
    "--atol", type=click.FloatRange(0), help="Allowed: |difference| <= ATOL + RTOL * |CPU's value|."
)
@click.option("--rtol", type=click.FloatRange(0), help="See --atol.")
@click.option("--min-snr", type=float, help="Least signal to noise in dB.")
@click.option("--bisect", is_flag=True, help="Where outputs differ, find the operator from which they do.")
@phone.options
@click.option(
    "--vulkan-driver",
    metavar="FILE",
    shell_complete=completion.files,
    help="A Vulkan driver's .json or library. Default: found.",
)
@click.option("--format", "stdout_format", default="table", metavar="FORMAT",
              shell_complete=completion.one_of(FORMATS),
              help=f"For stdout: {', '.join(FORMATS)}.")  # fmt: skip
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    metavar="[FORMAT=]FILE",
    shell_complete=completion.files,
    help="Write FILE instead of stdout.",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
@click.option("-v", "--verbose", is_flag=True, help="What holds the delegate back, and every operator.")
@click.option("-q", "--quiet", is_flag=True, help="Nothing but errors and the exit code (or files).")
def command(
    path: str,
    delegates: tuple[str, ...],
    library: str | None,
    options: tuple[str, ...],
    rules: tuple[str, ...],
    signature: str | None,
    given: tuple[str, ...],
    ranges: tuple[str, ...],
    shapes: tuple[str, ...],
    samples: int,
    special: tuple[str, ...],
    seed: int,
    runs: int,
    warmup: int,
    threads: int,
    timeout: float,
    memory: int,
    atol: float | None,
    rtol: float | None,
    min_snr: float | None,
    bisect: bool,
    where: phone.Where,
    vulkan_driver: str | None,
    stdout_format: str,
    files: tuple[str, ...],
    color: str,
    verbose: bool,
    quiet: bool,
) -> int:
    """Run a model on the CPU and through a delegate: is it taken as predicted, do the numbers agree?

    PATH is a .tflite file, sample: (a model that ships with the tool) or - (stdin). The exit code is 0
    where all agrees, 1 where it doesn't or a run fails, 2 where something needed isn't here.
    """
    from analyzer.execution.compare.measures import Thresholds
    from analyzer.execution.delegate_run import Settings
    from analyzer.execution.inputs.generate import Wanted
    from analyzer.execution.request import UNAVAILABLE, Limits

    if options and library is None and where.on is None:
        raise UsageError("--delegate-option: it is for a library of your own; name that with --delegate-lib")
    wanted = targets(stdout_format, files)
    settings = Settings(
        wanted=Wanted(seed, samples, special, _ranges(ranges), read_shapes(shapes)),
        files=given,
        signature=signature,
        thresholds=Thresholds(atol, rtol, min_snr),
        limits=Limits(timeout, memory),
        runs=runs,
        warmup=warmup,
        threads=threads,
        library=library,
        options=pairs("--delegate-option", options),
        vulkan_driver=vulkan_driver,
        bisect=bisect,
    )
    asked = specs(delegates)
    if not asked and library is None and where.on is None:
        raise UsageError("run: no delegate is named; name one with -d")
    whole = _whole(path, asked, rules, settings, where)
    missing = [run.message for run in whole.models[0].runs if run.status == UNAVAILABLE]
    for message in dict.fromkeys(missing):
        complain(message)
    if len(missing) < len(whole.models[0].runs) and not (quiet and not files):
        deliver(whole, wanted, color, verbose)
    return BAD_INPUT if missing else FAILS if whole.policy.failed else HOLDS


def _whole(
    path: str, asked: Sequence[str], rules: Sequence[str], settings: Settings, where: phone.Where
) -> audit_document.Document:
    from analyzer.execution.run_delegates import run_delegates
    from analyzer.report.document import convert_runs

    packs = Packs(Path(file) for file in rules)
    with on_disk(find_one(path)) as source, phone.place(where) as place:
        named = asked if settings.library is not None else place.specs(packs, asked)
        audit = Auditor(packs, configure(packs, named)).audit(load(source), settings.wanted.shapes)
        runs = convert_runs.runs(
            run_delegates(audit, source.file or path, settings, place), settings.wanted.seed
        )
    model = replace(convert.model(audit, catalogue=packs.catalogue), runs=runs)
    reasons = tuple(f"{model.path}: {labels.run(run)}: {reason}" for run in runs for reason in run.reasons)
    return convert.whole([model], audit_document.Policy(failed=bool(reasons), reasons=reasons))


def _ranges(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    found = {}
    for text in texts:
        name, _, numbers = text.rpartition("=")
        try:
            low, high = (float(number) for number in numbers.split(","))
        except ValueError:
            raise UsageError(f"--range {text}: not [NAME=]LOW,HIGH; write for example --range 0,1") from None
        if not low <= high:
            raise UsageError(f"--range {text}: {low:g} is above {high:g}; give the lower one first")
        found[name] = low, high
    return found

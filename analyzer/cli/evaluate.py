"""`delegate-analyzer evaluate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli import FAILS, HOLDS
from analyzer.cli.options import completion
from analyzer.cli.options.output import show, targets, write
from analyzer.cli.options.pairs import pairs
from analyzer.cli.options.screen import width
from analyzer.cli.options.specs import chosen, specs
from analyzer.errors import UsageError
from analyzer.report.view import View
from analyzer.rules.registry import Packs

if TYPE_CHECKING:
    from analyzer.evaluation.evaluator import Backend, Candidate

_FORMATS = ("table", "json", "markdown", "html")


@click.command("evaluate")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", shell_complete=completion.files)
@click.option(
    "--data",
    required=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="A .npz file with x and y, or a folder of images by class.",
)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completion.delegates,
              help="For .tflite models, NAME or NAME:PARAM=VALUE:..., several joined by commas; cpu is the "
                   "built-in kernels alone. Default: what the interpreter does by itself.")  # fmt: skip
@click.option("--delegate-lib", "library", metavar="LIB",
              help="Besides, an external delegate's shared library, for .tflite models.")  # fmt: skip
@click.option("--delegate-option", "options", multiple=True, metavar="KEY=VALUE", help="For --delegate-lib.")
@click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="Also use the rule pack in FILE.",
)
@click.option("--task", type=click.Choice(["classification", "regression"]),
              help="What y holds. Default: integers, and rows with a single 1, are classes.")  # fmt: skip
@click.option("--labels", metavar="FILE",
              shell_complete=completion.files,
              help="A line for each output of the models: what its class is "
              "called. Default: what each model's metadata says.")  # fmt: skip
@click.option("--class-offset", "offset", type=click.IntRange(0), default=0, metavar="N",
              help="Class 0 is output N; 1 where models have a background class first.")  # fmt: skip
@click.option("--range", "range_", metavar="LOW,HIGH", help="Black and white of images. Default: as an input "
              "of bytes or the model's metadata has it, else 0,1.")  # fmt: skip
@click.option("--crop", is_flag=True, help="Crop images to the input's proportions, not stretch them.")
@click.option("--signature", metavar="KEY", help="The signature to run. Default: the first.")
@click.option(
    "--batch", type=click.IntRange(1), default=1, show_default=True, help="Samples for each inference."
)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Of the CPU's kernels.")
@click.option(
    "--warmup", type=click.IntRange(1), default=3, show_default=True, help="Inferences that aren't timed."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120,
    show_default=True,
    help="Seconds without progress.",
)
@click.option(
    "--memory", type=click.IntRange(64), default=4096, show_default=True, help="Megabytes for each model."
)
@click.option(
    "--vulkan-driver",
    metavar="FILE",
    shell_complete=completion.files,
    help="A Vulkan driver's .json or library. Default: found.",
)
@click.option(
    "--format",
    "stdout_format",
    default="table",
    metavar="FORMAT",
    shell_complete=completion.one_of(_FORMATS),
    help=f"For stdout: {', '.join(_FORMATS)}.",
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
@click.option("-v", "--verbose", is_flag=True, help="Every class in which answers differ.")
def command(
    models: tuple[str, ...],
    data: str,
    delegates: tuple[str, ...],
    library: str | None,
    options: tuple[str, ...],
    rules: tuple[str, ...],
    task: str | None,
    labels: str | None,
    offset: int,
    range_: str | None,
    crop: bool,
    signature: str | None,
    batch: int,
    threads: int,
    warmup: int,
    timeout: float,
    memory: int,
    vulkan_driver: str | None,
    stdout_format: str,
    files: tuple[str, ...],
    verbose: bool,
) -> int:
    """Compare models on a labelled data set: accuracy, inference time and size, side by side.

    MODEL is a .tflite file, or a Keras file or SavedModel (these need TensorFlow). The first one is what
    the others are compared with. The exit code is 0 where all could be measured, 1 where a run failed, 2
    where something needed isn't here.
    """
    from analyzer.evaluation.datasets import Source
    from analyzer.evaluation.evaluator import Settings, candidates, evaluate
    from analyzer.execution.request import Limits
    from analyzer.report.evaluation import render as report

    wanted = targets(stdout_format, files, _FORMATS)
    settings = Settings(
        source=Source(data, None if range_ is None else _range(range_), crop),
        task=task,
        labels=labels,
        offset=offset,
        signature=signature,
        batch=batch,
        threads=threads,
        warmup=warmup,
        limits=Limits(timeout, memory),
        vulkan_driver=vulkan_driver,
    )
    backends = [
        *_backends(delegates, rules, library),
        *_external(library, pairs("--delegate-option", options)),
    ]
    several = list(candidates(models, backends))
    found = evaluate(several, settings, _progress)
    for target in wanted:
        view = View(width=width() if target.file is None else 100, verbose=verbose)
        content = report.render(found, target.format, view)
        if target.file is None:
            show(content)
        else:
            write(target.file, content)
    return HOLDS if found.complete else FAILS


def _backends(texts: Sequence[str], rules: Sequence[str], library: str | None) -> Iterator[Backend]:
    """Delegates with their packs' parameters, or the built-in kernels alone, which no pack describes."""
    from analyzer.evaluation.evaluator import Backend
    from analyzer.execution.engines import lookup

    usual = () if library else (lookup.DEFAULT,)
    packs = Packs(map(Path, rules))
    for spec in specs(texts) if texts else usual:
        if spec == lookup.REFERENCE:
            yield Backend(spec, spec)
        else:
            pack, parameters = chosen(packs, spec)
            yield Backend(spec, pack.delegate, parameters)


def _external(library: str | None, options: Mapping[str, str]) -> Iterator[Backend]:
    """A delegate in a library of the user's own."""
    from analyzer.evaluation.evaluator import Backend
    from analyzer.execution.engines import lookup

    if library is not None:
        yield Backend(os.path.basename(library), lookup.EXTERNAL, library=library, options=options)
    elif options:
        raise UsageError("--delegate-option: it is for a library; name that with --delegate-lib")


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        raise UsageError(f"--range {text}: not LOW,HIGH; write for example --range -1,1") from None
    return low, high


@contextmanager
def _progress(candidate: Candidate, samples: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    label = f"{os.path.basename(candidate.path.rstrip('/'))} on {candidate.backend.name}"
    with click.progressbar(length=samples, label=label, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.pos)

"""`delegate-analyzer evaluate`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from analyzer.cli import FAILS, HOLDS, Command
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.pairs import pairs
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.rules.registry import Packs

if TYPE_CHECKING:
    from analyzer.evaluation.evaluator import Backend, Candidate, Settings

_FORMATS = ("table", "json", "markdown", "html")


class EvaluateOptions(Struct, frozen=True):
    """How to measure, as it is asked for."""

    data: str
    task: str | None
    labels: str | None
    offset: int
    range_: str | None
    crop: bool
    signature: str | None
    batch: int
    threads: int
    warmup: int
    timeout: float
    memory: int
    vulkan_driver: str | None

    def settings(self) -> Settings:
        """The same, read. Raises: UsageError."""
        from analyzer.evaluation.datasets import Source
        from analyzer.evaluation.evaluator import Settings
        from analyzer.execution.request import Limits

        return Settings(
            source=Source(self.data, None if self.range_ is None else _range(self.range_), self.crop),
            task=self.task,
            labels=self.labels,
            offset=self.offset,
            signature=self.signature,
            batch=self.batch,
            threads=self.threads,
            warmup=self.warmup,
            limits=Limits(self.timeout, self.memory),
            vulkan_driver=self.vulkan_driver,
        )


@click.command("evaluate", cls=Command)
@click.argument("models", nargs=-1, required=True, metavar="MODEL...", shell_complete=completion.files)
@declared.data("A .npz file with x and y, or a folder of images by class.", required=True)
@declared.delegates(
    "For .tflite models, NAME or NAME:PARAM=VALUE:..., several joined by commas; cpu is the built-in "
    "kernels alone. Default: what the interpreter does by itself."
)
@declared.library("Besides, an external delegate's shared library, for .tflite models.")
@declared.library_options("For --delegate-lib.")
@declared.rules()
@click.option("--task", type=click.Choice(["classification", "regression"]),
              help="What y holds. Default: integers, and rows with a single 1, are classes.")  # fmt: skip
@click.option("--labels", metavar="FILE",
              shell_complete=completion.files,
              help="A line for each output of the models: what its class is "
              "called. Default: what each model's metadata says.")  # fmt: skip
@click.option("--class-offset", "offset", type=declared.COUNT, default=0, metavar="N",
              help="Class 0 is output N; 1 where models have a background class first.")  # fmt: skip
@click.option("--range", "range_", metavar="LOW,HIGH", help="Black and white of images. Default: as an input "
              "of bytes or the model's metadata has it, else 0,1.")  # fmt: skip
@click.option("--crop", is_flag=True, help="Crop images to the input's proportions, not stretch them.")
@declared.signature(otherwise="the first")
@click.option(
    "--batch", type=declared.POSITIVE, default=1, show_default=True, help="Samples for each inference."
)
@declared.threads
@declared.warmup(declared.POSITIVE, "Inferences that aren't timed.")
@declared.timeout("Seconds without progress.")
@declared.memory("model")
@declared.vulkan_driver
@declared.outputs(_FORMATS)
@declared.verbose("Every class in which answers differ.")
@declared.gathered("how", EvaluateOptions)
def command(
    models: tuple[str, ...],
    delegates: tuple[str, ...],
    library: str | None,
    options: tuple[str, ...],
    rules: tuple[str, ...],
    how: EvaluateOptions,
    wanted: list[Target],
    verbose: bool,
) -> int:
    """Compare models on a labelled data set: accuracy, inference time and size, side by side.

    MODEL is a .tflite file, archive!member, an address, sample: (a model that ships with the tool), - (stdin)
    or a Keras file or SavedModel (these need TensorFlow). The first one is what the others are compared with.
    The exit code is 0 where all could be measured, 1 where a run failed, 2 where something needed isn't here.
    """
    from analyzer.evaluation.evaluator import backends, candidates, evaluate, held
    from analyzer.report.evaluation import render as report

    settings = how.settings()
    chosen = [
        *(() if library and not delegates else backends(Packs(map(Path, rules)), specs(delegates))),
        *_external(library, pairs("--delegate-option", options)),
    ]
    with held(models) as files:
        evaluation = evaluate(list(candidates(models, chosen, files)), settings, _progress)
    deliver(wanted, partial(report.render, evaluation), verbose=verbose)
    return HOLDS if evaluation.complete else FAILS


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
        if not math.isfinite(high - low):
            raise ValueError
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

"""`delegate-analyzer run`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, Command, complain, say
from analyzer.cli.options import completion, declared, phone
from analyzer.cli.options.delivery import deliver, tell_policy
from analyzer.cli.options.output import Target
from analyzer.cli.options.pairs import pairs
from analyzer.cli.options.reproducer import save_reproducer, wanted_model
from analyzer.cli.options.shapes import read_shapes
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.report import FORMATS, MODEL, render
from analyzer.report.document import audit_document, convert
from analyzer.report.wording import labels
from analyzer.rules.parameters import split
from analyzer.rules.registry import Packs
from analyzer.sources import find_one, load, on_disk

if TYPE_CHECKING:
    from analyzer.execution.delegate_run import Run, Settings


#: The parameter of delegates that an app can ask for float32, and its values.
_PRECISION, _PRECISIONS = "precision", ("fp16", "fp32")


class RunOptions(Struct, frozen=True):
    """How to run, as it is asked for."""

    library: str | None
    options: tuple[str, ...]
    signature: str | None
    given: tuple[str, ...]
    ranges: tuple[str, ...]
    shapes: tuple[str, ...]
    samples: int
    special: tuple[str, ...]
    seed: int
    runs: int
    warmup: int
    threads: int
    timeout: float
    memory: int
    atol: float | None
    rtol: float | None
    min_snr: float | None
    bisect: bool
    vulkan_driver: str | None

    def settings(self) -> Settings:
        """The same, read. Raises: UsageError."""
        from analyzer.execution.compare.measures import Thresholds
        from analyzer.execution.delegate_run import Settings
        from analyzer.execution.inputs.generate import Wanted
        from analyzer.execution.request import Limits

        shapes = read_shapes(self.shapes)
        return Settings(
            wanted=Wanted(self.seed, self.samples, self.special, _ranges(self.ranges), shapes),
            files=self.given,
            signature=self.signature,
            thresholds=Thresholds(self.atol, self.rtol, self.min_snr),
            limits=Limits(self.timeout, self.memory),
            runs=self.runs,
            warmup=self.warmup,
            threads=self.threads,
            library=self.library,
            options=pairs("--delegate-option", self.options),
            vulkan_driver=self.vulkan_driver,
            bisect=self.bisect,
        )


@click.command("run", cls=Command)
@click.argument("path", shell_complete=completion.files)
@declared.delegates("Delegate as NAME or NAME:PARAM=VALUE:..., several joined by commas.")
@declared.library("An external delegate's shared library; -d names its rules.")
@declared.library_options("For --delegate-lib; on a phone without one, a flag of benchmark_model.")
@declared.rules()
@declared.signature(otherwise="every one")
@click.option(
    "--input", "given", multiple=True, metavar="[NAME=]FILE", help="Values in .npy, .npz or an image."
)
@click.option(
    "--range", "ranges", multiple=True, metavar="[NAME=]LOW,HIGH", help="Of random values, in real units."
)
@declared.shapes
@click.option("--samples", type=declared.POSITIVE, default=2, show_default=True, help="Random samples.")
@click.option(
    "--special", type=click.Choice(["zeros", "large"]), multiple=True, help="Samples besides these."
)
@click.option(
    "--seed", type=declared.Whole(0, 2**63 - 1), default=0, show_default=True, help="Of random samples."
)
@click.option("--runs", type=declared.COUNT, default=20, show_default=True, help="Inferences that are timed.")
@declared.warmup(declared.COUNT, "Inferences before those.")
@declared.threads
@declared.timeout("Seconds for each run.")
@declared.memory("run")
@click.option(
    "--atol",
    type=click.FloatRange(0),
    callback=declared.not_nan,
    help="Allowed: |difference| <= ATOL + RTOL * |CPU's value|.",
)
@click.option("--rtol", type=click.FloatRange(0), callback=declared.not_nan, help="See --atol.")
@click.option("--min-snr", type=float, callback=declared.not_nan, help="Least signal to noise in dB.")
@click.option(
    "--precision",
    type=click.Choice(["fp16", "fp32", "both"]),
    help="What a GPU may compute in; both: one run each, side by side.",
)
@click.option(
    "--bisect",
    is_flag=True,
    help="Where outputs differ, find the operator from which they do; -o FILE.tflite does, and keeps the "
    "smallest model that differs by itself.",
)
@phone.options
@declared.vulkan_driver
@declared.outputs(FORMATS, [MODEL])
@declared.color
@declared.verbose("What holds the delegate back, and every operator.")
@declared.quiet
@declared.gathered("how", RunOptions)
def command(
    path: str,
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    how: RunOptions,
    precision: str | None,
    where: phone.Where,
    wanted: list[Target],
    color: str,
    verbose: bool,
    quiet: bool,
) -> int:
    """Run a model on the CPU and through a delegate: is it taken as predicted, do the numbers agree?

    PATH is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin). The exit code is 0 where all agrees, 1 where it doesn't or a run fails, 2 where something needed
    isn't here.
    """
    from analyzer.execution.request import UNAVAILABLE

    if how.options and how.library is None and where.on is None:
        raise UsageError("--delegate-option: it is for a library of your own; name that with --delegate-lib")
    smallest = wanted_model(wanted)
    settings = how.settings()
    if smallest is not None:
        settings = replace(settings, bisect=True)
    asked = specs(delegates)
    if not asked and how.library is None and where.on is None:
        raise UsageError("run: no delegate is named; name one with -d")
    packs = Packs(map(Path, rules))
    if precision is not None:
        asked = tuple(each for spec in asked for each in _in_precision(packs, spec, precision))
    whole = _whole(path, asked, packs, settings, where, smallest)
    missing = [run.message for run in whole.models[0].runs if run.status == UNAVAILABLE]
    for message in dict.fromkeys(missing):
        complain(message)
    if len(missing) < len(whole.models[0].runs):
        shown = [target for target in wanted if target.format != MODEL]
        shown = [target for target in shown if target.file is not None or not quiet]
        deliver(shown, partial(render, whole), color, verbose)
        if not quiet:
            tell_policy(whole.policy)
    return BAD_INPUT if missing else FAILS if whole.policy.failed else HOLDS


def _whole(
    path: str,
    asked: Sequence[str],
    packs: Packs,
    settings: Settings,
    where: phone.Where,
    smallest: str | None,
) -> audit_document.Document:
    from analyzer.execution.run_delegates import run_delegates
    from analyzer.report.document import convert_runs

    with on_disk(find_one(path)) as source, phone.place(where) as place:
        named = asked if settings.library is not None else place.specs(packs, asked)
        audit = Auditor(packs, configure(packs, named)).audit(load(source), settings.wanted.shapes)
        ran = list(run_delegates(audit, source.file or path, settings, place))
    if smallest is not None:
        save_reproducer(ran, smallest, settings)
    for line in _precisions_apart(ran):
        say(line)
    runs = convert_runs.runs(ran, settings.wanted.seed)
    model = replace(convert.model(audit, catalogue=packs.catalogue), runs=runs)
    reasons = tuple(f"{model.path}: {labels.run(run)}: {reason}" for run in runs for reason in run.reasons)
    return convert.whole([model], audit_document.Policy(failed=bool(reasons), reasons=reasons))


def _in_precision(packs: Packs, spec: str, precision: str) -> list[str]:
    """A delegate in one precision, or in each. Raises: UsageError where it has no choice."""
    name, written = split(spec)
    if _PRECISION not in packs.get(name).parameters:
        raise UsageError(f"--precision {precision}: {name} computes in one precision alone; leave it out")
    if _PRECISION in written:
        raise UsageError(f"-d {spec}: says its precision itself; leave --precision out")
    chosen = _PRECISIONS if precision == "both" else (precision,)
    return [f"{spec}:{_PRECISION}={each}" for each in chosen]


def _precisions_apart(ran: Sequence[Run]) -> Iterator[str]:
    """How far two precisions of a delegate are apart, which tells whether half precision is what is off."""
    import numpy as np

    both: dict[tuple[str, str | None], list[Run]] = {}
    for run in ran:
        if _PRECISION in run.parameters and run.result.outputs:
            both.setdefault((run.backend, run.entry.key), []).append(run)
    for (backend, _), pair in both.items():
        if len({run.parameters[_PRECISION] for run in pair}) != len(_PRECISIONS) or len(pair) != 2:
            continue
        half, whole = (run.values for run in sorted(pair, key=lambda run: str(run.parameters[_PRECISION])))
        apart = {
            name: max(
                float(np.max(np.abs(a[name] - b[name]), initial=0, where=a[name] != b[name]))
                for a, b in zip(half, whole, strict=True)
            )
            for name in half[0]
            if np.issubdtype(half[0][name].dtype, np.number)
            and all(a[name].shape == b[name].shape for a, b in zip(half, whole, strict=True))
        }
        if not any(apart.values()):
            yield f"{backend}: fp16 and fp32 are alike: half precision isn't what differs, if it is there"
        for name, most in apart.items():
            if most:
                yield f"{backend}: output {name}: fp16 and fp32 are up to {most:.3g} apart"


def _ranges(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    ranges = {}
    for text in texts:
        name, _, numbers = text.rpartition("=")
        try:
            low, high = (float(number) for number in numbers.split(","))
        except ValueError:
            raise UsageError(f"--range {text}: not [NAME=]LOW,HIGH; write for example --range 0,1") from None
        if not low <= high:
            raise UsageError(f"--range {text}: {low:g} is above {high:g}; give the lower one first")
        ranges[name] = low, high
    return ranges

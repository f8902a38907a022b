"""`delegate-analyzer rules verify`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from msgspec import Struct

from analyzer import resources
from analyzer.cli import FAILS, HOLDS, Command, complain, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.output_file import write
from analyzer.cli.options.screen import width
from analyzer.cli.options.specs import specs
from analyzer.conformance import outcomes as outcome
from analyzer.conformance import record as records
from analyzer.conformance import verdicts
from analyzer.conformance.outcomes import WorksData
from analyzer.conformance.verdicts import Data, RuntimeTally, Tallies
from analyzer.errors import RuntimeUnavailable, UsageError
from analyzer.execution.engines.lookup import BUNDLED
from analyzer.execution.request import Limits
from analyzer.files import temporary_folder
from analyzer.report.rules import outcome_tables
from analyzer.report.rules import rules_verify as report
from analyzer.report.wording.figures import count
from analyzer.rules.registry import Packs

#: Where a checkout has the data; an installed package has none.
_CHECKOUT = resources.data("rules").parent / "tests" / "conformance"


class Options(Struct, frozen=True):
    """What is held against what, and where the outcome goes."""

    data: Path | None
    models: Path | None
    works: Path | None
    file: str | None
    show: int
    timeout: float
    record: bool


@click.command("verify", cls=Command)
@declared.delegates(
    "Only these packs, in all configurations that there is data of.", "NAME", completion.packs
)
@declared.rules("Hold the rule pack in FILE to it.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR",
              help="Conformance data: targets.json, cases.zip (or synth.zip), truth.zip (or truth/). "
                   "Default: that of a checkout.")  # fmt: skip
@click.option(
    "--models",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The real models of the data; without data, what the runtimes here are asked about.",
)
@click.option("--show", type=declared.COUNT, default=10, metavar="N", help="Disagreements to show of each.")
@declared.timeout("Seconds for a runtime on each model.", 60)
@click.option("--works", type=click.Path(path_type=Path), metavar="DIR",
              help="Hold whole verdicts against what was seen to become of the models in DIR.")  # fmt: skip
@declared.output("With --works, write predicted against seen as tables too (Markdown).")
@click.option("--about", is_flag=True, help="Only print the figures that were recorded last.")
@click.option("--record", is_flag=True, help="Record the figures: for those who write the packs.")
@declared.verbose("With --about, a line for each configuration.")
@declared.gathered("how", Options)
def command(
    delegates: tuple[str, ...], rules: tuple[str, ...], how: Options, about: bool, verbose: bool
) -> int:
    """Hold the packs to the delegates' own code: what it said of thousands of models, and what it says here.

    Runtimes that are installed here are asked for real, each in a process of its own, since native code
    may crash. With --works, whole verdicts are held against what was seen when models were run. Exit codes:
    0 everything agrees, 1 something doesn't. With --works: 0 where of each delegate at least 95 % of what
    doesn't work is foreseen, 90 % with the right word, and at most 1 % of what works is doubted.
    """
    if how.file is not None and how.works is None:
        raise UsageError("-o FILE: there are tables to write with --works DIR only")
    if about:
        agreement = records.recorded()
        tell((report.details if verbose else report.summary)(agreement, width()))
        return HOLDS
    packs = Packs(map(Path, rules))
    held = _data(how.data, how.models)
    if how.works is not None:
        return _works(packs, WorksData(how.works, held), delegates, how)
    names = _names(packs, delegates, held)
    targets = [target for target, spec in held.targets.items() if spec.partition(":")[0] in names]
    with _telling(f"{len(targets)} configurations"):
        compared = verdicts.verify(packs, held, targets)
    runtimes = dict(_runtimes(packs, held, names, Limits(seconds=how.timeout)))
    _something(compared, runtimes, held)
    agreement = records.gather(held.targets, compared, runtimes)
    tell(report.details(agreement, width()))
    wrong = [
        (target, [line for one in kinds.values() for line in one.wrong]) for target, kinds in compared.items()
    ]
    wrong += [(name, one.wrong) for name, one in runtimes.items()]
    for line in report.disagreements(wrong, how.show, width()):
        tell(line)
    if how.record:
        records.record(agreement)
    return FAILS if any(lines for _, lines in wrong) else HOLDS


def _works(packs: Packs, works: WorksData, delegates: Sequence[str], how: Options) -> int:
    """Whole verdicts against what was seen."""
    named = list(specs(delegates)) or packs.given or packs.names()
    chosen = works.specs(named)
    with _telling(f"{count(len(chosen), 'configuration')}"):
        outcomes = outcome.hold(packs, works, chosen)
    if not any(outcomes.values()):
        raise UsageError(
            f"nothing was compared: {works.folder} tells of no model that is here of {', '.join(named)}"
        )
    for line in outcome_tables.overview(outcomes, how.show, width()):
        tell(line)
    if how.file is not None:
        write(how.file, outcome_tables.page(outcomes).encode())
    if how.record:
        outcome.record(works.folder, outcomes)
    return HOLDS if all(map(outcome.good, map(outcome.tally, outcomes.values()))) else FAILS


def _data(data: Path | None, models: Path | None) -> Data:
    if data is None and models is None and not _CHECKOUT.is_dir():
        raise UsageError(
            "no conformance data is installed with the package; name a folder of it with --data DIR, "
            "or with --models DIR models to ask the runtimes about that are here"
        )
    return Data(data or (_CHECKOUT if _CHECKOUT.is_dir() else None), models)


def _names(packs: Packs, delegates: Sequence[str], held: Data) -> list[str]:
    """The packs to hold: those that are asked for, else those that are given, else all.

    Raises: UsageError where there is nothing to hold one to that was named.
    """
    named = list(specs(delegates)) or packs.given
    known = {spec.partition(":")[0] for spec in held.targets.values()}
    for name in named:
        if ":" in name:
            raise UsageError(
                f"-d {name}: names a configuration; write the pack's name, {name.partition(':')[0]}"
            )
        packs.get(name)
        if name not in known and name not in BUNDLED:
            raise UsageError(
                f"there is no data of {name} in {held.name}, which has that of "
                f"{', '.join(sorted(known)) or 'no delegate'}; name a folder that has some with --data"
            )
    return named or packs.names()


def _something(compared: Mapping[str, Tallies], runtimes: Mapping[str, RuntimeTally], held: Data) -> None:
    """Raises: UsageError where nothing was compared: what agrees with nothing doesn't agree."""
    models = sum(one.models for kinds in compared.values() for one in kinds.values())
    if not models and not any(one.sets.all for one in runtimes.values()):
        raise UsageError(
            f"nothing was compared: {held.name} has no model with a delegate's word on it, "
            "and no runtime here was asked; see --data and --models"
        )


def _runtimes(
    packs: Packs, held: Data, names: Sequence[str], limits: Limits
) -> Iterator[tuple[str, RuntimeTally]]:
    """Each runtime that is here; a line says which aren't."""
    with temporary_folder() as folder:
        files = verdicts.unpack(held, Path(folder))
        for name in BUNDLED:
            if name in names:
                try:
                    with _telling(f"{name} on {len(files):,} models"):
                        yield name, verdicts.hold_runtime(packs, name, files, limits)
                except RuntimeUnavailable as error:
                    complain(f"not asked: {error}")


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Say on a terminal what takes its time."""
    if sys.stderr.isatty():
        tell(f"comparing {what} ...", err=True)
    yield

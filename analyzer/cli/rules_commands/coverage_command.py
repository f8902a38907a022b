"""`delegate-analyzer rules coverage`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from analyzer.cli import HOLDS, Command
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.specs import chosen, specs
from analyzer.report.rules import rules_coverage as report
from analyzer.rules.coverage import cover
from analyzer.rules.registry import Packs


@click.command("coverage", cls=Command)
@click.argument("operators", nargs=-1, metavar="[OPERATOR]...", shell_complete=completion.operators)
@declared.delegates("NAME or NAME:PARAM=VALUE:..., several joined by commas. Default: all packs.")
@declared.rules()
@declared.outputs(report.FORMATS)
@declared.verbose("Every operator with its conditions.")
def command(
    operators: tuple[str, ...],
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    wanted: list[Target],
    verbose: bool,
) -> int:
    """Show which operators each delegate takes always, under conditions or never.

    OPERATOR, one or several, shows the conditions too.
    """
    packs = Packs(map(Path, rules))
    asked = specs(delegates or ("all",))
    names = [name for spec in asked for name in (packs.names() if spec == "all" else [spec])]
    covered = cover({name: chosen(packs, name) for name in names}, operators)
    deliver(wanted, partial(report.render, covered), verbose=verbose)
    return HOLDS

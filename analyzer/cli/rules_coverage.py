"""`delegate-analyzer rules coverage`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli import HOLDS
from analyzer.cli.options import completion
from analyzer.cli.options.output import show, targets, write
from analyzer.cli.options.screen import width
from analyzer.cli.options.specs import chosen, specs
from analyzer.report.rules import rules_coverage as report
from analyzer.report.view import View
from analyzer.rules.coverage import cover, narrowed
from analyzer.rules.registry import Packs


@click.command("coverage")
@click.argument("operators", nargs=-1, metavar="[OPERATOR]...", shell_complete=completion.operators)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completion.delegates,
              help="NAME or NAME:PARAM=VALUE:..., several joined by commas. Default: all packs.")  # fmt: skip
@click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="Also use the rule pack in FILE.",
)
@click.option("--format", "stdout_format", default="table", metavar="FORMAT",
              shell_complete=completion.one_of(report.FORMATS),
              help=f"For stdout: {', '.join(report.FORMATS)}.")  # fmt: skip
@click.option("-o", "--output", "files", multiple=True, metavar="[FORMAT=]FILE",
              shell_complete=completion.files,
              help="Write FILE instead of stdout.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Every operator with its conditions.")
def command(
    operators: tuple[str, ...],
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    stdout_format: str,
    files: tuple[str, ...],
    verbose: bool,
) -> int:
    """Show which operators each delegate takes always, under conditions or never.

    OPERATOR, one or several, shows the conditions too.
    """
    wanted = targets(stdout_format, files, report.FORMATS)
    packs = Packs(map(Path, rules))
    asked = specs(delegates or ("all",))
    names = [name for spec in asked for name in (packs.names() if spec == "all" else [spec])]
    found = cover({name: chosen(packs, name) for name in names})
    if operators:
        found = narrowed(found, operators)
    for target in wanted:
        view = View(width=width() if target.file is None else 100, verbose=verbose)
        content = report.render(found, target.format, view)
        if target.file is None:
            show(content)
        else:
            write(target.file, content)
    return HOLDS

"""`delegate-analyzer rules diff`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.outcome_diff import compare
from analyzer.auditing.types import Configuration
from analyzer.cli import FAILS, HOLDS
from analyzer.cli.options import completion
from analyzer.cli.options.output import show, targets, write
from analyzer.cli.options.screen import width
from analyzer.cli.options.specs import chosen
from analyzer.report.rules import rules_diff as report
from analyzer.report.view import View
from analyzer.rules.judge import Judge
from analyzer.rules.pack_diff import difference
from analyzer.rules.registry import Packs
from analyzer.sources import find, load


@click.command("diff")
@click.argument("before", metavar="A", shell_complete=completion.delegates)
@click.argument("after", metavar="B", shell_complete=completion.delegates)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=completion.files)
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
def command(
    before: str,
    after: str,
    models: tuple[str, ...],
    rules: tuple[str, ...],
    stdout_format: str,
    files: tuple[str, ...],
) -> int:
    """Show what changes from A to B: for the rules and, with MODEL, for a model.

    A and B are delegates as in `audit -d`, such as gpu:runtime=2.1, or rule files. With MODEL, only the rules
    of its operators are shown. Exit codes: 0 nothing changes, 1 something does; with MODEL, for a model.
    """
    wanted = targets(stdout_format, files, report.FORMATS)
    asked = (before, after)
    packs = Packs(map(Path, rules))
    sides = [chosen(packs, spec) for spec in asked]
    sources = find(models)
    auditor = Auditor(packs, [Configuration(*side, Judge(*side)) for side in sides])
    audits = [auditor.audit(load(source)) for source in sources]
    changed = [(audit.model, compare(*audit.delegates)) for audit in audits]
    said = report.describe(asked, sides, difference(*sides), changed)
    for target in wanted:
        content = report.render(said, target.format, View(width=width() if target.file is None else 100))
        if target.file is None:
            show(content)
        else:
            write(target.file, content)
    return FAILS if said.different else HOLDS

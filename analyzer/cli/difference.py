"""`delegate-analyzer rules diff`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer import fleet
from analyzer.auditing import Auditor, Configuration
from analyzer.changes import compare
from analyzer.cli import FAILS, HOLDS, completing
from analyzer.cli.output import show, targets, write
from analyzer.cli.screen import width
from analyzer.cli.specs import chosen
from analyzer.report import difference as report
from analyzer.report.view import View
from analyzer.rules.difference import difference
from analyzer.rules.judge import Judge
from analyzer.rules.packs import Packs


@click.command("diff")
@click.argument("before", metavar="A", shell_complete=completing.delegates)
@click.argument("after", metavar="B", shell_complete=completing.delegates)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=completing.files)
@click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completing.files,
    help="Also use the rule pack in FILE.",
)
@click.option("--format", "stdout_format", default="table", metavar="FORMAT",
              shell_complete=completing.one_of(report.FORMATS),
              help=f"For stdout: {', '.join(report.FORMATS)}.")  # fmt: skip
@click.option("-o", "--output", "files", multiple=True, metavar="[FORMAT=]FILE",
              shell_complete=completing.files,
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
    sides = [chosen(one, rules) for one in asked]
    found = fleet.find(models)
    auditor = Auditor(Packs(map(Path, rules)), [Configuration(*side, Judge(*side)) for side in sides])
    audits = [auditor.audit(fleet.load(one)) for one in found]
    changed = [(audit.model, compare(*audit.delegates)) for audit in audits]
    said = report.describe(asked, sides, difference(*sides), changed)
    for target in wanted:
        content = report.render(said, target.format, View(width=width() if target.file is None else 100))
        if target.file is None:
            show(content)
        else:
            write(target.file, content)
    return FAILS if said.different else HOLDS

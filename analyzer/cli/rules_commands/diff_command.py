"""`delegate-analyzer rules diff`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.outcome_diff import compare
from analyzer.auditing.types import Configuration
from analyzer.cli import BAD_INPUT, FAILS, HOLDS, Command, complain
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.specs import chosen
from analyzer.errors import ModelError
from analyzer.report.rules import rules_diff as report
from analyzer.rules.judging.judge import Judge
from analyzer.rules.pack_diff import difference
from analyzer.rules.registry import Packs
from analyzer.sources import at_hand, find, load


@click.command("diff", cls=Command)
@click.argument("before", metavar="A", shell_complete=completion.delegates)
@click.argument("after", metavar="B", shell_complete=completion.delegates)
@click.argument("models", nargs=-1, metavar="[MODEL]...", shell_complete=completion.files)
@declared.rules()
@declared.outputs(report.FORMATS)
def command(
    before: str,
    after: str,
    models: tuple[str, ...],
    rules: tuple[str, ...],
    wanted: list[Target],
) -> int:
    """Show what changes from A to B: for the rules and, with MODEL, for a model.

    A and B are delegates as in `audit -d`, such as gpu:runtime=2.1, or rule files. With MODEL, only the rules
    of its operators are shown. Exit codes: 0 nothing changes, 1 something does; with MODEL, for a model.
    """
    asked = (before, after)
    packs = Packs(map(Path, rules))
    sides = [chosen(packs, spec) for spec in asked]
    sources = find(models)
    auditor = Auditor(packs, [Configuration(*side, Judge(*side)) for side in sides])
    changed = []
    for source in sources:
        try:
            with at_hand(source) as held:
                audit = auditor.audit(load(held))
        except ModelError as error:
            complain(str(error))
            continue
        changed.append((audit.model, compare(*audit.delegates)))
    if sources and not changed:
        return BAD_INPUT
    said = report.describe(asked, sides, difference(*sides), changed)
    deliver(wanted, partial(report.render, said))
    if len(changed) < len(sources):
        return BAD_INPUT
    return FAILS if said.different else HOLDS

"""`delegate-analyzer fleet`."""

from __future__ import annotations

from functools import partial
from sqlite3 import Connection

import click

from analyzer.cli import FAILS, HOLDS, Group
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.fleet import read_tables, zoo_changes
from analyzer.fleet import survey as surveys
from analyzer.report.fleet import changes_text, survey_text
from analyzer.report.view import View


@click.group("fleet", cls=Group)
def command() -> None:
    """What many models came to, out of what audit wrote: zoo.sqlite, zoo.parquet or lines of jsonl."""


@command.command("show")
@click.argument("file", shell_complete=completion.files)
@declared.outputs(survey_text.FORMATS)
@declared.verbose("More fixes and operators of each delegate.")
def show(file: str, wanted: list[Target], verbose: bool) -> int:
    """Show what holds most models back on which delegate, and which single fix frees most."""
    with read_tables.database_of(file) as database:
        deliver(wanted, partial(_rendered, database), verbose=verbose)
    return HOLDS


def _rendered(database: Connection, format: str, view: View) -> bytes:
    survey = surveys.survey(database)
    if format == "json":
        return survey_text.json(survey)
    if format == "markdown":
        return survey_text.markdown(survey).encode()
    if format == "html":
        from analyzer.report.fleet import survey_page

        return survey_page.page(survey, surveys.listed(database, survey_page.MOST))
    return survey_text.table(survey, view).encode()


@command.command("diff")
@click.argument("before", shell_complete=completion.files)
@click.argument("after", shell_complete=completion.files)
@declared.outputs(changes_text.FORMATS)
@declared.failing(["worse"], "Exit code 1 where a verdict got worse.")
@declared.verbose("More models and fixes of each delegate.")
def diff(before: str, after: str, wanted: list[Target], fail_on: str, verbose: bool) -> int:
    """Show what changed for models from one audit to another: after a new release of packs, tool or runtime.

    BEFORE and AFTER are what audit wrote: zoo.sqlite, zoo.parquet or lines of jsonl. Models are told by
    their contents.
    """
    changes = zoo_changes.changes(before, after)
    deliver(wanted, partial(changes_text.render, changes), verbose=verbose)
    return FAILS if fail_on == "worse" and changes.worse else HOLDS

"""`delegate-analyzer baseline`."""

from __future__ import annotations

from typing import Any

import click

from analyzer.cli import BAD_INPUT, HOLDS, Group, complain, say
from analyzer.cli.options import completion, declared
from analyzer.cli.options.models import Excluded, exclude_option
from analyzer.cli.options.output_file import write
from analyzer.cli.options.project import Asked, audit_options
from analyzer.cli.options.shapes import read_shapes
from analyzer.errors import ModelError
from analyzer.gating.baseline import written
from analyzer.gating.excuses import Known
from analyzer.model_auditor import ModelAuditor
from analyzer.report.wording import figures


@click.group("baseline", cls=Group)
def command() -> None:
    """What is known of models: audit --baseline FILE then fails on what is new only."""


@command.command("write")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", shell_complete=completion.files)
@declared.delegates("As audit has it; give the same to both.")
@declared.platform
@declared.devices
@declared.asked_rules
@declared.shapes
@declared.registered
@exclude_option
@declared.project_file("The project's file.")
@declared.output("The baseline.", required=True)
def write_command(
    paths: tuple[str, ...],
    shapes: tuple[str, ...],
    exclude: tuple[str, ...],
    config: str | None,
    file: str,
    **asked: Any,
) -> int:
    """Write what rules say of models today: keep FILE with the models, and audit with --baseline FILE."""
    options = audit_options(config, paths, Asked(**asked), excused=False)
    auditor = ModelAuditor(options.task(read_shapes(shapes)), options.packs)
    known: dict[str, Known] = {}
    unread = False
    for source in Excluded(options.exclude, exclude).taken(paths):
        try:
            known[source.name] = auditor.sites(source)
        except ModelError as error:
            unread = True
            complain(str(error))
    if unread and not known:
        # One that was written before is worth more than an empty one.
        return BAD_INPUT
    write(file, written(file, known))
    findings = sum(sum(sites.values()) for sites in known.values())
    say(f"{file}: {figures.count(findings, 'finding')} of {figures.count(len(known), 'model')}")
    return BAD_INPUT if unread else HOLDS

"""`delegate-analyzer rules`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli import BAD_INPUT, HOLDS, completing, coverage, difference, verify
from analyzer.cli.groups import Group
from analyzer.cli.screen import width
from analyzer.errors import RuleError
from analyzer.report import figures, reference
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.packs import Packs
from analyzer.rules.rulebook import Rulebook

_RULES = click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completing.files,
    help="Also use the rule pack in FILE.",
)


@click.group("rules", cls=Group)
def command() -> None:
    """List, show, check and compare rule packs: what each delegate takes, as data."""


command.add_command(coverage.command)
command.add_command(difference.command)
command.add_command(verify.command)


@command.command("list")
@_RULES
def list_packs(rules: tuple[str, ...]) -> int:
    """List the rule packs at hand."""
    packs = Packs(map(Path, rules))
    click.echo(reference.packs([packs.get(name) for name in packs.names()], width()))
    return HOLDS


@command.command("show")
@click.argument("name", shell_complete=completing.packs)
@click.argument("operator", required=False, shell_complete=completing.operators)
@_RULES
def show(name: str, operator: str | None, rules: tuple[str, ...]) -> int:
    """Show what a delegate takes, or what it says of one OPERATOR."""
    packs = Packs(map(Path, rules))
    found = packs.runtime if name == "runtime" else packs.get(name)
    click.echo(
        reference.pack(found, width()) if operator is None else reference.operator(found, operator, width())
    )
    return HOLDS


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completing.files)
def check(files: tuple[str, ...]) -> int:
    """Check rule files: every problem with file and line, or "ok"."""
    catalogue = Packs().catalogue
    problems = []
    for file in files:
        try:
            click.echo(f"{file}: ok, {_checked(Path(file), catalogue)}")
        except RuleError as error:
            problems += error.problems
    for problem in problems:
        click.echo(problem, err=True)
    return BAD_INPUT if problems else HOLDS


def _checked(file: Path, catalogue: Catalogue) -> str:
    from analyzer.rules.load import load
    from analyzer.rules.load_catalogue import parse_catalogue
    from analyzer.rules.shared import SHARED, read_shared

    if file.name == "operators.toml":
        return figures.count(len(parse_catalogue(file).entries), "operator")
    if file.name == SHARED:
        return figures.count(len(read_shared(file).raised()), "operator")
    book = Rulebook(load(file, catalogue))
    operators = figures.count(len(book.operators()), "operator")
    return f"{operators}, {figures.count(len(list(book.rules())), 'rule')}"

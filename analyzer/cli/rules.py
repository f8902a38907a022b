"""`delegate-analyzer rules`."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli import BAD_INPUT, HOLDS, Group, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.screen import width
from analyzer.cli.rules_commands import coverage_command, diff_command, files_command, verify_command
from analyzer.errors import RuleError
from analyzer.report.rules import rule_reference
from analyzer.report.wording import figures
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.registry import Packs
from analyzer.rules.rulebook import Rulebook


@click.group("rules", cls=Group)
def command() -> None:
    """List, show, check and compare rule packs: what each delegate takes, as data."""


command.add_command(coverage_command.command)
command.add_command(diff_command.command)
command.add_command(files_command.format_files)
command.add_command(files_command.test_files)
command.add_command(verify_command.command)


@command.command("list")
@declared.rules()
def list_packs(rules: tuple[str, ...]) -> int:
    """List the rule packs at hand."""
    packs = Packs(map(Path, rules))
    tell(rule_reference.packs([packs.get(name) for name in packs.names()], width()))
    return HOLDS


@command.command("show")
@click.argument("name", shell_complete=completion.packs)
@click.argument("operator", required=False, shell_complete=completion.operators)
@declared.rules()
def show(name: str, operator: str | None, rules: tuple[str, ...]) -> int:
    """Show what a delegate takes, or what it says of one OPERATOR."""
    packs = Packs(map(Path, rules))
    rule_pack = packs.cpu_kernels if name == "runtime" else packs.get(name)
    tell(
        rule_reference.pack(rule_pack, width())
        if operator is None
        else rule_reference.operator(rule_pack, operator, width())
    )
    return HOLDS


@command.command("check")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files)
def check(files: tuple[str, ...]) -> int:
    """Check rule files: every problem with file and line, or "ok"."""
    catalogue = Packs().catalogue
    problems = []
    for file in files:
        try:
            tell(f"{file}: ok, {_checked(Path(file), catalogue)}")
        except RuleError as error:
            problems += error.problems
    for problem in problems:
        tell(problem, err=True)
    return BAD_INPUT if problems else HOLDS


def _checked(file: Path, catalogue: Catalogue) -> str:
    from analyzer.device_log.line_catalogue import LINES, read_lines
    from analyzer.devices.device_catalogue import FILE as DEVICES
    from analyzer.devices.device_catalogue import of_file
    from analyzer.interpreter.arena import IN_PLACE, read_in_place
    from analyzer.rules.loading.catalogue_file import parse_catalogue
    from analyzer.rules.loading.fixes_file import IN_FULL, SHARED, read_in_full, read_shared
    from analyzer.rules.loading.load import load
    from analyzer.rules.loading.names import DEFINITIONS, read_definitions

    if file.name == "operators.toml":
        return figures.count(len(parse_catalogue(file).entries), "operator")
    if file.absolute().parent.name == IN_FULL:
        return f"{len(read_in_full(file))} fixes in full"
    if file.name == SHARED:
        return figures.count(len(read_shared(file).raised()), "operator")
    if file.name == DEFINITIONS:
        return figures.count(len(read_definitions(file)), "definition")
    if file.name == IN_PLACE:
        listed = read_in_place(file)
        return figures.count(len({*listed.changed, *listed.unchanged}), "operator")
    if file.name == f"{DEVICES}.toml":
        return figures.count(len(of_file(file).devices), "device")
    if file.name == LINES:
        return figures.count(len(read_lines(file).lines), "kind") + " of lines"
    book = Rulebook(load(file, catalogue))
    operators = figures.count(len(book.operators()), "operator")
    return f"{operators}, {figures.count(len(list(book.rules())), 'rule')}"

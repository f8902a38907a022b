"""`delegate-analyzer devices`."""

from __future__ import annotations

import click

from analyzer.cli import BAD_INPUT, HOLDS, complain, completing
from analyzer.cli.groups import Group
from analyzer.cli.phone import adb_option, serial
from analyzer.cli.screen import width
from analyzer.errors import AnalyzerError

_on_option = click.option(
    "--on", default="adb", show_default=True, metavar="adb[:SERIAL]", help="Where to look."
)


@click.group("devices", cls=Group)
def command() -> None:
    """Show the phones that are attached."""


@command.command("list")
@_on_option
@adb_option
def list_devices(on: str, adb: str | None) -> int:
    """List attached phones: what they are, or why they can't be used."""
    from analyzer.report.phones import phones
    from analyzer.runtime.adb import Adb
    from analyzer.runtime.phone import identify

    client, named = Adb(adb), serial(on)
    serials = [one.serial for one in client.devices() if named in (None, one.serial)]
    # Where there is none, asking for it says so.
    asked: list[str | None] = [*serials] or [named]
    found = []
    for each in asked:
        try:
            found.append(identify(client.device(each)))
        except AnalyzerError as error:
            complain(str(error))
    if found:
        click.echo(phones(found, width()))
    return HOLDS if found else BAD_INPUT


@command.command("show")
@_on_option
@adb_option
@click.option(
    "--rules",
    multiple=True,
    metavar="FILE",
    shell_complete=completing.files,
    help="Also use the rule pack in FILE.",
)
def show_device(on: str, adb: str | None, rules: tuple[str, ...]) -> int:
    """Show one phone: what it is, which delegates run there, and the benchmark_model that it needs."""
    from pathlib import Path

    from analyzer.report.phones import phone
    from analyzer.rules.packs import Packs
    from analyzer.runtime.adb import Adb
    from analyzer.runtime.android import completed
    from analyzer.runtime.phone import identify, room

    device = Adb(adb).device(serial(on))
    target = identify(device)
    specs = completed(Packs(Path(file) for file in rules), ["all"], target)
    click.echo(phone(target, specs, room(device), width()))
    return HOLDS

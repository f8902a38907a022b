"""`delegate-analyzer devices`."""

from __future__ import annotations

import click

from analyzer.cli import BAD_INPUT, HOLDS, complain
from analyzer.cli.phone import adb_option, serial
from analyzer.cli.screen import width
from analyzer.errors import AnalyzerError


@click.group("devices")
def command() -> None:
    """Show the phones at hand."""


@command.command("list")
@click.option("--on", default="adb", show_default=True, metavar="adb[:SERIAL]", help="Where to look.")
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

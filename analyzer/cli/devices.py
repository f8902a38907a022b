"""`delegate-analyzer devices`."""

from __future__ import annotations

import click

from analyzer.cli import BAD_INPUT, HOLDS, complain, tell
from analyzer.cli.options import declared
from analyzer.cli.options.groups import Group
from analyzer.cli.options.phone import adb_option, serial
from analyzer.cli.options.screen import width
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
    from analyzer.execution.android.adb import Adb
    from analyzer.execution.android.device import identify
    from analyzer.report.text.phones import phones

    client, named = Adb(adb), serial(on)
    attached = [device.serial for device in client.devices()]
    serials = [serial for serial in attached if named in (None, serial)]
    # Where there is none, asking for it says so.
    asked: list[str | None] = [*serials] or [named]
    targets = []
    for each in asked:
        try:
            targets.append(identify(client.device(each)))
        except AnalyzerError as error:
            complain(str(error))
    if targets:
        tell(phones(targets, width()))
    return HOLDS if targets else BAD_INPUT


@command.command("show")
@_on_option
@adb_option
@declared.rules()
def show_device(on: str, adb: str | None, rules: tuple[str, ...]) -> int:
    """Show one phone: what it is, which delegates run there, and the benchmark_model that it needs."""
    from pathlib import Path

    from analyzer.execution.android.adb import Adb
    from analyzer.execution.android.device import identify, room
    from analyzer.execution.android.runner import completed
    from analyzer.report.text.phones import phone
    from analyzer.rules.registry import Packs

    device = Adb(adb).device(serial(on))
    target = identify(device)
    specs = completed(Packs(Path(file) for file in rules), ["all"], target)
    tell(phone(target, specs, room(device), width()))
    return HOLDS

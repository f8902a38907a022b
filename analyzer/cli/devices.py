"""`delegate-analyzer devices`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from analyzer.cli import BAD_INPUT, HOLDS, Group, complain, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.phone import ADB, adb_option, serial
from analyzer.cli.options.screen import width
from analyzer.errors import AnalyzerError, UsageError

if TYPE_CHECKING:
    from analyzer.rules.registry import Packs

_on_option = click.option(
    "--on", metavar="adb[:SERIAL]", help="Phones that are attached, in place of the catalogue."
)


@click.group("devices", cls=Group)
def command() -> None:
    """Show phones and tablets: those of the catalogue, or the phones that are attached."""


@command.command("list")
@click.argument("patterns", nargs=-1, metavar="[DEVICE]...", shell_complete=completion.devices)
@_on_option
@adb_option
@declared.table_or_json
def list_devices(patterns: tuple[str, ...], on: str | None, adb: str | None, form: str) -> int:
    """List what --device may name: phones and tablets, Android levels, iOS versions, and groups of them.

    DEVICE is a name, a pattern ('galaxy-*'), a group (pixels) or a chip (snapdragon-8-gen-3). With --on
    adb, list attached phones: what they are, or why they can't be used.
    """
    if on or adb:
        return _list_attached(patterns, on or ADB, adb)
    from analyzer.devices.device_catalogue import catalogue
    from analyzer.devices.devices_document import devices_document, encoded
    from analyzer.report.text.phones import catalogued

    known = catalogue()
    devices = known.every(patterns or ["*"])
    if form == "json":
        click.echo(encoded(devices_document(devices)))
    else:
        tell(catalogued(devices, () if patterns else [*known.groups], width()))
    return HOLDS


def _list_attached(patterns: Sequence[str], on: str, adb: str | None) -> int:
    from analyzer.execution.android.adb import Adb
    from analyzer.execution.android.device import identify
    from analyzer.report.text.phones import phones

    if patterns:
        raise UsageError(f"--on {on}: attached phones have no names here; leave {patterns[0]} out")
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
@click.argument("name", metavar="[DEVICE]", required=False, shell_complete=completion.devices)
@_on_option
@adb_option
@declared.rules()
def show_device(name: str | None, on: str | None, adb: str | None, rules: tuple[str, ...]) -> int:
    """Show one device: every fact with its source, and the delegates that --device asks of it.

    Without DEVICE the attached phone: what it is, which delegates run there, and the benchmark_model that
    it needs.
    """
    from pathlib import Path

    from analyzer.rules.registry import Packs

    packs = Packs(map(Path, rules))
    if name is None:
        return _show_attached(on or ADB, adb, packs)
    if on or adb:
        raise UsageError(f"{name}: is of the catalogue; leave --on and --adb out")
    from analyzer.devices.device_catalogue import catalogue
    from analyzer.devices.device_configurations import asked_of
    from analyzer.report.text.phones import device_entry

    devices = catalogue().find(name)
    tell("\n\n".join(device_entry(device, asked_of(packs, device), width()) for device in devices))
    return HOLDS


def _show_attached(on: str, adb: str | None, packs: Packs) -> int:
    from analyzer.execution.android.adb import Adb
    from analyzer.execution.android.device import identify, room
    from analyzer.execution.android.runner import completed
    from analyzer.report.text.phones import phone

    device = Adb(adb).device(serial(on))
    target = identify(device)
    specs = completed(packs, ["all"], target)
    tell(phone(target, specs, room(device), width()))
    return HOLDS

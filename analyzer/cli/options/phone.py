"""`--on adb`: the options that say which phone, and with what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from analyzer.cli import complain
from analyzer.cli.options import completion, declared
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.execution.target import Target

ADB = "adb"


class Where(Struct, frozen=True):
    """Where to run, as it is asked for."""

    on: str | None
    adb: str | None
    tool: str | None
    pushed: tuple[str, ...]


adb_option = click.option("--adb", metavar="PATH", help="The adb client. Default: the one on PATH.")
_OPTIONS = (
    click.option("--on", metavar="adb[:SERIAL]", help="Run on an Android phone. Default: this machine."),
    adb_option,
    click.option(
        "--benchmark-model",
        "tool",
        metavar="FILE",
        shell_complete=completion.files,
        help="LiteRT's benchmark_model, built for the phone.",
    ),
    click.option(
        "--push",
        "pushed",
        multiple=True,
        metavar="FILE",
        shell_complete=completion.files,
        help="A library that is to lie beside it.",
    ),
)


def options(function: declared.Command) -> declared.Command:
    """Give a command the options; it gets them as one argument, `where`."""
    command = declared.gathered("where", Where)(function)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def serial(on: str) -> str | None:
    """`adb[:SERIAL]` -> the serial. Raises: UsageError."""
    name, _, device = on.partition(":")
    if name != ADB:
        raise UsageError(f"--on {on}: there is no such place; write --on adb or --on adb:SERIAL")
    return device or None


@contextmanager
def place(where: Where) -> Iterator[Target]:
    """Where to run, for as long as it is needed. Raises: UsageError, RuntimeUnavailable, AdbError."""
    if where.on is None:
        from analyzer.execution.target import HOST

        _unused(where)
        yield HOST
        return
    from analyzer.execution.android.device import connect
    from analyzer.execution.android.runner import Android

    phone = connect(serial(where.on), adb=where.adb, tool=where.tool, libraries=where.pushed)
    try:
        yield Android(phone)
    finally:
        if left := phone.clean():
            complain(left)


def _unused(where: Where) -> None:
    given = {"--adb": where.adb, "--benchmark-model": where.tool, "--push": where.pushed}
    for option, value in given.items():
        if value:
            raise UsageError(f"{option}: it is for phones; add --on adb")

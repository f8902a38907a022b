"""docs/commands.md: every command with its options, as `--help` says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from analyzer.cli import PROGRAM, program

FILE = Path(__file__).parents[2] / "docs" / "commands.md"
WIDTH = 100

_HEAD = """# Commands

What `--help` says of each command. This page is generated: `python -m tests.docs.quoted` writes it anew.

"""


def page() -> str:
    """The whole page."""
    context = click.Context(program, info_name=PROGRAM, **program.context_settings)
    return _HEAD + "\n".join(_sections(program, context, 2))


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    """A section for a command, and for each of its own."""
    context.terminal_width = context.max_content_width = WIDTH
    yield f"{'#' * level} {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _sections(below, click.Context(below, context, name), min(level + 1, 3))

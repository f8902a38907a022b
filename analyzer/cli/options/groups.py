"""A command of several commands."""

from __future__ import annotations

import click

#: Longer than any first sentence, which `--help` shows whole: click cuts it at the line's end.
_UNCUT = 1000


class Group(click.Group):
    """Commands whose summaries are wrapped in `--help`, not cut."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(_UNCUT)) for name in self.list_commands(ctx)]
            )

"""`delegate-analyzer rules format`."""

from __future__ import annotations

from pathlib import Path
from tomllib import TOMLDecodeError

import click

from analyzer.cli import BAD_INPUT, HOLDS
from analyzer.cli.options import completion
from analyzer.files import read_text

#: Exit code where `--check` finds files that aren't in shape.
OUT_OF_SHAPE = 1


@click.command("format")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", shell_complete=completion.files)
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where a file isn't in shape.")
def command(files: tuple[str, ...], check: bool) -> int:
    """Keep rule files in shape: spaces, quotes and empty lines. Words, order and comments stay."""
    from analyzer.rules.authoring.formatter import formatted

    worst = HOLDS
    for file in map(Path, files):
        try:
            text = read_text(file)
            shaped = formatted(text)
            if shaped != text and not check:
                file.write_text(shaped, encoding="utf-8", newline="\n")
        except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
            click.echo(f"{file}: {_reason(error)}", err=True)
            worst = BAD_INPUT
            continue
        if shaped != text:
            click.echo(f"{file}: {'not in shape' if check else 'put in shape'}")
            worst = max(worst, OUT_OF_SHAPE) if check else worst
    return worst


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"can't be read or written ({error.strerror})"
    return f"not TOML: {error}" if isinstance(error, TOMLDecodeError) else "isn't UTF-8"

"""`delegate-analyzer log`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import click

from analyzer.cli import FAILS, HOLDS, Command
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.files import opened, readable
from analyzer.sources import STDIN

if TYPE_CHECKING:
    from analyzer.device_log.log_document import LogDocument

#: Formats of a log, as `log_text` has them.
_FORMATS = ("table", "json", "markdown")


@click.command("log", cls=Command)
@click.argument("file", shell_complete=completion.files)
@click.argument("path", required=False, shell_complete=completion.files)
@declared.delegates("A delegate with the parameters that the app gives it, where the log doesn't tell them.")
@declared.rules("Also use the rule pack in FILE.")
@declared.outputs(_FORMATS)
@declared.verbose("Also the lines that every log has.")
def command(
    file: str,
    path: str | None,
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    wanted: list[Target],
    verbose: bool,
) -> int:
    """Say what a device's log means: delegates, what they took, what they refused and why, failures.

    FILE is what logcat, benchmark_model, Xcode's console or an app's stderr wrote, - is stdin; lines that
    aren't known are left alone. With PATH, the model that was loaded, it is held against the prediction; the
    exit code is 1 where they differ.

    PATH is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    from analyzer.device_log.line_catalogue import line_catalogue
    from analyzer.device_log.log_prediction import held_against
    from analyzer.report.device_log import log_text
    from analyzer.rules.registry import Packs
    from analyzer.sources import at_hand, find_one, load

    if file == STDIN == path:
        raise UsageError("log - -: stdin holds the log or the model, not both; name one of them by its file")
    if delegates and path is None:
        raise UsageError("log -d: says how a delegate was made, for a prediction; name the model as well")
    log = _read(file)
    if path is not None:
        packs = Packs(map(Path, rules))
        with at_hand(find_one(path)) as source:
            log = held_against(log, load(source), packs, specs(delegates), line_catalogue())
    deliver(wanted, partial(log_text.render, log), verbose=verbose)
    return FAILS if any(comparison.agrees is False for comparison in log.comparisons) else HOLDS


def _read(name: str) -> LogDocument:
    """What the log says. Raises: UsageError where it can't be read."""
    from analyzer.device_log.line_catalogue import line_catalogue
    from analyzer.device_log.log_reader import LogReader, text_lines

    reader = LogReader(line_catalogue())
    try:
        with nullcontext(sys.stdin.buffer) if name == STDIN else _buffered(name) as stream:
            for line in text_lines(stream):
                reader.read(line)
    except OSError as error:
        raise UsageError(f"{name}: can't be read ({error.strerror}); name the file of a log") from None
    return reader.document(readable(name))


def _buffered(name: str) -> IO[bytes]:
    return BufferedReader(cast(RawIOBase, opened(name)))

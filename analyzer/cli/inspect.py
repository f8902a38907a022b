"""`delegate-analyzer inspect`."""

from __future__ import annotations

import click
import msgspec

from analyzer.cli import HOLDS, Command, tell
from analyzer.cli.options import completion, declared
from analyzer.cli.options.screen import show, width
from analyzer.rules.registry import Packs
from analyzer.sources import at_hand, find_one, load


@click.command("inspect", cls=Command)
@click.argument("path", shell_complete=completion.files)
@declared.table_or_json
@declared.verbose("Every operator with its operands and options, and every tensor.")
def command(path: str, form: str, verbose: bool) -> int:
    """Say what a model is: operators, tensors, quantization, signatures, metadata, sizes, MACs.

    PATH is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    from analyzer.report.document.inspector import Inspector
    from analyzer.report.text import inspection_text

    with at_hand(find_one(path)) as source:
        inspection = Inspector(Packs()).inspect(load(source), everything=verbose)
    if form == "json":
        show(msgspec.json.encode(inspection) + b"\n")
    else:
        tell(inspection_text.render(inspection, width()))
    return HOLDS

"""`delegate-analyzer inspect`."""

from __future__ import annotations

import sys

import click
import msgspec

from analyzer import batch
from analyzer.cli import HOLDS
from analyzer.cli.options import completion
from analyzer.cli.options.screen import width
from analyzer.errors import UsageError
from analyzer.model import Model, read_bytes
from analyzer.rules.registry import Packs


@click.command("inspect")
@click.argument("path", shell_complete=completion.files)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.option(
    "-v", "--verbose", is_flag=True, help="Every operator with its operands and options, and every tensor."
)
def command(path: str, form: str, verbose: bool) -> int:
    """Say what a model is: operators, tensors, quantization, signatures, metadata, sizes, MACs.

    PATH is a .tflite file, sample: (a model that ships with the tool) or - (stdin).
    """
    from analyzer.report.document.inspector import Inspector
    from analyzer.report.text import inspection_text

    models = batch.find([path])
    if len(models) > 1:
        raise UsageError(f"{path}: a folder of {len(models)} models; name one of them")
    found = Inspector(Packs()).inspect(_read(models[0]), everything=verbose)
    if form == "json":
        click.echo(msgspec.json.encode(found))
    else:
        click.echo(inspection_text.render(found, width()))
    return HOLDS


def _read(found: batch.ModelSource) -> Model:
    if found.file is None:
        return read_bytes(sys.stdin.buffer.read(), found.name)
    return batch.load(found)

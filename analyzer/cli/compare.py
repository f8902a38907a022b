"""`delegate-analyzer compare`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from analyzer import fleet
from analyzer.cli import FAILS, HOLDS, completing
from analyzer.cli.output import Target, show, targets, write
from analyzer.cli.screen import width
from analyzer.cli.shapes import read_shapes
from analyzer.cli.specs import specs
from analyzer.errors import UsageError
from analyzer.report import convert, document

if TYPE_CHECKING:
    from analyzer.report.comparison import Comparison

_FORMATS = ("table", "json", "markdown", "html")


@click.command("compare")
@click.argument("before", shell_complete=completing.files)
@click.argument("after", shell_complete=completing.files)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completing.delegates,
              help="Delegate as NAME or NAME:PARAM=VALUE:..., as for audit.")  # fmt: skip
@click.option("--rules", multiple=True, metavar="FILE",
              shell_complete=completing.files,
              help="Also use the rule pack in FILE; without -d it is what is asked.")  # fmt: skip
@click.option("--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first.")
@click.option(
    "--format",
    "stdout_format",
    default="table",
    metavar="FORMAT",
    shell_complete=completing.one_of(_FORMATS),
    help=f"For stdout: {', '.join(_FORMATS)}.",
)
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    metavar="[FORMAT=]FILE",
    shell_complete=completing.files,
    help="Write FILE instead of stdout.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["never", "worse"]),
    default="never",
    help="Exit code 1 where AFTER is worse.",
)
def command(
    before: str,
    after: str,
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    shapes: tuple[str, ...],
    stdout_format: str,
    files: tuple[str, ...],
    fail_on: str,
) -> int:
    """Compare two models: float against quantized, version against version; what got better, what worse.

    BEFORE and AFTER are .tflite files or sample:.
    """
    from analyzer.report.comparison import compare

    wanted = targets(stdout_format, files)
    for target in wanted:
        if target.format not in _FORMATS:
            raise UsageError(f"compare: there is no format {target.format}; use one of {', '.join(_FORMATS)}")
    # Shapes help to find operators again.
    task = fleet.Task(specs(delegates), rules, ("never",), read_shapes(shapes), everything=True)
    whole = convert.whole(_models(task, (before, after)), document.Policy())
    found = compare(whole)
    for target in wanted:
        _deliver(target, whole, found)
    return FAILS if fail_on == "worse" and found.worse else HOLDS


def _models(task: fleet.Task, paths: Sequence[str]) -> list[document.Model]:
    worker = fleet.Worker(task)
    found = fleet.find(paths)
    if len(found) != 2:
        raise UsageError("compare: takes two models, not folders; name two files")
    answers = [worker.answer(one) for one in found]
    for answer in answers:
        if answer.model.error is not None:
            raise UsageError(answer.model.error.message)
    return [answer.model for answer in answers]


def _deliver(target: Target, whole: document.Document, found: Comparison) -> None:
    content = _rendered(target, whole, found)
    if target.file is None:
        show(content)
    else:
        write(target.file, content)


def _rendered(target: Target, whole: document.Document, found: Comparison) -> bytes:
    from analyzer.report import comparison_text

    if target.format == "json":
        return comparison_text.json(found)
    if target.format == "markdown":
        return comparison_text.markdown(found).encode()
    if target.format == "html":
        from analyzer.report import html

        return html.page_of(whole, found)
    return comparison_text.table(found, width()).encode() + b"\n"

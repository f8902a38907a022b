"""`delegate-analyzer compare`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from analyzer.cli import FAILS, HOLDS
from analyzer.cli.options import completion
from analyzer.cli.options.output import Target, show, targets, write
from analyzer.cli.options.screen import width
from analyzer.cli.options.shapes import read_shapes
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report.document import audit_document, convert
from analyzer.sources import find

if TYPE_CHECKING:
    from analyzer.report.compare.model_diff import Comparison

_FORMATS = ("table", "json", "markdown", "html")


@click.command("compare")
@click.argument("before", shell_complete=completion.files)
@click.argument("after", shell_complete=completion.files)
@click.option("-d", "--delegate", "delegates", multiple=True, metavar="SPEC",
              shell_complete=completion.delegates,
              help="Delegate as NAME or NAME:PARAM=VALUE:..., as for audit.")  # fmt: skip
@click.option("--rules", multiple=True, metavar="FILE",
              shell_complete=completion.files,
              help="Also use the rule pack in FILE; without -d it is what is asked.")  # fmt: skip
@click.option("--shape", "shapes", multiple=True, metavar="INPUT=1,224,224,3", help="Resize an input first.")
@click.option(
    "--format",
    "stdout_format",
    default="table",
    metavar="FORMAT",
    shell_complete=completion.one_of(_FORMATS),
    help=f"For stdout: {', '.join(_FORMATS)}.",
)
@click.option(
    "-o",
    "--output",
    "files",
    multiple=True,
    metavar="[FORMAT=]FILE",
    shell_complete=completion.files,
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
    from analyzer.report.compare.model_diff import compare

    wanted = targets(stdout_format, files)
    for target in wanted:
        if target.format not in _FORMATS:
            raise UsageError(f"compare: there is no format {target.format}; use one of {', '.join(_FORMATS)}")
    # Shapes help to find operators again.
    task = Task(specs(delegates), rules, ("never",), read_shapes(shapes), everything=True)
    whole = convert.whole(_models(task, (before, after)), audit_document.Policy())
    found = compare(whole)
    for target in wanted:
        _deliver(target, whole, found)
    return FAILS if fail_on == "worse" and found.worse else HOLDS


def _models(task: Task, paths: Sequence[str]) -> list[audit_document.Model]:
    auditor = ModelAuditor(task)
    sources = find(paths)
    if len(sources) != 2:
        raise UsageError("compare: takes two models, not folders; name two files")
    models = [auditor.audit(source).model for source in sources]
    for model in models:
        if model.error is not None:
            raise UsageError(model.error.message)
    return models


def _deliver(target: Target, whole: audit_document.Document, found: Comparison) -> None:
    content = _rendered(target, whole, found)
    if target.file is None:
        show(content)
    else:
        write(target.file, content)


def _rendered(target: Target, whole: audit_document.Document, found: Comparison) -> bytes:
    from analyzer.report.compare import text

    if target.format == "json":
        return text.json(found)
    if target.format == "markdown":
        return text.markdown(found).encode()
    if target.format == "html":
        from analyzer.report.html import render

        return render.page_of(whole, found)
    return text.table(found, width()).encode() + b"\n"

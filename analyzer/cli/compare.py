"""`delegate-analyzer compare`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from analyzer.cli import FAILS, HOLDS, Command, say
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target
from analyzer.cli.options.shapes import read_shapes
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report.document import audit_document, convert
from analyzer.report.view import View
from analyzer.sources import find

if TYPE_CHECKING:
    from analyzer.report.compare.model_diff import Comparison

_FORMATS = ("table", "json", "markdown", "html", "model-explorer", "model-explorer-before")


@click.command("compare", cls=Command)
@click.argument("before", shell_complete=completion.files)
@click.argument("after", shell_complete=completion.files)
@declared.delegates("Delegate as NAME or NAME:PARAM=VALUE:..., as for audit.")
@declared.asked_rules
@declared.shapes
@declared.outputs(_FORMATS)
@declared.failing(
    ["worse", "regression"],
    "Exit code 1 where AFTER is worse; regression: also where a hazard is new, or the file grew.",
)
@click.option(
    "--growth",
    type=click.FloatRange(0),
    callback=declared.not_nan,
    default=10.0,
    show_default=True,
    metavar="PERCENT",
    help="So much a file may grow before it is a regression.",
)
def command(
    before: str,
    after: str,
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    shapes: tuple[str, ...],
    wanted: list[Target],
    fail_on: str,
    growth: float,
) -> int:
    """Compare two models: float against quantized, version against version; what got better, what worse.

    Each is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    from analyzer.report.compare.model_diff import compare
    from analyzer.report.compare.regressions import regressions, unlike

    # Shapes help to find operators again.
    task = Task(specs(delegates), rules, ("never",), read_shapes(shapes), everything=True)
    whole = convert.whole(_models(task, (before, after)), audit_document.Policy())
    comparison = compare(whole)
    deliver(wanted, partial(rendered, whole, comparison))
    if unlike(comparison):
        say(f"{before} and {after} have no operator in common: to compare them says little")
    if fail_on == "regression":
        lines = regressions(comparison, growth)
        for line in lines:
            say(f"regression: {line}")
        return FAILS if lines else HOLDS
    return FAILS if fail_on == "worse" and comparison.worse else HOLDS


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


def rendered(whole: audit_document.Document, comparison: Comparison, format: str, view: View) -> bytes:
    """The comparison of a document's two models in one of the formats."""
    from analyzer.report.compare import text

    if format == "json":
        return text.json(comparison)
    if format == "markdown":
        return text.markdown(comparison).encode()
    if format == "html":
        from analyzer.report.html import render

        return render.page_of(whole, comparison)
    if format.startswith("model-explorer"):
        from analyzer.report.compare import graph_difference

        return graph_difference.render(comparison, format)
    return text.table(comparison, view.width).encode() + b"\n"

"""`delegate-analyzer fix`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from analyzer.cli import HOLDS, Command
from analyzer.cli.compare import rendered
from analyzer.cli.options import completion, declared
from analyzer.cli.options.delivery import deliver
from analyzer.cli.options.output import Target, targets
from analyzer.cli.options.output_file import write_together
from analyzer.cli.options.specs import specs
from analyzer.errors import UsageError
from analyzer.model_auditor import Task
from analyzer.report.view import View
from analyzer.rules.registry import Packs
from analyzer.sources import ENDING, ModelSource, find_one, load, on_disk

if TYPE_CHECKING:
    from analyzer.report.compare.model_diff import Comparison
    from analyzer.report.document.audit_document import Document
    from analyzer.report.fix.fix_document import FixResult
    from analyzer.rewriting.fix import Fix

#: Formats that the comparison of both models is written in.
_COMPARISONS = ("table", "json", "markdown", "html")


class FixOptions(Struct, frozen=True):
    """What may be done to a model, and what running it may take."""

    split_tail: bool
    batch: int | None
    dry_run: bool
    no_run: bool
    timeout: float
    memory: int


class _Fixed(Struct, frozen=True):
    """The result, and both models audited and compared."""

    fix: Fix
    document: Document
    comparison: Comparison


@click.command("fix", cls=Command)
@click.argument("path", shell_complete=completion.files)
@declared.output("FILE.tflite: the result. FILE.html, .json, .md: both models compared.", multiple=True)
@declared.delegates("Delegate to please, as NAME or NAME:PARAM=VALUE:..., as for audit.")
@declared.asked_rules
@click.option(
    "--split-tail",
    is_flag=True,
    help="Cut what delegates leave at the end (ARG_MAX, decoders, NMS) into OUT-tail.tflite.",
)
@click.option(
    "--batch", type=declared.POSITIVE, metavar="N", help="Fix a free batch, with all that hangs on it."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be rewritten and what it would bring.")
@click.option("--no-run", is_flag=True, help="Don't run the model before and after.")
@declared.timeout("Seconds for each run.")
@declared.memory("run")
@declared.table_or_json
@declared.quiet
@declared.gathered("how", FixOptions)
def command(
    path: str,
    files: tuple[str, ...],
    delegates: tuple[str, ...],
    rules: tuple[str, ...],
    how: FixOptions,
    form: str,
    quiet: bool,
) -> int:
    """Rewrite a model so that delegates take it, and prove that it computes what it did.

    What helps a delegate that is asked for and hurts none is applied; the original stays as it is. The result
    and the original are run on the CPU, and a rewrite that changes the numbers is dropped.

    PATH is a .tflite file, archive!member, an address, sample: (a model that ships with the tool) or -
    (stdin).
    """
    from analyzer.report.fix.fix_document import fix_result
    from analyzer.rewriting.free_batch import is_free

    model_file, wanted = _outputs(files, how.dry_run)
    task = Task(specs(delegates), rules)
    with on_disk(find_one(path)) as source:
        _refuse_in_place(source, model_file, how.split_tail)
        made = _fixed(source, model_file, task, how)
    tail_file = None
    if model_file is not None:
        written = {model_file: made.fix.data}
        if made.fix.tail is not None:
            tail_file = _tail_of(model_file)
            written[tail_file] = made.fix.tail
        write_together(written)
    deliver(wanted, partial(rendered, made.document, made.comparison))
    if not quiet:
        result = fix_result(made.fix, made.comparison.delegates, model_file, tail_file)
        free = how.batch is None and is_free(made.fix.plan.before.model)
        deliver([Target(form, None)], partial(_said, result, free))
    return HOLDS


def _outputs(files: Sequence[str], dry_run: bool) -> tuple[str | None, list[Target]]:
    """The file that the result goes to, and where the comparison goes. Raises: UsageError."""
    models = [file for file in files if _is_model(file)]
    others = [file for file in files if file not in models]
    if dry_run and models:
        raise UsageError(f"-o {models[0]}: --dry-run writes no model; leave one of them out")
    if len(models) != (not dry_run):
        raise UsageError(f"fix: takes one file for the result; write -o OUT{ENDING}, or --dry-run")
    for file in models:
        if not Path(file).parent.is_dir():
            raise UsageError(f"-o {file}: there is no folder {Path(file).parent}; make it first")
    return (models[0] if models else None), targets("table", others, _COMPARISONS) if others else []


def _is_model(file: str) -> bool:
    return file.lower().endswith(ENDING) and file.partition("=")[0] not in _COMPARISONS


def _fixed(source: ModelSource, model_file: str | None, task: Task, how: FixOptions) -> _Fixed:
    from analyzer.auditing.auditor import Auditor
    from analyzer.auditing.configurations import chosen, fallbacks
    from analyzer.execution.request import Limits
    from analyzer.interpreter import Interpreter
    from analyzer.model import read_bytes
    from analyzer.report.compare.model_diff import compare
    from analyzer.report.document import audit_document, convert
    from analyzer.rewriting.fix import fix

    packs = Packs(map(Path, task.rules))
    configurations = chosen(packs, task.delegates)
    model = load(source)
    fixed = fix(
        model,
        source.file or "",
        Auditor(packs, configurations),
        Interpreter(packs),
        Limits(how.timeout, how.memory),
        proven=not (how.dry_run or how.no_run),
        tail=how.split_tail,
        batch=how.batch,
    )
    auditor = Auditor(packs, configurations, fallbacks(packs, configurations))
    result = read_bytes(fixed.data, model_file or f"{source.name} (rewritten)")
    models = [convert.model(auditor.audit(each), catalogue=packs.catalogue) for each in (model, result)]
    whole = convert.whole(models, audit_document.Policy())
    return _Fixed(fixed, whole, compare(whole))


def _tail_of(model_file: str) -> str:
    return f"{model_file[: -len(ENDING)]}-tail{ENDING}"


def _refuse_in_place(source: ModelSource, model_file: str | None, split_tail: bool) -> None:
    """Raises: UsageError where the result, or its tail, would take the model's place."""
    if model_file is None or source.file is None:
        return
    for file in (model_file, *([_tail_of(model_file)] if split_tail else [])):
        if os.path.exists(file) and os.path.samefile(file, source.file):
            whose = "the model itself" if file == model_file else f"followed by {file}, the model itself"
            raise UsageError(f"-o {model_file}: is {whose}; name another file")


def _said(result: FixResult, free_batch: bool, format: str, view: View) -> bytes:
    from analyzer.report.fix import fix_document, fix_text

    if format == "json":
        return fix_document.render_json(result)
    return fix_text.table(result, view.width, free_batch).encode()

"""The smallest model on which a delegate differs from the CPU, ready for those who make the delegate."""

from __future__ import annotations

import io
import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from analyzer import __version__
from analyzer.cli import say
from analyzer.cli.options.output import Target
from analyzer.cli.options.output_file import write
from analyzer.errors import UsageError
from analyzer.report import MODEL
from analyzer.report.wording.hostile_text import escaped, plain
from analyzer.rules.parameters import as_written

if TYPE_CHECKING:
    from analyzer.execution.bisection.bisect import Culprit
    from analyzer.execution.bisection.parts import Reproducer
    from analyzer.execution.delegate_run import Run, Settings

#: The endings of what lies beside the model: its inputs, and a text.
_BESIDE = (".npz", ".md")


def wanted_model(wanted: Sequence[Target]) -> str | None:
    """The file that a reproducer goes to, where one is wanted. Raises: UsageError."""
    files = [target.file for target in wanted if target.format == MODEL]
    if len(files) > 1 or None in files:
        raise UsageError("-o takes one file for the smallest model that differs; write -o FILE.tflite")
    if not files:
        return None
    beside = {os.path.realpath(_beside(str(files[0]), ending)) for ending in _BESIDE}
    for target in wanted:
        if target.file is not None and os.path.realpath(target.file) in beside:
            what = f"is written with {files[0]}, its inputs and a text for an issue"
            raise UsageError(f"-o {target.file}: {what}; name another file")
    return files[0]


def save_reproducer(runs: Iterable[Run], file: str, settings: Settings) -> None:
    """Write the model, its inputs beside it as .npz, and a text as .md. Raises: UsageError."""
    for run in runs:
        for culprit in run.culprits:
            if (made := culprit.reproducer) is not None:
                write(file, made.model)
                inputs, text = (_beside(file, ending) for ending in _BESIDE)
                write(inputs, _inputs(made))
                write(text, _text(run, culprit, made, file, settings).encode())
                beside = f"{inputs}, {text}: its inputs, a text for an issue"
                say(f"{file}: differs by itself on {run.backend}; {beside}")
                return
    say(f"{file}: not written, since no part of the model differs by itself")


def _beside(file: str, ending: str) -> str:
    return str(Path(file).with_suffix(ending))


def _inputs(made: Reproducer) -> bytes:
    """An archive as numpy.savez writes it, which takes no name that is one of its arguments."""
    from numpy.lib.format import write_array

    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        for name, values in made.inputs.items():
            with archive.open(f"{name}.npy", "w") as entry:
                write_array(entry, values, allow_pickle=False)
    return content.getvalue()


def _text(run: Run, culprit: Culprit, made: Reproducer, file: str, settings: Settings) -> str:
    """What is wrong, with what, and how to see it."""
    name = Path(file).name
    operators = run.model.subgraphs[culprit.subgraph].operators
    kinds = ", ".join(plain(operators[n].custom or operators[n].name) for n in made.operators)
    runtime = run.result.measured.runtime if run.result.measured else None
    installed = f"{runtime.name} {runtime.version}" if runtime else "unknown"
    output = culprit.output
    figures = output.problem if output else ""
    written = [f"{key}={as_written(value)}" for key, value in run.parameters.items()]
    return f"""# {escaped(kinds)} on {escaped(run.backend)} differs from the CPU

- model: `{plain(name)}`, {len(made.operators)} operator(s): {escaped(kinds)}
- delegate: `{plain(run.backend)}`{f" ({escaped(', '.join(written))})" if written else ""}
- runtime: {escaped(installed)}
- found: {escaped(figures)}
- cut out of a larger model, where {escaped(culprit.message)}

To see it, with the inputs of `{plain(Path(file).stem)}.npz`:

    {plain(shlex.join(_command(run, name, written, settings)))}

Found by delegate-analyzer {__version__}.
"""


def _command(run: Run, name: str, written: Sequence[str], settings: Settings) -> Iterator[str]:
    """The command that shows it, beside the files."""
    yield from ("delegate-analyzer", "run", name)
    if settings.library is None or run.predicted is not None:
        yield from ("-d", ":".join([run.delegate, *written]))
    if settings.library is not None:
        yield from ("--delegate-lib", Path(settings.library).name)
    for key, value in settings.options.items():
        yield from ("--delegate-option", f"{key}={value}")
    yield from ("--input", f"{Path(name).stem}.npz")

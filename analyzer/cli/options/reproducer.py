"""The smallest model on which a delegate differs from the CPU, ready for those who make the delegate."""

from __future__ import annotations

import io
from collections.abc import Iterable
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

if TYPE_CHECKING:
    from analyzer.execution.bisection.bisect import Culprit
    from analyzer.execution.bisection.parts import Reproducer
    from analyzer.execution.delegate_run import Run


def wanted_model(wanted: Iterable[Target]) -> str | None:
    """The file that a reproducer goes to, where one is wanted. Raises: UsageError."""
    files = [target.file for target in wanted if target.format == MODEL]
    if len(files) > 1 or None in files:
        raise UsageError("-o takes one file for the smallest model that differs; write -o FILE.tflite")
    return files[0] if files else None


def save_reproducer(runs: Iterable[Run], file: str) -> None:
    """Write the model, its inputs beside it as .npz, and a text as .md. Raises: UsageError."""
    for run in runs:
        for culprit in run.culprits:
            if (made := culprit.reproducer) is not None:
                write(file, made.model)
                write(_beside(file, ".npz"), _inputs(made))
                write(_beside(file, ".md"), _text(run, culprit, made, file).encode())
                beside = ", ".join(_beside(file, ending) for ending in (".npz", ".md"))
                say(f"{file}: differs by itself on {run.backend}; {beside}: its inputs, a text for an issue")
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


def _text(run: Run, culprit: Culprit, made: Reproducer, file: str) -> str:
    """What is wrong, with what, and how to see it."""
    name = Path(file).name
    operators = run.model.subgraphs[culprit.subgraph].operators
    kinds = ", ".join(plain(operators[n].custom or operators[n].name) for n in made.operators)
    runtime = run.result.measured.runtime if run.result.measured else None
    installed = f"{runtime.name} {runtime.version}" if runtime else "unknown"
    output = culprit.output
    figures = output.problem if output else ""
    return f"""# {escaped(kinds)} on {escaped(run.backend)} differs from the CPU

- model: `{plain(name)}`, {len(made.operators)} operator(s): {escaped(kinds)}
- delegate: `{plain(run.backend)}`{_parameters(run)}
- runtime: {escaped(installed)}
- found: {escaped(figures)}
- cut out of a larger model, where {escaped(culprit.message)}

To see it, with the inputs of `{plain(Path(file).stem)}.npz`:

    delegate-analyzer run {plain(name)} -d {plain(run.delegate)} --input {plain(Path(file).stem)}.npz

Found by delegate-analyzer {__version__}.
"""


def _parameters(run: Run) -> str:
    written = ", ".join(f"{key}={value}" for key, value in run.parameters.items())
    return f" ({escaped(written)})" if written else ""

"""Runs a model as the command line does, and says in a few words how that ended."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from analyzer.report.document.audit_document import Document
from analyzer.report.document.run_results import Run

#: Past the program's own limits for the CPU, the delegate and what is run again to compare them.
_SECONDS = 1800


def sweep(models: Iterable[Path], delegate: str, options: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Print a line for each run of each model, in the end how many ended how; yields both of each run."""
    endings: Counter[str] = Counter()
    for model in models:
        for ended, reasons in _runs(model, delegate, options):
            print(f"{delegate}\t{ended}\t{model}\t{reasons}", flush=True)
            endings[ended] += 1
            yield model, ended
    print(
        f"{delegate}: {', '.join(f'{number} {ended}' for ended, number in endings.most_common())}", flush=True
    )


def _runs(model: Path, delegate: str, options: Sequence[str]) -> Iterator[tuple[str, str]]:
    command = [
        sys.executable,
        "-m",
        "analyzer",
        "run",
        str(model),
        "-d",
        delegate,
        "--format",
        "json",
        *options,
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        yield "NO VERDICT", "no end"
        return
    if not done.stdout:
        yield "NO VERDICT", done.stderr.decode().strip()
        return
    for run in msgspec.json.decode(done.stdout, type=Document).models[0].runs:
        yield ended(run), "; ".join(run.reasons)


def ended(run: Run) -> str:
    """One way out of few; what the delegate took is looked at before what it computed."""
    if run.agrees:
        return "agrees"
    if run.status != "ok":
        return f"{run.status}, {_expected(run)}"
    if not run.predicted_equal:
        return "DELEGATED OTHERWISE"
    return "outputs differ" if any(not one.within for one in run.outputs) else "not compared"


def _expected(run: Run) -> str:
    if run.predicted_equal:
        return "as predicted" if run.delegated is None else "delegated as predicted"
    alike = run.reference is not None and run.reference.status == run.status
    return "as the CPU's own run" if alike else "NOT PREDICTED"

"""CPU time from file to JSON over many models, against LiteRT's object API just reading them.

usage: python -m tests.benchmarks.warm [--rounds N]

Real models are those of the folders that DELEGATE_ANALYZER_MODELS names; they are the ones to quote.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from pathlib import Path

from analyzer.conformance.verdicts import unpack
from analyzer.errors import ModelError
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.sources import ModelSource, load
from tests.benchmarks.measuring import USUAL, Row
from tests.conformance.cases import DATA

#: Delegates -> the ratio to reach on real models.
GOALS = {"gpu": "0.40", "hexagon": "0.45", "coreml": "0.45", USUAL: "0.90"}
_GENERATED_GOAL = "0.65"
#: The object API takes minutes for weights, which it copies; no model of a phone's is larger.
_LARGEST = 64 << 20
#: Models that are timed together.
_FEW = 50


def ours(files: list[Path], auditor: ModelAuditor) -> float:
    start = time.process_time()
    for file in files:
        result = auditor.audit(ModelSource(file.name, str(file)))
        render(convert.whole([result.model], audit_document.Policy()), "json")
    return time.process_time() - start


def theirs(files: list[Path]) -> float:
    from ai_edge_litert import schema_py_generated as generated

    start = time.process_time()
    for file in files:
        generated.ModelT.InitFromObj(generated.Model.GetRootAsModel(file.read_bytes(), 0))
    return time.process_time() - start


def real_models() -> list[Path]:
    """The sound models of the folders that the environment names."""
    folders = filter(None, os.environ.get("DELEGATE_ANALYZER_MODELS", "").split(os.pathsep))
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.tflite"))
    return [file for file in files if file.stat().st_size <= _LARGEST and _sound(file)]


def _sound(file: Path) -> bool:
    try:
        return bool(load(ModelSource(file.name, str(file))).identifier)
    except ModelError:
        return False


def ratio(files: list[Path], delegates: str, rounds: int) -> tuple[float, float, float]:
    """Milliseconds a model, ours and theirs, and how many times theirs ours are.

    Both take a few models in turn, and of each few the least of all rounds counts: machines that others use
    too change their speed within a second.
    """
    auditor = ModelAuditor(Task(tuple(delegates.split(","))))
    parts = [files[at : at + _FEW] for at in range(0, len(files), _FEW)]
    ours(files, auditor), theirs(parts[0])
    timed = [[(ours(few, auditor), theirs(few)) for few in parts] for _ in range(rounds)]
    audited, read = (
        sum(min(pair[side] for pair in pairs) for pairs in zip(*timed, strict=True)) for side in (0, 1)
    )
    scale = 1000 / len(files)
    return scale * audited, scale * read, audited / read


def rows(rounds: int) -> list[Row]:
    """Every row on many models in one process."""
    gc.set_threshold(1_000_000, 20, 100)  # as the program has it
    measured = []
    if files := real_models():
        for delegates, goal in GOALS.items():
            measured.append(
                _row(f"warm, {len(files)} real models, {delegates}", files, delegates, rounds, goal)
            )
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(file) for file in unpack(DATA, Path(folder))]
        measured.append(
            _row(f"warm, {len(made)} generated models, gpu", made, "gpu", rounds, _GENERATED_GOAL)
        )
    return measured


def _row(what: str, files: list[Path], delegates: str, rounds: int, goal: str) -> Row:
    audited, read, share = ratio(files, delegates, rounds)
    return Row(what, f"{share:.2f} ({audited:.2f} / {read:.2f} ms)", goal)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--rounds", type=int, default=3)
    print(*rows(asked.parse_args().rounds), sep="\n")


if __name__ == "__main__":
    main()

"""CPU time from file to JSON over many small models, against LiteRT's object API just reading them.

usage: python -m tests.benchmarks.warm [DELEGATE] [ROUNDS]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from analyzer.conformance.verdicts import unpack
from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.sources import ModelSource
from tests.conformance.cases import DATA


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


def main(delegate: str, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(file) for file in unpack(DATA, Path(folder))]
        auditor = ModelAuditor(Task((delegate,)))
        ours(files, auditor), theirs(files[:50])
        pairs = [(ours(files, auditor), theirs(files)) for _ in range(rounds)]
    ratios = [a / b for a, b in pairs]
    print(
        json.dumps(
            {
                "delegate": delegate,
                "models": len(files),
                "audit_cpu_ms_a_model": round(1000 * statistics.median(a for a, _ in pairs) / len(files), 3),
                "object_api_cpu_ms_a_model": round(
                    1000 * statistics.median(b for _, b in pairs) / len(files), 3
                ),
                "ratio_median": round(statistics.median(ratios), 2),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "gpu", int(sys.argv[2]) if len(sys.argv) > 2 else 3)

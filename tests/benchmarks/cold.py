"""CPU time and memory of a cold audit, against importing the libraries that it stands on.

usage: python -m tests.benchmarks.cold MODEL [RUNS]
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys

IMPORTS = "import click, msgspec, tomllib, mmap, dataclasses, re, struct, pathlib, enum, json"
AUDIT = [
    sys.executable,
    "-m",
    "analyzer",
    "audit",
    "-d",
    "gpu,nnapi,hexagon,coreml",
    "--fail-on",
    "never",
    "--format",
    "json",
]


def cpu_and_memory(command: list[str]) -> tuple[float, int]:
    """CPU seconds and peak resident KiB of one process."""
    # Compiled code is kept, as an installed package has it.
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=surroundings)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main(model: str, runs: int) -> None:
    baseline = [sys.executable, "-c", IMPORTS]
    audit = [*AUDIT, model]
    cpu_and_memory(audit)  # fills the cache of checked packs
    pairs = [(cpu_and_memory(audit), cpu_and_memory(baseline)) for _ in range(runs)]
    ratios = [a[0] / b[0] for a, b in pairs]
    print(
        json.dumps(
            {
                "model": os.path.basename(model),
                "runs": runs,
                "audit_cpu_ms": round(1000 * statistics.median(a[0] for a, _ in pairs), 1),
                "imports_cpu_ms": round(1000 * statistics.median(b[0] for _, b in pairs), 1),
                "ratio_median": round(statistics.median(ratios), 2),
                "ratio_min": round(min(ratios), 2),
                "peak_memory_mb": round(max(a[1] for a, _ in pairs) / 1024, 1),
            }
        )
    )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1] if len(sys.argv) > 1 else "sample:", int(sys.argv[2]) if len(sys.argv) > 2 else 15)

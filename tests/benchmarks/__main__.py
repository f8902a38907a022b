"""The whole table of speed: `python -m tests.benchmarks [--short] [--installed PYTHON]`.

PYTHON is one in whose environment the wheel is installed. `--short` takes a minute, the whole some twenty.
Real models take part where DELEGATE_ANALYZER_MODELS names their folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import cold, growth, memory, warm
from tests.benchmarks.measuring import Row


def show(rows: Sequence[Row]) -> None:
    print(*rows, sep="\n", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--short", action="store_true")
    asked.add_argument("--installed", metavar="PYTHON")
    wanted = asked.parse_args()
    short = wanted.short
    print(f"least CPU of several runs; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    show([Row("what", "measured", "to reach")])
    with tempfile.TemporaryDirectory() as folder:
        show(cold.rows(5 if short else 15, wanted.installed, Path(folder)))
    # A process begins with the peak of what starts it: before this one has audited anything itself.
    show(memory.rows(200 if short else 2000, 0.2 if short else 2.0))
    show(warm.rows(1 if short else 3))
    for shape in growth.SHAPES:
        show([growth.row(shape, *((1000, 5000) if short else (10_000, 50_000)))])
    if not short:
        seconds = growth.seconds(growth.every_tensor_an_output(200_000), 1)
        show([Row("200000 operators, every tensor an output", f"{seconds:.1f} s", "15 s")])


if __name__ == "__main__":
    main()

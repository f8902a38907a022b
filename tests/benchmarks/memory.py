"""Peak memory of audits that could hold on to all they read: many models, one on standard input.

usage: python -m tests.benchmarks.memory [--models N] [--gigabytes N]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.cold import network
from tests.benchmarks.measuring import USUAL, Row, audit, cost
from tests.cli.test_large_models import behind

_MEGABYTE = 1e6


def rows(models: int, gigabytes: float) -> list[Row]:
    """Every row on memory."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_many(Path(folder), models), _input(Path(folder), gigabytes)]


def _many(folder: Path, models: int) -> list[Row]:
    """The peak at a tenth of the models and at all of them, which is the same where it doesn't grow."""
    content = network(6)
    measured = []
    for count in (models // 10, models):
        place = folder / str(count)
        place.mkdir()
        for number in range(count):
            (place / f"{number}.tflite").write_bytes(content)
        for jobs in ("1", "2"):
            command = audit(sys.executable, str(place), "-d", USUAL, "-j", jobs, "-q", "-o", f"{place}.jsonl")
            measured.append(cost(command).peak / _MEGABYTE)
    few, few_apart, all, all_apart = measured
    goal = "60 MB, flat"
    return [
        Row(f"{models // 10} and {models} models to jsonl, peak memory", f"{few:.0f} and {all:.0f} MB", goal),
        Row("the same with -j 2, largest process", f"{few_apart:.0f} and {all_apart:.0f} MB", goal),
    ]


def _input(folder: Path, gigabytes: float) -> Row:
    """A model on standard input with its weights behind the flatbuffer: a file of holes."""
    file = behind(folder / "large.tflite", int(gigabytes * 1e9 / 4000))
    peak = cost(audit(sys.executable, "-"), input=file).peak / _MEGABYTE
    return Row(
        f"audit - of {os.path.getsize(file) / 1e9:.1f} GB on standard input", f"{peak:.0f} MB", "100 MB"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--models", type=int, default=2000)
    asked.add_argument("--gigabytes", type=float, default=2.0)
    wanted = asked.parse_args()
    print(*rows(wanted.models, wanted.gigabytes), sep="\n")


if __name__ == "__main__":
    main()

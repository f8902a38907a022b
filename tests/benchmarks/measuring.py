"""Whole processes measured from outside, and rows of what came out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
#: What every audit stands on, whatever its own code does.
IMPORTS = "import click, msgspec, tomllib, mmap, dataclasses, re, struct, pathlib, enum, json"
USUAL = "gpu,nnapi,hexagon,coreml"
#: A folder that can't be written, so that nothing is kept.
NOWHERE = os.devnull


class Cost(Struct, frozen=True):
    """CPU seconds, user's and system's, and peak resident bytes of one process and those it waited for."""

    cpu: float
    peak: int


class Row(Struct, frozen=True):
    """One line of the table: what was measured, in words, and what is to be reached."""

    what: str
    measured: str
    goal: str = ""

    def __str__(self) -> str:
        return f"{self.what:58} {self.measured:26} {self.goal}".rstrip()


def cost(
    command: Sequence[str],
    surroundings: Mapping[str, str] = {},
    input: Path | None = None,
    folder: Path = ROOT,
    refused: bool = False,
) -> Cost:
    """What a command costs. Raises: SystemExit where it can't audit (exit code 2 or above).

    `refused`: whether the input may be bad (exit code 2), of which is said nothing here then.
    """
    # Compiled code is kept, as an installed package has it.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with open(input or os.devnull, "rb") as stdin:
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if refused else None,
            env={**kept, **surroundings},
            cwd=folder,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, *([2] if refused else [])):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale)


def least(costs: Sequence[Cost]) -> float:
    """The least CPU milliseconds: what else runs on a machine only adds to them."""
    return 1000 * min(one.cpu for one in costs)


def audit(python: str, *words: str) -> list[str]:
    """An audit by the package that this Python has, or that lies in the folder where it is run."""
    return [python, "-m", "analyzer", "audit", *words, "--fail-on", "never"]

"""`python -m tests`: every check of the project, in one command; `--fast` leaves out the slow tests.

usage: python -m tests [--fast] [--coverage] [--only lint,types,...] [PYTEST ARGUMENT]...
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-m"]
CHECKS = {
    "lint": [*PYTHON, "ruff", "check", "."],
    "format": [*PYTHON, "ruff", "format", "--check", "."],
    "types": [*PYTHON, "mypy"],
    "imports": [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
    "tests": [*PYTHON, "pytest", "-n", "auto"],
}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests", description="Run every check of the project.")
    parser.add_argument("--fast", action="store_true", help="leave out the slow tests")
    parser.add_argument("--coverage", action="store_true", help="hold coverage to its threshold")
    parser.add_argument(
        "--only", metavar="NAMES", default=",".join(CHECKS), help=f"some of {', '.join(CHECKS)}"
    )
    chosen, more = parser.parse_known_args(arguments)
    names = chosen.only.split(",")
    if unknown := [name for name in names if name not in CHECKS]:
        parser.error(f"there is no check {', '.join(unknown)}")
    tests = [
        *(["-m", "not slow"] if chosen.fast else []),
        *(["--cov", "--cov-report=term"] if chosen.coverage else []),
        *more,
    ]
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        if subprocess.run([*CHECKS[name], *(tests if name == "tests" else [])], cwd=ROOT).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all checks hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

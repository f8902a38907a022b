"""What the README quotes from the program, written anew by `python -m tests.readme`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"

#: Name of a quoted block -> the command that prints it.
QUOTES = {
    "audit": ["audit", "sample:", "-d", "gpu,nnapi", "--fail-on", "never"],
    "packs": ["rules", "list"],
    "agreement": ["rules", "verify", "--about"],
}
#: How many checks the generated cases don't put to the test.
COUNT = r"([\d,]+) checks that no generated model"
_BLOCK = r"(<!-- quote: {name} -->\n```text\n)(.*?)(```\n)"


def printed(arguments: list[str]) -> str:
    """What the program prints on a terminal of 80 columns."""
    surroundings = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "analyzer", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=True)
    return done.stdout.strip("\n") + "\n"


def quoted(text: str, name: str) -> str | None:
    """The block of the README called `name`."""
    found = re.search(_BLOCK.format(name=name), text, re.DOTALL)
    return found[2] if found else None


def unexercised() -> str:
    """How many checks are listed as such."""
    listed = README.parent / "tests" / "conformance" / "unexercised.txt"
    return f"{len(listed.read_text(encoding='utf-8').splitlines()):,}"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    for name, arguments in QUOTES.items():
        shown = printed(arguments)
        found = re.search(_BLOCK.format(name=name), text, re.DOTALL)
        if found is not None:
            text = text[: found.start(2)] + shown + text[found.end(2) :]
    text = re.sub(COUNT, lambda found: found[0].replace(found[1], unexercised()), text)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""What the README quotes from the program, written anew by `python -m tests.docs.quoted`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

README = Path(__file__).parents[2] / "README.md"

#: Name of a quoted block -> the command that prints it.
QUOTES = {
    "audit": ["audit", "sample:", "-d", "gpu,nnapi", "--fail-on", "never"],
    "packs": ["rules", "list"],
    "agreement": ["rules", "verify", "--about"],
}
#: How many checks the generated cases don't put to the test.
COUNT = r"([\d,]+) checks that no generated model"
#: What a command in a sentence leaves to the reader: `explain RULE`.
_OPEN = re.compile(r"\b[A-Z]{4,}\b")
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


def commands(text: str, program: str) -> list[str]:
    """The command lines of a program, each once, without what is remarked on them."""
    lines = [line.strip() for code in _shell(text) for line in code.replace("\\\n", " ").splitlines()]
    found = (re.split(r"\s+#\s", line)[0] for line in lines if line.startswith(f"{program} "))
    return list(dict.fromkeys(found))


def _shell(text: str) -> Iterator[str]:
    """Blocks of shell lines, and commands in sentences unless they leave a word to the reader."""
    for token in MarkdownIt().parse(text):
        if token.type == "code_block" or (token.type == "fence" and token.info == "sh"):
            yield token.content
        spans = [child.content for child in token.children or () if child.type == "code_inline"]
        yield from (span for span in spans if not _OPEN.search(span))


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

"""What the README and docs/ quote from the program, written anew by `python -m tests.docs.quoted`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from markdown_it import MarkdownIt

from tests.docs import command_page

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
#: Pages whose quotes, links and examples are held to the program.
PAGES = (
    README,
    *sorted(DOCS.glob("*.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "rules/README.md")),
)

#: Name of a quoted block -> the command that prints it.
QUOTES = {
    "short": ["audit", "sample:", "-d", "nnapi", "--fail-on", "never"],
    "audit": ["audit", "sample:", "-d", "gpu,nnapi", "--fail-on", "never"],
    "recommend": ["recommend", "sample:", "--for", "android"],
    "packs": ["rules", "list"],
    "agreement": ["rules", "verify", "--about"],
}
#: How many checks the generated cases don't put to the test.
COUNT = r"([\d,]+) checks that no generated model"
#: The figures of docs/accuracy.md in one sentence.
FIGURES = r"Of [\d,]+ outcomes that were seen[^.]*(?:\.\d[^.]*)*\."
#: What a command in a sentence leaves to the reader: `explain RULE`.
_OPEN = re.compile(r"\b[A-Z]{3,}\b")
_BLOCK = r"(<!-- quote: {name} -->\n```text\n)(.*?)(```\n)"
#: A step of a workflow.
_STEP = re.compile(r"^- run: ", re.MULTILINE)


def text_of(name: str) -> str:
    """A page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def printed(arguments: list[str]) -> str:
    """What the program prints on a terminal of 80 columns."""
    surroundings = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "analyzer", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=True)
    return done.stdout.strip("\n") + "\n"


def quotes(name: str) -> list[str]:
    """The blocks called `name`, on whatever page they stand."""
    block = _BLOCK.format(name=name)
    pages = (page.read_text(encoding="utf-8") for page in PAGES)
    return [match[2] for text in pages for match in re.finditer(block, text, re.DOTALL)]


def unexercised() -> str:
    """How many checks are listed as such."""
    listed = ROOT / "tests" / "conformance" / "unexercised.txt"
    return f"{len(listed.read_text(encoding='utf-8').splitlines()):,}"


def accuracy() -> str:
    """The sentence with the figures, from the page that has them all."""
    [sentence] = re.findall(FIGURES, (DOCS / "accuracy.md").read_text(encoding="utf-8"))
    return str(sentence)


def commands(text: str, program: str) -> list[str]:
    """The command lines of a program, each once, without what is remarked on them."""
    lines = [line.strip() for code in _shell(text) for line in code.replace("\\\n", " ").splitlines()]
    typed = (re.split(r"\s+#\s", line)[0] for line in lines if line.startswith(f"{program} "))
    return list(dict.fromkeys(typed))


def _shell(text: str) -> Iterator[str]:
    """Shell blocks, steps of workflows, and commands in sentences that leave no word to the reader."""
    for token in MarkdownIt().parse(text):
        if token.type == "code_block" or (token.type == "fence" and token.info == "sh"):
            yield token.content
        elif token.type == "fence" and token.info == "yaml":
            yield _STEP.sub("", token.content)
        spans = [child.content for child in token.children or () if child.type == "code_inline"]
        yield from (span for span in spans if not _OPEN.search(span))


def main() -> None:
    shown = {name: printed(arguments) for name, arguments in QUOTES.items()}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name, output in shown.items():
            block = re.search(_BLOCK.format(name=name), text, re.DOTALL)
            if block is not None:
                text = text[: block.start(2)] + output + text[block.end(2) :]
        text = re.sub(FIGURES, fill(accuracy(), 120), text) if page == README else text
        text = re.sub(COUNT, lambda match: match[0].replace(match[1], unexercised()), text)
        page.write_text(text, encoding="utf-8")
    command_page.FILE.write_text(command_page.page(), encoding="utf-8")


if __name__ == "__main__":
    main()

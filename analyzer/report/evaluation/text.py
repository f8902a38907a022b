"""An evaluation as text: for a terminal, and in Markdown for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.evaluation.evaluator import Evaluation
from analyzer.report.evaluation.tables import BREAK, WORDS, content
from analyzer.report.view import View
from analyzer.report.wording.hostile_text import columns, escaped, fill, shorten
from analyzer.report.wording.run_sentences import Table

_LEAST = 16


def table(evaluation: Evaluation, view: View) -> str:
    """Tables for a terminal."""
    said = content(evaluation, view.verbose)
    blocks = [fill(said.header, view.width), _aligned(said.measured, view.width)]
    if said.remarks:
        blocks.append("\n".join(fill(line, view.width, subsequent_indent="  ") for line in said.remarks))
    blocks += [f"{compared.title}\n{_aligned(compared, view.width)}" for compared in said.compared]
    blocks += [fill(said.legend, view.width)] if said.legend else []
    return "\n\n".join(blocks)


def markdown(evaluation: Evaluation) -> str:
    """The same tables in Markdown, every class included."""
    said = content(evaluation)
    blocks = [escaped(said.header), _piped(said.measured)]
    if said.remarks:
        blocks.append("\n".join(f"- {escaped(line)}" for line in said.remarks))
    for compared in said.compared:
        blocks += [f"{escaped(compared.title)}:", _piped(compared)]
    blocks += [escaped(said.legend)] if said.legend else []
    return "\n\n".join(blocks)


def _aligned(table: Table, width: int) -> str:
    """A table; what has no room loses the start of its first column, and wraps in a last one of words."""
    rows = [table.names, *table.rows]
    taken = [max(len(row[at]) for row in rows) + 2 for at in range(len(rows[0]))]
    wraps = table.names[-1] in WORDS
    room = taken[0] if wraps else max(_LEAST, width - sum(taken[1:]))
    shown = [[shorten(row[0], room), *row[1:-1], row[-1].replace(BREAK, "\n")] for row in rows]
    widths: list[int | None] = [None] * len(taken)
    widths[-1] = max(_LEAST, width - sum(taken[:-1])) if wraps else None
    sides = _sides(table, "left", "right")
    return columns(shown, sides, widths)


def _piped(table: Table) -> str:
    rows = [table.names, *table.rows]
    lines = [f"| {' | '.join(map(escaped, row))} |" for row in rows]
    return "\n".join([lines[0], f"|{'|'.join(_sides(table, '---', '--:'))}|", *lines[1:]])


def _sides(table: Table, left: str, right: str) -> Sequence[str]:
    return [left if name in WORDS else right for name in table.names]

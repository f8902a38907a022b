"""Coverage, operators x delegates, as table, Markdown or HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.rules.rule_sentences import Condition, condition, conditions
from analyzer.report.view import View
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import escaped, fill, plain, shorten
from analyzer.rules.coverage import CONDITIONAL, REFUSED, TAKEN, Cell, Coverage
from analyzer.rules.rulebook import Rule

FORMATS = ("table", "markdown", "html")
SYMBOLS = {TAKEN: "●", CONDITIONAL: "◐", REFUSED: "·"}
LEGEND = "● always   ◐ under conditions   · never"
_NOTE = "besides what every operator is asked"


def render(coverage: Coverage, format: str, view: View) -> bytes:
    """The coverage in one of `FORMATS`."""
    if format == "html":
        return _page(coverage)
    text = _markdown(coverage) if format == "markdown" else _table(coverage, view)
    return (text + "\n").encode()


def _table(coverage: Coverage, view: View) -> str:
    if view.verbose or len(coverage.rows) + len(coverage.refused) <= 3:
        return "\n\n".join(_pages(coverage, view.width))
    names = [column.name for column in coverage.columns]
    across = sum(map(len, names)) + 2 * len(names) + 24 <= view.width
    headers = names if across else [str(number) for number in range(1, len(names) + 1)]
    room = max(16, view.width - sum(len(header) + 2 for header in headers))
    width = min(room, max(map(len, [*coverage.rows, "operator"])))
    lines = [_line("operator", headers, headers, width)]
    for name, cells in coverage.rows.items():
        lines.append(_line(plain(name), [SYMBOLS[cell.status] for cell in cells], headers, width))
    numbered = [] if across else [f"{number}  {name}" for number, name in enumerate(names, 1)]
    return "\n".join([*numbered, *([""] if numbered else []), *lines, "", *_foot(coverage, view.width)])


def _line(name: str, cells: Sequence[str], headers: Sequence[str], width: int) -> str:
    padded = (cell.ljust(len(header)) for cell, header in zip(cells, headers, strict=True))
    return "  ".join([shorten(name, width).ljust(width), *padded]).rstrip()


def _foot(coverage: Coverage, width: int) -> Iterator[str]:
    yield fill(f"{LEGEND}   ({_NOTE})", width)
    if coverage.refused:
        yield fill(f"taken by none: {', '.join(map(plain, coverage.refused))}", width)
    yield fill("delegate-analyzer rules coverage OPERATOR, or -v, tells the conditions", width)


def _pages(coverage: Coverage, width: int) -> Iterator[str]:
    """Every operator with its conditions, delegate by delegate."""
    for name, cells in coverage.rows.items():
        yield "\n".join([plain(name), *_of_operator(coverage, cells, width)])
    if coverage.refused:
        yield fill(f"taken by none: {', '.join(map(plain, coverage.refused))}", width)
    everywhere = [
        line for column in coverage.columns for line in _everywhere(column.name, column.everywhere, width)
    ]
    yield "\n".join(["Every operator is also asked", *everywhere])


def _of_operator(coverage: Coverage, cells: Sequence[Cell], width: int) -> Iterator[str]:
    for column, cell in zip(coverage.columns, cells, strict=True):
        yield f"  {SYMBOLS[cell.status]} {column.name}: {cell.status}"
        told: set[str] = set()
        for asked in conditions(cell):
            yield _item(asked.whole, width, 6)
            yield from (_item(f"where {text}", width, 10) for text in asked.where if text not in told)
            told.update(asked.where)


def _everywhere(name: str, rules: Sequence[Rule], width: int) -> Iterator[str]:
    yield f"  {name}:" + ("" if rules else " nothing")
    yield from (_item(condition(rule).whole, width, 6) for rule in rules)


def _item(text: str, width: int, indent: int) -> str:
    return fill(
        plain(text),
        width,
        initial_indent=" " * (indent - 2) + "- ",
        subsequent_indent=" " * indent,
    )


def _markdown(coverage: Coverage) -> str:
    lines = [f"| operator | {' | '.join(escaped(column.name) for column in coverage.columns)} |"]
    lines.append(f"|---|{':-:|' * len(coverage.columns)}")
    for name, cells in coverage.rows.items():
        lines.append(f"| {escaped(name)} | {' | '.join(SYMBOLS[cell.status] for cell in cells)} |")
    lines += ["", f"{LEGEND} ({_NOTE})".replace("   ", ", ")]
    if coverage.refused:
        lines += ["", f"Taken by none: {', '.join(map(escaped, coverage.refused))}."]
    for name, cells in coverage.rows.items():
        lines += ["", f"### {escaped(name)}", ""]
        for column, cell in zip(coverage.columns, cells, strict=True):
            lines += [f"- **{escaped(column.name)}**: {cell.status}"]
            lines += [f"  - {escaped(asked.whole)}{_explained(asked)}" for asked in conditions(cell)]
    lines += ["", "### Every operator", ""]
    for column in coverage.columns:
        lines += [f"- **{escaped(column.name)}**" + ("" if column.everywhere else ": nothing")]
        lines += [f"  - {escaped(condition(rule).whole)}" for rule in column.everywhere]
    return "\n".join(lines)


def _explained(asked: Condition) -> str:
    return "".join(f"; where {escaped(text)}" for text in asked.where)


def _page(coverage: Coverage) -> bytes:
    from analyzer.report import page_template

    return page_template.render(
        "coverage.html.jinja",
        coverage=coverage,
        conditions=conditions,
        condition=condition,
        symbols=SYMBOLS,
        counted=figures.count(len(coverage.rows), "operator"),
    )

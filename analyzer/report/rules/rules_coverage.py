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


def render(found: Coverage, format: str, view: View) -> bytes:
    """The coverage in one of `FORMATS`."""
    if format == "html":
        return _page(found)
    text = _markdown(found) if format == "markdown" else _table(found, view)
    return (text + "\n").encode()


def _table(found: Coverage, view: View) -> str:
    if view.verbose or len(found.rows) + len(found.refused) <= 3:
        return "\n\n".join(_pages(found, view.width))
    names = [column.name for column in found.columns]
    across = sum(map(len, names)) + 2 * len(names) + 24 <= view.width
    headers = names if across else [str(number) for number in range(1, len(names) + 1)]
    room = max(16, view.width - sum(len(header) + 2 for header in headers))
    width = min(room, max(map(len, [*found.rows, "operator"])))
    lines = [_line("operator", headers, headers, width)]
    for name, cells in found.rows.items():
        lines.append(_line(plain(name), [SYMBOLS[cell.status] for cell in cells], headers, width))
    numbered = [] if across else [f"{number}  {name}" for number, name in enumerate(names, 1)]
    return "\n".join([*numbered, *([""] if numbered else []), *lines, "", *_foot(found, view.width)])


def _line(name: str, cells: Sequence[str], headers: Sequence[str], width: int) -> str:
    padded = (cell.ljust(len(header)) for cell, header in zip(cells, headers, strict=True))
    return "  ".join([shorten(name, width).ljust(width), *padded]).rstrip()


def _foot(found: Coverage, width: int) -> Iterator[str]:
    yield fill(f"{LEGEND}   ({_NOTE})", width)
    if found.refused:
        yield fill(f"taken by none: {', '.join(map(plain, found.refused))}", width, break_on_hyphens=False)
    yield fill("delegate-analyzer rules coverage OPERATOR, or -v, tells the conditions", width)


def _pages(found: Coverage, width: int) -> Iterator[str]:
    """Every operator with its conditions, delegate by delegate."""
    for name, cells in found.rows.items():
        yield "\n".join([plain(name), *_of_operator(found, cells, width)])
    if found.refused:
        yield fill(f"taken by none: {', '.join(map(plain, found.refused))}", width, break_on_hyphens=False)
    everywhere = [
        line for column in found.columns for line in _everywhere(column.name, column.everywhere, width)
    ]
    yield "\n".join(["Every operator is also asked", *everywhere])


def _of_operator(found: Coverage, cells: Sequence[Cell], width: int) -> Iterator[str]:
    for column, cell in zip(found.columns, cells, strict=True):
        yield f"  {SYMBOLS[cell.status]} {column.name}: {cell.status}"
        told: set[str] = set()
        for one in conditions(cell):
            yield _item(one.whole, width, 6)
            yield from (_item(f"where {text}", width, 10) for text in one.where if text not in told)
            told.update(one.where)


def _everywhere(name: str, rules: Sequence[Rule], width: int) -> Iterator[str]:
    yield f"  {name}:" + ("" if rules else " nothing")
    yield from (_item(condition(rule).whole, width, 6) for rule in rules)


def _item(text: str, width: int, indent: int) -> str:
    return fill(
        plain(text),
        width,
        initial_indent=" " * (indent - 2) + "- ",
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _markdown(found: Coverage) -> str:
    lines = [f"| operator | {' | '.join(escaped(column.name) for column in found.columns)} |"]
    lines.append(f"|---|{':-:|' * len(found.columns)}")
    for name, cells in found.rows.items():
        lines.append(f"| {escaped(name)} | {' | '.join(SYMBOLS[cell.status] for cell in cells)} |")
    lines += ["", f"{LEGEND} ({_NOTE})".replace("   ", ", ")]
    if found.refused:
        lines += ["", f"Taken by none: {', '.join(map(escaped, found.refused))}."]
    for name, cells in found.rows.items():
        lines += ["", f"### {escaped(name)}", ""]
        for column, cell in zip(found.columns, cells, strict=True):
            lines += [f"- **{escaped(column.name)}**: {cell.status}"]
            lines += [f"  - {escaped(one.whole)}{_explained(one)}" for one in conditions(cell)]
    lines += ["", "### Every operator", ""]
    for column in found.columns:
        lines += [f"- **{escaped(column.name)}**" + ("" if column.everywhere else ": nothing")]
        lines += [f"  - {escaped(condition(rule).whole)}" for rule in column.everywhere]
    return "\n".join(lines)


def _explained(one: Condition) -> str:
    return "".join(f"; where {escaped(text)}" for text in one.where)


def _page(found: Coverage) -> bytes:
    from analyzer.report import page_template

    return page_template.render(
        "coverage.html.jinja",
        ("coverage.js",),
        found=found,
        conditions=conditions,
        condition=condition,
        symbols=SYMBOLS,
        counted=figures.count(len(found.rows), "operator"),
    )

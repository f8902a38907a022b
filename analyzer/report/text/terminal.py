"""`table`: the verdicts first, then what blocks, for a terminal of any width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.view import FLEET, View
from analyzer.report.wording import causes, changes, figures, labels, phrases, recommended, run_sentences
from analyzer.report.wording.causes import Cause
from analyzer.report.wording.changes import Change, Heading
from analyzer.report.wording.hostile_text import after, columns, fill, plain, shorten
from analyzer.report.wording.layers import layers
from analyzer.rules.pack import BROKEN

#: The most that a delegate's name takes.
_NAME = 24
_STYLE = re.compile(r"\x1b\[[\d;]*m")
_STYLES = {"full": "32", "partial": "33", "none": "31", "bold": "1", "dim": "2"}
_STYLES |= dict.fromkeys(BROKEN, "1;31")


def render(document: Document, view: View) -> bytes:
    """The document as text."""
    compact = len(document.models) >= FLEET and not view.verbose
    blocks = (
        [_fleet(document, view)]
        if compact
        else [_model(model, names, view) for model, names in labels.named(document)]
    )
    blocks.append(_policy(document, view))
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def _model(model: Model, names: Sequence[str], view: View) -> str:
    if model.error is not None:
        return fill(f"not audited: {plain(model.error.message)}", view.width, subsequent_indent="  ")
    model_causes = causes.causes(model)
    told = changes.headings(model, model_causes)
    parts = [_header(model, view)]
    parts.extend(_recommended(model, told, names, view))
    if model.audits:
        parts.extend(_verdicts(model, names, view))
        parts.extend([_paint(said, "dim", view)] if (said := phrases.deprecated(model, names)) else [])
    parts.extend(_run(block, view) for block in run_sentences.blocks(model))
    if model.audits and (view.verbose or not model.runs):
        parts.extend(_told(model, names, view))
        parts.extend(_reasons(model, told, model_causes, names, view))
    if view.verbose and model.audits:
        parts.extend(_placement(model, names, view))
    return "\n\n".join(parts)


def _header(model: Model, view: View) -> str:
    facts = phrases.card(model)
    path = shorten(labels.model(model), view.width)
    return _paint(path, "bold", view) + after(path, facts, view.width)


def _recommended(model: Model, told: Sequence[Heading], names: Sequence[str], view: View) -> Iterator[str]:
    top = [*recommended.sentences(model.recommendation)]
    top += changes.to_change_first(told, model, names) if top else []
    lines = [
        _paint(about, "bold", view)
        + fill(f"{about}: {words}", view.width, subsequent_indent="  ")[len(about) :]
        for about, words in top
    ]
    pointer = recommended.pointer(model, view.width)
    lines += [_paint(pointer, "dim", view)] if pointer else []
    yield from ["\n".join(lines)] if lines else []


def _verdicts(model: Model, names: Sequence[str], view: View) -> Iterator[str]:
    """A table of the delegates that were asked for, and below it one of deprecated ones that weren't."""
    headers = ("delegate", "verdict", "operators", "MACs", "partitions", "what holds it back")
    rows = [_verdict(audit, name, view) for audit, name in zip(model.audits, names, strict=True)]
    last = max(16, view.width - _used(headers, rows) - 2)
    widths = (_NAME, None, None, None, None, last)
    for legacy, group in enumerate(phrases.groups(model)):
        heading = _paint(phrases.LEGACY, "dim", view) + "\n" if legacy else ""
        if group:
            table = [headers, *(rows[position] for position in group)]
            yield heading + verdict_table(table, _sides("llrrrl"), widths)


def _verdict(audit: Audit, name: str, view: View) -> list[str]:
    summary = audit.summary
    operators = f"{summary.delegated} of {summary.operators}"
    verdict = _paint(summary.verdict, summary.verdict, view)
    partitions = str(summary.partitions or "-")
    return [name, verdict, operators, phrases.macs_share(summary), partitions, phrases.held_back(audit)]


def _told(model: Model, names: Sequence[str], view: View) -> Iterator[str]:
    lines = [
        fill(f"{names[position]}: {text}", view.width, subsequent_indent="  ")
        for group in phrases.groups(model)[: 2 if view.verbose else 1]
        for position in group
        for text in phrases.told(model.audits[position])
    ]
    yield from ["\n".join(lines)] if lines else []


def _run(block: run_sentences.Block, view: View) -> str:
    """A real run: how it ended, its times and its outputs."""
    verdict = _paint(block.verdict, "full" if block.agrees else "none", view)
    title = f"{block.title}, run for real"
    gap = " " if len(f"{title}: {block.verdict}") <= view.width else "\n  "
    lines = [f"{_paint(title, 'bold', view)}:{gap}{verdict}"]
    lines += [fill(fact, view.width, initial_indent="  ", subsequent_indent="    ") for fact in block.facts]
    for table in block.tables:
        others = len(table.names) - 1
        cells = zip(table.names[1:], *(row[1:] for row in table.rows), strict=True)
        room = view.width - sum(max(map(len, column)) + 2 for column in cells)
        first = max(8, min(24, room))
        lines += ["", _table(table.names, table.rows, (first,) + (None,) * others, "l" + "r" * others)]
    return "\n".join(lines)


def _used(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The columns that all but the last take, with the gaps between them."""
    columns = zip(headers[:-1], *(row[:-1] for row in rows), strict=True)
    return sum(min(_NAME, max(_visible(cell) for cell in column)) + 2 for column in columns)


def verdict_table(rows: Sequence[Sequence[str]], sides: Sequence[str], widths: Sequence[int | None]) -> str:
    """Rows as `columns` gives them, without tabulate, slow to load, where a character is a place."""
    if not all(cell.isascii() and "\n" not in cell for row in rows for cell in row):
        return columns(rows, sides, widths)
    cells = [[_lines(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    room = [max(_visible(line) for lines in column for line in lines) for column in zip(*cells, strict=True)]
    set_rows = []
    for row in cells:
        for number in range(max(map(len, row))):
            parts = [lines[number] if number < len(lines) else "" for lines in row]
            set_rows.append("  ".join(map(_padded, parts, sides, room)).rstrip())
    return "\n".join(set_rows)


def _lines(cell: str, width: int | None) -> list[str]:
    """A cell's lines, broken where tabulate breaks them."""
    return [cell.strip()] if width is None else fill(cell.strip(), width, break_on_hyphens=True).split("\n")


def _padded(text: str, side: str, room: int) -> str:
    gap = " " * (room - _visible(text))
    return text + gap if side == "left" else gap + text


def _visible(text: str) -> int:
    return len(_STYLE.sub("", text))


def _table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int | None], align: str
) -> str:
    return columns([headers, *rows], _sides(align), list(widths))


def _sides(align: str) -> list[str]:
    return ["right" if side == "r" else "left" for side in align]


def _reasons(
    model: Model, told: Sequence[Heading], model_causes: Sequence[Cause], names: Sequence[str], view: View
) -> Iterator[str]:
    number = 1
    for heading in told:
        lines, number = _section(heading, model, names, view, number)
        yield "\n".join(lines)
    if view.verbose:
        for heading in changes.headings(model, model_causes, legacy=True):
            legacy = replace(heading, title=f"{phrases.LEGACY}: {heading.title}")
            lines, number = _section(legacy, model, names, view, number)
            yield "\n".join(lines)
        return
    every = (cause for heading in told for change in heading.changes for cause in change.causes)
    rules = [phrases.first_rule(cause) for cause in every if (cause.blocks or cause.broken) and cause.rules]
    if rules:
        command = f"delegate-analyzer explain {rules[0]}"
        room = len(f"{command}   for more") <= view.width
        yield _paint(f"{command}   for more" if room else command, "dim", view)


def _section(
    heading: Heading, model: Model, names: Sequence[str], view: View, number: int
) -> tuple[list[str], int]:
    """What is to be changed with what that mends, numbered on, and the next number."""
    every = heading.changes
    shown = every if view.verbose else changes.foremost(every)
    lines = [_paint(heading.title, "bold", view)]
    for change in shown:
        lines += _change(change, model, names, view)
        for cause in change.causes:
            lines.append(_cause(number, cause, model, names, view))
            number += 1
    left = sum(len(change.causes) for change in every) - sum(len(change.causes) for change in shown)
    return [*lines, *([f"and {left} more: -v"] if left else [])], number


def _change(change: Change, model: Model, names: Sequence[str], view: View) -> Iterator[str]:
    """A fix, whose job it is, and what it brings where."""
    if not change.fix:
        return
    fix = fill(f"* {plain(change.fix)}", view.width, subsequent_indent="  ")
    yield "\n".join(_paint(line, "bold", view) for line in fix.split("\n"))
    told = "; ".join(changes.facts(change, model, names))
    if told:
        hang = "  "
        yield fill(f"{hang}{told}", view.width, subsequent_indent=hang)


def _cause(number: int, cause: Cause, model: Model, names: Sequence[str], view: View) -> str:
    margin = "  " if cause.fix else ""
    indent = " " * (len(margin) + len(str(number)) + 2)
    who = ", ".join(names[position] for position in cause.audits)
    text = f"{margin}{number}  {who}  {phrases.headline(cause, model)}"
    lines = [fill(text, view.width, subsequent_indent=indent)]
    if not cause.fix and (told := layers(cause, model)):
        line, hang = f"{indent}layer  {told}", indent + " " * len("layer  ")
        lines.append(fill(line, view.width, subsequent_indent=hang))
    if cause.rules:
        lines[-1] += _tag(f"[{phrases.rule(cause)}]", lines[-1], indent, view)
    return "\n".join(lines)


def _tag(rule: str, before: str, indent: str, view: View) -> str:
    """The rule at the right end of the last line, or on a line of its own where it has no room."""
    room = view.width - len(before.rsplit("\n", 1)[-1]) - len(rule)
    return (" " * room if room >= 2 else "\n" + indent) + _paint(rule, "dim", view)


def _placement(model: Model, names: Sequence[str], view: View) -> Iterator[str]:
    """Every operator and where it is placed, as many delegates side by side as fit."""
    width = view.width - 42
    column = min(14, max(len(name) for name in names)) + 2
    across = max(1, width // column)
    title = _paint("Where every operator is placed", "bold", view)
    yield f"{title}\n{fill(phrases.LEGEND, view.width)}"
    for start in range(0, len(names), across):
        audits = model.audits[start : start + across]
        rows = [_placed(nodes, audits) for nodes in zip(*(audit.operators for audit in audits), strict=True)]
        headers = ("#", "operator", "MACs", *names[start : start + across])
        yield _table(headers, rows, (None, 24, None, *[column - 2] * len(audits)), "llr" + "l" * len(audits))


def _placed(nodes: Sequence[Operator], audits: Sequence[Audit]) -> list[str]:
    node = nodes[0]
    placed = map(phrases.where, nodes, audits)
    return [labels.place(node), labels.operator(node), figures.macs(node.macs), *placed]


def _fleet(document: Document, view: View) -> str:
    headers = ("model", "delegate", "verdict", "operators", "MACs", "partitions")
    groups: tuple[list[list[str]], list[list[str]]] = ([], [])
    for model, names in labels.named(document):
        for audit, name in zip(model.audits, names, strict=True):
            groups[audit.legacy].append([labels.model(model), *_verdict(audit, name, view)[:5]])
    rows = [*groups[0], *groups[1]]
    if not rows:
        return "\n".join(_model(model, [], view) for model in document.models)
    room = max(20, view.width - _used((*headers[1:], ""), [[*row[1:], ""] for row in rows]) - 2)
    for row in rows:
        row[0] = shorten(row[0], room)
    unread = [_model(model, [], view) for model in document.models if model.error]
    current, legacy = (_table(headers, group, (None,) * 6, "lllrrr") if group else "" for group in groups)
    heading = f"{_paint(phrases.LEGACY, 'dim', view)}\n" if legacy else ""
    blocks = [current, heading + legacy, "\n".join(unread), _common(document, view)]
    return "\n\n".join(block for block in blocks if block)


def _common(document: Document, view: View) -> str:
    """The rules that block the most models."""
    common_causes = causes.common(document.models)
    lines = [_paint(phrases.COMMON, "bold", view)] if common_causes else []
    for cause in common_causes:
        lines.append(fill(phrases.common(cause), view.width, subsequent_indent="    "))
    return "\n".join(lines)


def _policy(document: Document, view: View) -> str:
    """Why a policy failed, one line each: whoever reads a log looks for whole ones."""
    if not document.policy.failed or not view.policy:
        return ""
    return "\n".join(f"policy failed: {reason}" for reason in phrases.reasons(document.policy))


def _paint(text: str, style: str, view: View) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if view.color else text

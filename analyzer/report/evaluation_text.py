"""An evaluation for people: one table of what was measured, one against the first model, one by class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from textwrap import fill

from analyzer.evaluation import Evaluation, Result
from analyzer.report import figures
from analyzer.report.markdown import escape
from analyzer.report.running import milliseconds
from analyzer.report.text import plain, shorten
from analyzer.report.view import View
from analyzer.runtime.scores import ClassScore

#: How many classes are shown where not everything is asked for.
SHOWN = 10
#: Columns of words.
_WORDS = ("model", "class", "other answers")
_LEAST = 16
#: Between several things in one cell.
_BREAK = "\n"
_LEGEND = (
    "differ, other answers: samples that got another class than from the first model, of which it had "
    "some right (lost, -) and some wrong (gained, +); speed: the first model's mean time by this one's"
)


def table(found: Evaluation, view: View) -> str:
    """Tables for a terminal."""
    blocks = [
        fill(_header(found), view.width, break_on_hyphens=False),
        _aligned(_measured(found), view.width),
    ]
    if remarks := _remarks(found):
        blocks.append("\n".join(fill(line, view.width, subsequent_indent="  ") for line in remarks))
    if compared := _compared(found):
        blocks.append("\n".join([f"Against {_names(found)[0]}", _aligned(compared, view.width)]))
    if classes := _by_class(found, view.verbose):
        blocks.append(_aligned(classes, view.width))
    if compared and found.classes:
        blocks.append(fill(_LEGEND, view.width))
    return "\n\n".join(blocks)


def markdown(found: Evaluation) -> str:
    """The same tables in Markdown, every class included."""
    blocks = [escape(_header(found)), _piped(_measured(found))]
    if remarks := _remarks(found):
        blocks.append("\n".join(f"- {escape(line)}" for line in remarks))
    if compared := _compared(found):
        blocks += [f"Against {escape(_names(found)[0])}:", _piped(compared)]
    if classes := _by_class(found, everything=True):
        blocks.append(_piped(classes))
    if compared and found.classes:
        blocks.append(escape(_LEGEND))
    return "\n\n".join(blocks)


def _header(found: Evaluation) -> str:
    settings = found.settings
    of = f" of {found.classes} classes" if found.classes else ""
    facts = [f"{plain(settings.source.path)}: {figures.count(found.samples, 'sample')}{of}"]
    facts.append(f"batch {settings.batch}, {figures.count(settings.threads, 'thread')}")
    backends = dict.fromkeys(result.candidate.backend.name for result in found.results)
    facts.append(f"on {', '.join(map(plain, backends))}")
    facts += dict.fromkeys(plain(result.measured.device) for result in found.results if result.measured)
    return "; ".join(facts)


def _names(found: Evaluation) -> list[str]:
    """What each result is called: its file without folders, where that tells, and its backend."""
    paths = [result.candidate.path for result in found.results]
    bases = {path: os.path.basename(path.rstrip("/")) for path in paths}
    short = len(set(bases.values())) == len(bases)
    several = len(bases) < len(paths)
    return [
        plain(bases[path] if short else path)
        + (f" on {plain(result.candidate.backend.name)}" if several else "")
        for path, result in zip(paths, found.results, strict=True)
    ]


def _measured(found: Evaluation) -> list[list[str]]:
    scores = ["top 1", "top 5"] if found.classes else ["MAE", "MSE"]
    rows = [["model", *scores, "mean", "90 %", "size", "gzip"]]
    for name, result in zip(_names(found), found.results, strict=True):
        size = [figures.size(result.size.bytes), figures.size(result.size.gzip_bytes)]
        rows.append([name, *_scores(found, result), *_times(result), *size])
    return rows


def _scores(found: Evaluation, result: Result) -> list[str]:
    score = result.score
    if score is None:
        return [result.status, "-"]
    if found.classes:
        return [_share(score.top1), _share(score.top5)]
    return [_number(score.mae), _number(score.mse)]


def _times(result: Result) -> list[str]:
    times = result.times
    return ["-", "-"] if times is None else [milliseconds(times.mean), milliseconds(times.p90)]


def _remarks(found: Evaluation) -> list[str]:
    """Why a model has no figures, and what is to be said with those of others."""
    lines: list[str] = []
    for name, result in zip(_names(found), found.results, strict=True):
        said = [] if result.measured is None else [plain(remark) for remark in result.measured.remarks]
        said += [f"{result.status}: {plain(result.message)}"] if result.message else []
        if result.left:
            said.append(f"{result.left} of {figures.count(result.operators, 'operator')} not delegated")
        lines += [f"{name}: {line}" for line in said]
    return lines


def _compared(found: Evaluation) -> list[list[str]]:
    rows = [
        [name, *_changes(found, result), *_ratios(found.results[0], result)]
        for name, result in zip(_names(found), found.results, strict=True)
        if result.difference is not None
    ]
    changes = ["top 1", "differ", "lost", "gained"] if found.classes else ["MAE", "mean difference"]
    return [["model", *changes, "speed", "size", "gzip"], *rows] if rows else []


def _changes(found: Evaluation, other: Result) -> list[str]:
    difference, now, before = other.difference, other.score, found.results[0].score
    if difference is None or now is None or before is None:
        return []
    if not found.classes:
        return [f"{(now.mae or 0) - (before.mae or 0):+.3g}", _number(difference.mean)]
    points = ((now.top1 or 0) - (before.top1 or 0)) * 100
    return [f"{points:+.1f}", *map(str, (difference.changed, difference.lost, difference.gained))]


def _ratios(first: Result, other: Result) -> list[str]:
    times = [result.times.mean for result in (first, other) if result.times]
    sizes = [(other.size.bytes, first.size.bytes), (other.size.gzip_bytes, first.size.gzip_bytes)]
    speed = f"{times[0] / times[1]:.2g}x" if len(times) == 2 and times[1] else "-"
    return [speed, *(f"{now / before:.2f}x" if before else "-" for now, before in sizes)]


def _by_class(found: Evaluation, everything: bool) -> list[list[str]]:
    """Classes in which answers aren't the first model's, most of them first; all of those when asked."""
    judged = [pair for pair in zip(_names(found), found.results, strict=True) if pair[1].classes]
    if not judged or judged[0][1] is not found.results[0]:
        return []
    columns = [[(name, one) for one in result.classes] for name, result in judged]
    classes = [of for of in zip(*columns, strict=True) if any(one.changed for _, one in of)]
    classes.sort(key=lambda of: -sum(one.changed for _, one in of))
    rows = [_class_row(of) for of in (classes if everything else classes[:SHOWN])]
    return [["class", "samples", "right", "other answers"], *rows] if rows else []


def _class_row(of: Sequence[tuple[str, ClassScore]]) -> list[str]:
    """One class: how the first model did, and which others answer otherwise."""
    (_, first), *others = of
    told = [f"{name} {one.changed} (-{one.lost} +{one.gained})" for name, one in others if one.changed]
    name = str(first.number) if first.name is None else plain(first.name)
    return [name, str(first.samples), str(first.right), _BREAK.join(told)]


def _share(value: float | None) -> str:
    """To a tenth of a percent; 100 % only where it is exact."""
    if value is None:
        return "-"
    return f"{100 if value == 1 else min(99.9, value * 100):.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _aligned(rows: Sequence[Sequence[str]], width: int) -> str:
    """A table; what has no room loses the start of its first column, and wraps in a last one of words."""
    from tabulate import tabulate

    taken = [max(len(row[at]) for row in rows) + 2 for at in range(len(rows[0]))]
    wraps = rows[0][-1] in _WORDS
    room = taken[0] if wraps else max(_LEAST, width - sum(taken[1:]))
    shown = [[shorten(row[0], room), *row[1:]] for row in rows]
    widths: list[int | None] = [None] * len(taken)
    widths[-1] = max(_LEAST, width - sum(taken[:-1])) if wraps else None
    sides = _sides(rows, "left", "right")
    text = tabulate(shown, tablefmt="plain", disable_numparse=True, colalign=sides, maxcolwidths=widths)
    return "\n".join(line.rstrip() for line in text.splitlines())


def _piped(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(escape(cell.replace(_BREAK, ', ')) for cell in row)} |" for row in rows]
    return "\n".join([lines[0], f"|{'|'.join(_sides(rows, '---', '--:'))}|", *lines[1:]])


def _sides(rows: Sequence[Sequence[str]], left: str, right: str) -> list[str]:
    return [left if name in _WORDS else right for name in rows[0]]

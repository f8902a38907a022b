"""What is said of an evaluation, ready for every format that people read: sentences and rows of tables."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.evaluation.evaluator import Evaluation, Result
from analyzer.evaluation.metrics import CLASSIFICATION, Answers, ClassScore
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.run_sentences import Table, milliseconds

#: Columns of words; those of all others are numbers.
WORDS = ("model", "class", "other answers")
#: Between several things in one cell, which come apart where there is room for lines.
BREAK = ", "
#: How many classes are shown where not everything is asked for.
_SHOWN = 10
_LEGEND = (
    "differ, other answers: samples that got another class than from the first model, of which it had "
    "some right (lost, -) and some wrong (gained, +); speed: the first model's mean time by this one's"
)


class Content(Struct, frozen=True):
    """Everything, in the order in which it is shown."""

    header: str
    measured: Table
    remarks: list[str]
    #: Output by output where several are judged, against the first model, and class by class.
    compared: list[Table]
    legend: str


def content(found: Evaluation, everything: bool = True) -> Content:
    """Every class in which answers differ, or those with the most."""
    several = found.targets if len(found.targets) > 1 else ()
    tables = [*(_of_target(found, one) for one in several), _against(found), _by_class(found, everything)]
    compared = [table for table in tables if table.rows]
    legend = _LEGEND if any("differ" in table.names for table in compared) else ""
    return Content(_header(found), _measured(found), list(_remarks(found)), compared, legend)


def names(found: Evaluation) -> list[str]:
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


def _header(found: Evaluation) -> str:
    settings = found.settings
    facts = [f"{plain(settings.source.path)}: {figures.count(found.samples, 'sample')}{_of(found)}"]
    facts.append(f"batch {settings.batch}, {figures.count(settings.threads, 'thread')}")
    backends = dict.fromkeys(result.candidate.backend.name for result in found.results)
    facts.append(f"on {', '.join(map(plain, backends))}")
    facts += dict.fromkeys(plain(result.measured.device) for result in found.results if result.measured)
    return "; ".join(facts)


def _of(found: Evaluation) -> str:
    classes = {len(one.classes) for result in found.results for one in result.answers if one.classes}
    several = len(classes) == 1 and classes.pop()
    return f" of {several} classes" if several and several > 1 else ""


def _pairs(found: Evaluation) -> Iterator[tuple[str, Result]]:
    return zip(names(found), found.results, strict=True)


def _sole(found: Evaluation) -> str | None:
    """What all outputs are held against, where it is one thing."""
    return found.targets[0] if len(found.targets) == 1 else None


def _measured(found: Evaluation) -> Table:
    """What models cost and, where there is one thing to be right about, how right they are."""
    sole = _sole(found)
    columns = _scored(found, sole) if sole else []
    rows = []
    for name, result in _pairs(found):
        answers = result.of(sole) if sole else None
        rows.append([name, *(_scores(answers) if answers else "-" * len(columns)), *_costs(result)])
    return Table("Measured", ["model", *columns, "mean", "90 %", "size", "gzip"], rows)


def _of_target(found: Evaluation, target: str) -> Table:
    """How every model does on one of several outputs, and against the first one."""
    rows = []
    for name, result in _pairs(found):
        if answers := result.of(target):
            rows.append([name, *_scores(answers), *_changes(answers, found.results[0].of(target))])
    columns = ["model", *_scored(found, target), "change", *_changed(found, target)[1:]]
    return Table(plain(target), columns, rows)


def _against(found: Evaluation) -> Table:
    sole, first, rows = _sole(found), found.results[0], []
    for name, result in _pairs(found):
        if result is first or not result.answers or not first.answers:
            continue
        answers = result.of(sole) if sole else None
        changes = _changes(answers, first.of(sole)) if answers and sole else []
        rows.append([name, *changes, *_ratios(first, result)])
    columns = _changed(found, sole) if sole else []
    return Table(f"Against {names(found)[0]}", ["model", *columns, "speed", "size", "gzip"], rows)


def _classes(found: Evaluation, target: str) -> bool:
    return any(one.task == CLASSIFICATION for result in found.results if (one := result.of(target)))


def _scored(found: Evaluation, target: str) -> list[str]:
    return ["top 1", "top 5"] if _classes(found, target) else ["MAE", "MSE"]


def _changed(found: Evaluation, target: str) -> list[str]:
    return ["top 1", "differ", "lost", "gained"] if _classes(found, target) else ["MAE", "mean difference"]


def _scores(answers: Answers) -> list[str]:
    score = answers.score
    if answers.task == CLASSIFICATION:
        return [share(score.top1), share(score.top5)]
    return [_number(score.mae), _number(score.mse)]


def _changes(answers: Answers, first: Answers | None) -> list[str]:
    difference, classes = answers.difference, answers.task == CLASSIFICATION
    if difference is None or first is None:
        return ["-"] * (4 if classes else 2)
    if not classes:
        return [f"{(answers.score.mae or 0) - (first.score.mae or 0):+.3g}", _number(difference.mean)]
    points = ((answers.score.top1 or 0) - (first.score.top1 or 0)) * 100
    return [f"{points:+.1f}", *map(str, (difference.changed, difference.lost, difference.gained))]


def _costs(result: Result) -> list[str]:
    times = result.times
    taken = [result.status, "-"] if times is None else [milliseconds(times.mean), milliseconds(times.p90)]
    return [*taken, figures.size(result.size.bytes), figures.size(result.size.gzip_bytes)]


def _remarks(found: Evaluation) -> Iterator[str]:
    """Why models have no figures, and what is to be said with those of others."""
    told: dict[str, list[str]] = {}
    for name, result in _pairs(found):
        said = [] if result.measured is None else [plain(remark) for remark in result.measured.remarks]
        said += [f"{result.status}: {plain(result.message)}"] if result.message else []
        if result.left:
            said.append(f"{result.left} of {figures.count(result.operators, 'operator')} not delegated")
        for line in said:
            told.setdefault(line, []).append(name)
    yield from (f"{', '.join(models)}: {line}" for line, models in told.items())


def _ratios(first: Result, other: Result) -> list[str]:
    times = [result.times.mean for result in (first, other) if result.times]
    sizes = [(other.size.bytes, first.size.bytes), (other.size.gzip_bytes, first.size.gzip_bytes)]
    speed = _times(times[0] / times[1]) if len(times) == 2 and times[1] else "-"
    return [speed, *(f"{now / before:.2f}x" if before else "-" for now, before in sizes)]


def _times(ratio: float) -> str:
    """`6.1x`, `24x`: two digits where they tell anything."""
    if ratio < 0.095:
        return f"{ratio:.1g}x"
    return f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x" if ratio >= 0.95 else f"{ratio:.2f}x"


def _by_class(found: Evaluation, everything: bool) -> Table:
    """Classes in which answers aren't the first model's, most of them first; all of those when asked."""
    several = len(found.targets) > 1
    rows = [
        (f"{plain(target)} " if several else "", of)
        for target in found.targets
        for of in _differing(found, target)
    ]
    rows.sort(key=lambda row: -sum(one.changed for _, one in row[1]))
    shown = rows if everything else rows[:_SHOWN]
    return Table(
        "By class",
        ["class", "samples", "right", "other answers"],
        [_class_row(prefix, of) for prefix, of in shown],
    )


def _differing(found: Evaluation, target: str) -> Iterator[list[tuple[str, ClassScore]]]:
    """Each class of an output, as every model did on it, the first model first."""
    if found.results[0].of(target) is None:
        return
    judged = [(name, answers) for name, result in _pairs(found) if (answers := result.of(target))]
    for of in zip(*([(name, one) for one in answers.classes] for name, answers in judged), strict=True):
        if any(one.changed for _, one in of):
            yield list(of)


def _class_row(prefix: str, of: Sequence[tuple[str, ClassScore]]) -> list[str]:
    """One class: how the first model did, and which others answer otherwise."""
    (_, first), *others = of
    told = [f"{name} {one.changed} (-{one.lost} +{one.gained})" for name, one in others if one.changed]
    name = str(first.number) if first.name is None else plain(first.name)
    return [prefix + name, str(first.samples), str(first.right), BREAK.join(told)]


def share(value: float | None) -> str:
    """To a tenth of a percent; 100 % only where it is exact."""
    if value is None:
        return "-"
    return f"{100 if value == 1 else min(99.9, value * 100):.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

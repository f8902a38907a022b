"""Sentences and rows of tables on an evaluation, ready for every format that people read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from msgspec import Struct

from analyzer.evaluation.evaluator import Evaluation, Result
from analyzer.evaluation.metrics import CLASSIFICATION, ClassMetrics, OutputMetrics
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
    "some right (lost, -) and some wrong (gained, +); speed: the first model's median time by this one's"
)


class Content(Struct, frozen=True):
    """Everything, in the order in which it is shown."""

    header: str
    measured: Table
    remarks: list[str]
    #: Output by output where several are judged, against the first model, and class by class.
    compared: list[Table]
    legend: str


def content(evaluation: Evaluation, everything: bool = True) -> Content:
    """Every class in which answers differ, or those with the most."""
    several = evaluation.targets if len(evaluation.targets) > 1 else ()
    tables = [
        *(_of_target(evaluation, target) for target in several),
        _against(evaluation),
        _by_class(evaluation, everything),
    ]
    compared = [table for table in tables if table.rows]
    legend = _LEGEND if any("differ" in table.names for table in compared) else ""
    return Content(_header(evaluation), _measured(evaluation), list(_remarks(evaluation)), compared, legend)


def names(evaluation: Evaluation) -> list[str]:
    """A name for each result: its file without folders, where that tells, and its backend."""
    paths = [result.candidate.path for result in evaluation.results]
    bases = {path: os.path.basename(path.rstrip("/")) for path in paths}
    short = len(set(bases.values())) == len(bases)
    several = len(bases) < len(paths)
    return [
        plain(bases[path] if short else path)
        + (f" on {plain(result.candidate.backend.name)}" if several else "")
        for path, result in zip(paths, evaluation.results, strict=True)
    ]


def _header(evaluation: Evaluation) -> str:
    settings = evaluation.settings
    facts = [f"{plain(settings.source.path)}: {figures.count(evaluation.samples, 'sample')}{_of(evaluation)}"]
    facts.append(f"batch {settings.batch}, {figures.count(settings.threads, 'thread')}")
    backends = dict.fromkeys(result.candidate.backend.name for result in evaluation.results)
    facts.append(f"on {', '.join(map(plain, backends))}")
    facts += dict.fromkeys(plain(result.measured.device) for result in evaluation.results if result.measured)
    return "; ".join(facts)


def _of(evaluation: Evaluation) -> str:
    classes = {
        len(answers.classes) for result in evaluation.results for answers in result.answers if answers.classes
    }
    several = len(classes) == 1 and classes.pop()
    return f" of {several} classes" if several and several > 1 else ""


def _pairs(evaluation: Evaluation) -> Iterator[tuple[str, Result]]:
    return zip(names(evaluation), evaluation.results, strict=True)


def _sole(evaluation: Evaluation) -> str | None:
    """The target that all outputs are held against, where there is just one."""
    return evaluation.targets[0] if len(evaluation.targets) == 1 else None


def _measured(evaluation: Evaluation) -> Table:
    """The cost of each model and, where there is just one target, its scores."""
    sole = _sole(evaluation)
    columns = _scored(evaluation, sole) if sole else []
    rows = []
    for name, result in _pairs(evaluation):
        answers = result.of(sole) if sole else None
        rows.append([name, *(_scores(answers) if answers else "-" * len(columns)), *_costs(result)])
    return Table("Measured", ["model", *columns, "median", "90 %", "size", "gzip"], rows)


def _of_target(evaluation: Evaluation, target: str) -> Table:
    """Scores of every model on one of several outputs, and changes against the first one."""
    rows = []
    for name, result in _pairs(evaluation):
        if answers := result.of(target):
            rows.append([name, *_scores(answers), *_changes(answers, evaluation.results[0].of(target))])
    columns = ["model", *_scored(evaluation, target), "change", *_changed(evaluation, target)[1:]]
    return Table(plain(target), columns, rows)


def _against(evaluation: Evaluation) -> Table:
    sole, first, rows = _sole(evaluation), evaluation.results[0], []
    for name, result in _pairs(evaluation):
        if result is first or not result.answers or not first.answers:
            continue
        answers = result.of(sole) if sole else None
        changes = _changes(answers, first.of(sole)) if answers and sole else []
        rows.append([name, *changes, *_ratios(first, result)])
    columns = _changed(evaluation, sole) if sole else []
    return Table(f"Against {names(evaluation)[0]}", ["model", *columns, "speed", "size", "gzip"], rows)


def _classes(evaluation: Evaluation, target: str) -> bool:
    return any(
        answers.task == CLASSIFICATION for result in evaluation.results if (answers := result.of(target))
    )


def _scored(evaluation: Evaluation, target: str) -> list[str]:
    return ["top 1", "top 5"] if _classes(evaluation, target) else ["MAE", "MSE"]


def _changed(evaluation: Evaluation, target: str) -> list[str]:
    return (
        ["top 1", "differ", "lost", "gained"] if _classes(evaluation, target) else ["MAE", "mean difference"]
    )


def _scores(answers: OutputMetrics) -> list[str]:
    score = answers.score
    if answers.task == CLASSIFICATION:
        return [share(score.top1), share(score.top5)]
    return [_number(score.mae), _number(score.mse)]


def _changes(answers: OutputMetrics, first: OutputMetrics | None) -> list[str]:
    difference, classes = answers.difference, answers.task == CLASSIFICATION
    if difference is None or first is None:
        return ["-"] * (4 if classes else 2)
    if not classes:
        return [f"{(answers.score.mae or 0) - (first.score.mae or 0):+.3g}", _number(difference.mean)]
    points = ((answers.score.top1 or 0) - (first.score.top1 or 0)) * 100
    return [f"{points:+.1f}", *map(str, (difference.changed, difference.lost, difference.gained))]


def _costs(result: Result) -> list[str]:
    times = result.times
    taken = [result.status, "-"] if times is None else [milliseconds(times.median), milliseconds(times.p90)]
    return [*taken, figures.size(result.size.bytes), figures.size(result.size.gzip_bytes)]


def _remarks(evaluation: Evaluation) -> Iterator[str]:
    """Reasons for missing figures, and remarks on those of others."""
    told: dict[str, list[str]] = {}
    for name, result in _pairs(evaluation):
        said = [] if result.measured is None else [plain(remark) for remark in result.measured.remarks]
        said += [f"{result.status}: {plain(result.message)}"] if result.message else []
        if result.left:
            said.append(f"{result.left} of {figures.count(result.operators, 'operator')} not delegated")
        for line in said:
            told.setdefault(line, []).append(name)
    yield from (f"{', '.join(models)}: {line}" for line, models in told.items())


def _ratios(first: Result, other: Result) -> list[str]:
    times = [result.times.median for result in (first, other) if result.times]
    sizes = [(other.size.bytes, first.size.bytes), (other.size.gzip_bytes, first.size.gzip_bytes)]
    speed = _times(times[0] / times[1]) if len(times) == 2 and times[1] else "-"
    return [speed, *(f"{now / before:.2f}x" if before else "-" for now, before in sizes)]


def _times(ratio: float) -> str:
    """`6.1x`, `24x`: two digits where they tell anything."""
    if ratio < 0.095:
        return f"{ratio:.1g}x"
    return f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.1f}x" if ratio >= 0.95 else f"{ratio:.2f}x"


def _by_class(evaluation: Evaluation, everything: bool) -> Table:
    """Classes in which answers aren't the first model's, most of them first; all of those when asked."""
    several = len(evaluation.targets) > 1
    rows = [
        (f"{plain(target)} " if several else "", scores)
        for target in evaluation.targets
        for scores in _differing(evaluation, target)
    ]
    rows.sort(key=lambda row: -sum(score.changed for _, score in row[1]))
    shown = rows if everything else rows[:_SHOWN]
    return Table(
        "By class",
        ["class", "samples", "right", "other answers"],
        [_class_row(prefix, scores) for prefix, scores in shown],
    )


def _differing(evaluation: Evaluation, target: str) -> Iterator[list[tuple[str, ClassMetrics]]]:
    """Each class of an output, as every model did on it, the first model first."""
    if evaluation.results[0].of(target) is None:
        return
    judged = [(name, answers) for name, result in _pairs(evaluation) if (answers := result.of(target))]
    for scores in zip(
        *([(name, score) for score in answers.classes] for name, answers in judged), strict=True
    ):
        if any(score.changed for _, score in scores):
            yield list(scores)


def _class_row(prefix: str, scores: Sequence[tuple[str, ClassMetrics]]) -> list[str]:
    """One class: how the first model did, and which others answer otherwise."""
    (_, first), *others = scores
    told = [
        f"{name} {score.changed} (-{score.lost} +{score.gained})" for name, score in others if score.changed
    ]
    name = str(first.number) if first.name is None else plain(first.name)
    return [prefix + name, str(first.samples), str(first.right), BREAK.join(told)]


def share(value: float | None) -> str:
    """To a tenth of a percent; 100 % only where it is exact."""
    if value is None:
        return "-"
    return f"{100 if value == 1 else min(99.9, value * 100):.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"

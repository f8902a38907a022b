"""An evaluation as one self-contained HTML page: the tables, and bars for what can be seen at a glance."""

from __future__ import annotations

import os
from collections.abc import Iterator

from analyzer.evaluation.evaluator import Evaluation, Result
from analyzer.report import page_template
from analyzer.report.document.convert import TOOL
from analyzer.report.evaluation.tables import content, names, share
from analyzer.report.page_template import Bar, Phase
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.run_sentences import milliseconds


def page(evaluation: Evaluation) -> bytes:
    """The page."""
    title = os.path.basename(evaluation.settings.source.path.rstrip("/"))
    phases = [phase for phase in _phases(evaluation) if phase.bars]
    return page_template.render(
        "evaluation.html.jinja", tool=TOOL, title=plain(title), said=content(evaluation), phases=phases
    )


def _phases(evaluation: Evaluation) -> Iterator[Phase]:
    for target in evaluation.targets:
        title = "Right" if len(evaluation.targets) == 1 else f"Right, {plain(target)}"
        yield Phase(title, list(_right(evaluation, target)))
    yield Phase("Median time of a sample", list(_times(evaluation)))
    yield Phase("Size", list(_sizes(evaluation)))


def _right(evaluation: Evaluation, target: str) -> Iterator[Bar]:
    for name, result, first in _each(evaluation):
        answers = result.of(target)
        if answers and answers.score.top1 is not None:
            yield Bar(name, share(answers.score.top1), round(100 * answers.score.top1, 1), first)


def _times(evaluation: Evaluation) -> Iterator[Bar]:
    longest = (
        max(
            (max(result.times.median, result.times.p90) for result in evaluation.results if result.times),
            default=0,
        )
        or 1
    )
    for name, result, first in _each(evaluation):
        if (times := result.times) is not None:
            text = f"{milliseconds(times.median)}, 90 % {milliseconds(times.p90)}"
            median, most = (round(100 * time / longest, 1) for time in (times.median, times.p90))
            yield Bar(name, text, median, first, most if most > median else None)


def _sizes(evaluation: Evaluation) -> Iterator[Bar]:
    largest = max((result.size.bytes for result in evaluation.results), default=0) or 1
    for name, result, first in _each(evaluation):
        size = result.size
        text = f"{figures.size(size.bytes)}, gzip {figures.size(size.gzip_bytes)}"
        yield Bar(name, text, round(100 * size.bytes / largest, 1), first)


def _each(evaluation: Evaluation) -> Iterator[tuple[str, Result, bool]]:
    """With its name, and whether it is what the others are compared with."""
    for name, result in zip(names(evaluation), evaluation.results, strict=True):
        yield name, result, result is evaluation.results[0]

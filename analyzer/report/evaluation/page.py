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


def page(found: Evaluation) -> bytes:
    """The page."""
    title = os.path.basename(found.settings.source.path.rstrip("/"))
    phases = [phase for phase in _phases(found) if phase.bars]
    return page_template.render(
        "evaluation.html.jinja", (), tool=TOOL, title=plain(title), said=content(found), phases=phases
    )


def _phases(found: Evaluation) -> Iterator[Phase]:
    for target in found.targets:
        title = "Right" if len(found.targets) == 1 else f"Right, {plain(target)}"
        yield Phase(title, list(_right(found, target)))
    yield Phase("Mean time of a sample", list(_times(found)))
    yield Phase("Size", list(_sizes(found)))


def _right(found: Evaluation, target: str) -> Iterator[Bar]:
    for name, result, first in _each(found):
        answers = result.of(target)
        if answers and answers.score.top1 is not None:
            yield Bar(name, share(answers.score.top1), round(100 * answers.score.top1, 1), first)


def _times(found: Evaluation) -> Iterator[Bar]:
    longest = max((max(one.times.mean, one.times.p90) for one in found.results if one.times), default=0) or 1
    for name, result, first in _each(found):
        if (times := result.times) is not None:
            text = f"{milliseconds(times.mean)}, 90 % {milliseconds(times.p90)}"
            mean, most = (round(100 * time / longest, 1) for time in (times.mean, times.p90))
            yield Bar(name, text, mean, first, most if most > mean else None)


def _sizes(found: Evaluation) -> Iterator[Bar]:
    largest = max((one.size.bytes for one in found.results), default=0) or 1
    for name, result, first in _each(found):
        size = result.size
        text = f"{figures.size(size.bytes)}, gzip {figures.size(size.gzip_bytes)}"
        yield Bar(name, text, round(100 * size.bytes / largest, 1), first)


def _each(found: Evaluation) -> Iterator[tuple[str, Result, bool]]:
    """With its name, and whether it is what the others are compared with."""
    for name, result in zip(names(found), found.results, strict=True):
        yield name, result, result is found.results[0]

"""What many models came to, for a terminal or in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from analyzer.report.fleet.survey_document import DelegateSurvey, Fix, Survey
from analyzer.report.view import View
from analyzer.report.wording import figures, phrases
from analyzer.report.wording.hostile_text import columns, escaped, fill, plain
from analyzer.report.wording.outcome import VERDICTS

FORMATS = ("table", "json", "markdown", "html")
FREES = "Which single fix frees most"
HOLDS = "Which operators hold most models back"
FREES_NOTE = (
    "frees: models that have nothing else to be dealt with on this delegate; of: models that wait for it"
)
#: How many fixes of each delegate are told, and twice as many operators.
_MOST = 5


def json(survey: Survey) -> bytes:
    """The survey as JSON."""
    return msgspec.json.encode(survey) + b"\n"


def counted(survey: Survey) -> str:
    """How many files and models there are, in a line."""
    told = [figures.count(survey.files, "file")]
    read = survey.files - survey.unread
    told += [f"{figures.count(survey.models, 'model')} of them different"] if survey.models != read else []
    told += [f"{survey.unread:,} not audited"] if survey.unread else []
    return ", ".join(told)


def table(survey: Survey, view: View) -> str:
    """For a terminal."""
    fixes, operators = (None, None) if view.verbose else (_MOST, 2 * _MOST)
    headers = ["delegate", *words(survey)]
    rows = [[each.title, *_verdicts(each, headers[1:])] for each in survey.delegates]
    sides = ["left", *(["right"] * (len(headers) - 1))]
    blocks = [fill(counted(survey), view.width)]
    blocks += [columns([headers, *rows], sides, [24, *([None] * (len(headers) - 1))])] if rows else []
    asked = [each for each in survey.delegates if not each.legacy]
    told = [_fixes(each, fixes, view.width) for each in asked if each.fixes]
    blocks += [f"{FREES}\n{fill(FREES_NOTE, view.width)}", *told] if told else []
    held = [_held(each, operators, view.width) for each in asked if each.operators]
    blocks += ["\n".join([HOLDS, *held])] if held else []
    blocks += [fill(said, view.width)] if (said := _legacy(survey)) else []
    return "\n\n".join(blocks) + "\n"


def words(survey: Survey) -> list[str]:
    """The verdicts that occur, from the best to the worst."""
    return [word for word in VERDICTS if any(word in each.verdicts for each in survey.delegates)]


def _verdicts(delegate: DelegateSurvey, words: Sequence[str]) -> list[str]:
    return [f"{delegate.verdicts[word]:,}" if word in delegate.verdicts else "-" for word in words]


def _fixes(delegate: DelegateSurvey, most: int | None, width: int) -> str:
    lines = [
        f"{delegate.title}: {delegate.waits:,} of {sum(delegate.verdicts.values()):,} wait for something"
    ]
    for fix in delegate.fixes[:most]:
        said = f"frees {fix.frees:,} of {fix.models:,}  {plain(fix.fix)} [{fix.rule}]"
        lines.append(fill(said, width, initial_indent="  ", subsequent_indent="      "))
    return "\n".join(lines)


def _held(delegate: DelegateSurvey, most: int | None, width: int) -> str:
    said = ", ".join(f"{plain(each.op)} {each.models:,}" for each in delegate.operators[:most])
    return fill(f"{delegate.title}: {said}", width, subsequent_indent="  ")


def markdown(survey: Survey) -> str:
    """For a page of a wiki, or a pull request."""
    return "\n".join(_markdown(survey)) + "\n"


def _markdown(survey: Survey) -> Iterator[str]:
    occurring = words(survey)
    yield from (
        f"{counted(survey)}.",
        "",
        f"| delegate | {' | '.join(occurring)} |",
        "|---" * (len(occurring) + 1) + "|",
    )
    for each in survey.delegates:
        yield f"| {escaped(each.title)} | {' | '.join(_verdicts(each, occurring))} |"
    asked = [each for each in survey.delegates if not each.legacy]
    if rows := [_row(each, fix) for each in asked for fix in each.fixes[:_MOST]]:
        yield from ("", f"## {FREES}", "", f"{FREES_NOTE[0].upper()}{FREES_NOTE[1:]}.", "")
        yield from ("| delegate | frees | of | what to change |", "|---|---:|---:|---|", *rows)
    if held := [_holding(each) for each in asked if each.operators]:
        yield from (
            "",
            f"## {HOLDS}",
            "",
            "| delegate | operators, with how many models |",
            "|---|---|",
            *held,
        )
    if said := _legacy(survey):
        yield from ("", escaped(said))


def _row(delegate: DelegateSurvey, fix: Fix) -> str:
    return f"| {escaped(delegate.title)} | {fix.frees:,} | {fix.models:,} | {escaped(fix.fix)} `{fix.rule}` |"


def _holding(delegate: DelegateSurvey) -> str:
    held = ", ".join(f"{escaped(kind.op)} {kind.models:,}" for kind in delegate.operators[: 2 * _MOST])
    return f"| {escaped(delegate.title)} | {held} |"


def _legacy(survey: Survey) -> str:
    """Who the deprecated delegates are, of which verdicts alone are told; empty where there are none."""
    titles = [each.title for each in survey.delegates if each.legacy]
    return f"{phrases.LEGACY}: {', '.join(titles)}; the page has theirs" if titles else ""

"""What many models came to as one HTML page, which lists them a screen at a time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from analyzer.report import page_template
from analyzer.report.document.audit_document import Policy
from analyzer.report.fleet.survey_document import Survey
from analyzer.report.fleet.survey_text import FREES, FREES_NOTE, HOLDS, counted
from analyzer.report.html.embedded_data import inert
from analyzer.report.wording.hostile_text import plain
from analyzer.report.wording.outcome import VERDICTS

#: So many files are listed on a page.
MOST = 20_000


def page(survey: Survey, files: Sequence[tuple[str, int, int, str]], policy: Policy | None = None) -> bytes:
    """The page; `files` are path, operators, MACs and the first letter of each delegate's verdict."""
    return page_template.render(
        "fleet.html.jinja",
        survey=survey,
        policy=policy or Policy(),
        counted=counted(survey),
        words=[word for word in VERDICTS if any(word in each.verdicts for each in survey.delegates)],
        frees=FREES,
        note=FREES_NOTE,
        holds=HOLDS,
        unlisted=survey.files - len(files),
        data=_data(survey, files).decode(),
    )


def _data(survey: Survey, files: Sequence[tuple[str, int, int, str]]) -> bytes:
    """What the page's script lists, safe inside a script element."""
    data = {
        "delegates": [each.title for each in survey.delegates],
        "verdicts": {word[0]: word for word in VERDICTS},
        "files": [(plain(path), operators, macs, said) for path, operators, macs, said in files],
    }
    return inert(msgspec.json.encode(data))

"""What many models came to as one HTML page, which lists them a screen at a time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from analyzer.report import page_template
from analyzer.report.document.audit_document import Policy
from analyzer.report.fleet.survey_document import ListedFile, Survey
from analyzer.report.fleet.survey_text import FREES, FREES_NOTE, HOLDS, counted, words
from analyzer.report.html.embedded_data import inert
from analyzer.report.wording import figures, phrases
from analyzer.report.wording.outcome import VERDICTS

#: So many files are listed on a page.
MOST = 20_000
#: Stands where a delegate wasn't asked; a verdict is told by its place among all.
_UNASKED = "-"


def page(survey: Survey, files: Sequence[ListedFile], policy: Policy | None = None) -> bytes:
    """The page, with a list of files."""
    policy = policy or Policy()
    reasons, unlisted = phrases.reasons(policy), survey.files - len(files)
    return page_template.render(
        "fleet.html.jinja",
        survey=survey,
        policy=policy,
        reasons=reasons,
        failures=figures.count(len(reasons), "reason"),
        counted=counted(survey),
        words=words(survey),
        frees=FREES,
        note=FREES_NOTE,
        holds=HOLDS,
        unlisted=figures.count(unlisted, "file") if unlisted else "",
        data=_data(files).decode(),
    )


def _data(files: Sequence[ListedFile]) -> bytes:
    """What the page's script lists, safe inside a script element."""
    places = {word: str(place) for place, word in enumerate(VERDICTS)}
    data = {
        "verdicts": VERDICTS,
        "files": [
            (file.path, file.operators, "".join(places.get(word, _UNASKED) for word in file.verdicts))
            for file in files
        ],
    }
    return inert(msgspec.json.encode(data))

"""Code that loads the model with what was chosen: templates filled in, a language each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from analyzer.recommendation.candidates import Candidate
from analyzer.recommendation.deployment import Code
from analyzer.report.document.audit_document import Model
from analyzer.report.document.recommendation import Snippet

#: The languages, in the order in which they are shown.
LANGUAGES = ("Kotlin", "Swift", "C++", "Python", "Flutter", "React Native")
#: Names of files that stand for themselves in any language; others are called MODEL.
_SAFE = re.compile(r"[\w.-]+\.tflite", re.ASCII)
_MODEL = "model.tflite"


def snippets(
    ranked: Sequence[Candidate], model: Model, platform: str, languages: Sequence[str]
) -> Iterator[Snippet]:
    """For each language, the code of the first candidate that can be loaded from it as it is meant."""
    for language in languages:
        for candidate in ranked:
            code = _code(candidate, model, platform, language)
            if code is not None:
                yield _snippet(candidate, code, model, platform)
                break


def _code(candidate: Candidate, model: Model, platform: str, language: str) -> Code | None:
    eight_bits = not {"INT8", "UINT8"}.isdisjoint(model.dtypes)
    for code in candidate.deployment.code:
        meant = code.language == language and platform in (code.platforms or (platform,))
        able = set(code.sets).issuperset(candidate.parameters) and not (code.floats_only and eight_bits)
        if meant and able:
            return code
    return None


def _snippet(candidate: Candidate, code: Code, model: Model, platform: str) -> Snippet:
    from analyzer.report.page_template import text

    name = os.path.basename(model.path)
    file = name if _SAFE.fullmatch(name) else _MODEL
    values = candidate.audit.parameters | {
        "file": file,
        "stem": file.removesuffix(".tflite"),
        "platform": platform,
        "whole": candidate.audit.summary.verdict == "full",
    }
    return Snippet(
        language=code.language,
        delegate=candidate.audit.delegate,
        title=candidate.name,
        libraries=code.libraries,
        code=text(f"code/{code.template}.jinja", **values),
    )

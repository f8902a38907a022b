"""The recommendation in lines, the same in every format that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.audit_document import Model
from analyzer.report.document.recommendation import Choice, Recommendation
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import plain
from analyzer.rules.parameters import as_written

#: The platforms as they are written.
_NAMES = {"android": "Android", "ios": "iOS", "desktop": "Desktop"}
#: The headings of lines to copy as they are.
VERBATIM = ("Libraries", "Manifest")
_KINDS = {"option": "Option", "fix": "Repair", "quantize": "Quantizing"}


def positions(model: Model) -> set[int]:
    """Those of audits whose delegate is recommended on a platform."""
    choices = model.recommendation.choices if model.recommendation else ()
    return {choice.audit for choice in choices if choice.accelerated and choice.audit is not None}


def headlines(recommendation: Recommendation | None) -> Iterator[tuple[str, Choice]]:
    """`Android and iOS` and what holds for both: platforms of one sentence are told together."""
    groups: dict[str, list[Choice]] = {}
    for choice in recommendation.choices if recommendation else ():
        groups.setdefault(choice.sentence, []).append(choice)
    for choices in groups.values():
        yield platforms([choice.platform for choice in choices]), choices[0]


def sentences(recommendation: Recommendation | None) -> Iterator[tuple[str, str]]:
    """For the top of a report: `Android and iOS`, and what to choose there."""
    among = recommendation and recommendation.named and len(recommendation.considered) > 1
    for names, choice in headlines(recommendation):
        yield f"{names}, of these" if among else names, plain(choice.sentence)


def pointer(model: Model, width: int) -> str:
    """Where there is more on it; empty where nothing runs the model, or delegates were named."""
    told = model.recommendation
    if told is None or told.named or all(choice.delegate is None for choice in told.choices):
        return ""
    line = "delegate-analyzer recommend {}   tries options, repairs; libraries, code"
    whole = line.format(plain(model.path))
    return whole if len(whole) <= width else line.format("MODEL")


def each(recommendation: Recommendation) -> Iterator[tuple[str, Choice]]:
    """Every platform by itself, for all that there is to know."""
    return ((platforms([choice.platform]), choice) for choice in recommendation.choices)


def platforms(names: Sequence[str]) -> str:
    """`Android and iOS`."""
    *first, last = [_NAMES.get(name, name) for name in names]
    return f"{', '.join(first)} and {last}" if first else last


def facts(choice: Choice) -> Iterator[tuple[str, list[str]]]:
    """What there is to know of a choice beside its sentence: a heading and its lines."""
    yield "Loading", [f"{loading.way}: {loading.text}" for loading in choice.loading]
    yield "Options", [_setting(setting.name, setting.value, setting.text) for setting in choice.settings]
    yield "Libraries", [*choice.libraries]
    yield "Manifest", [*choice.manifest]
    yield "Notes", [*choice.notes]
    yield "Hazards", [*choice.hazards]
    yield "Fallback", fallbacks(choice)
    yield "Passed over", [f"{_capital(passed.title)}: {passed.reason}" for passed in choice.passed]
    yield "Would help", [f"{_KINDS[each.kind]}: {each.text}" for each in choice.improvements]


def fallbacks(choice: Choice) -> list[str]:
    """The order in which to fall back, the CPU last."""
    lines = []
    for other in choice.fallbacks:
        share = figures.percent(other.delegated_macs_share)
        lines.append(f"{other.title} ({share} of MACs)" if other.delegated_macs_share < 1 else other.title)
    order = [*lines, *(["the CPU"] if choice.cpu else [])]
    return [", then ".join(order)] if choice.accelerated and order else []


def _setting(name: str, value: object, text: str) -> str:
    return f"{name}: {text}" if value is None else f"{name}={as_written(value)}: {text}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

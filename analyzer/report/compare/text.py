"""A comparison of two models in words: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from analyzer.report.compare.model_diff import (
    BETTER,
    SAME,
    WORSE,
    Change,
    Comparison,
    Match,
    Risk,
    Side,
)
from analyzer.report.compare.regressions import unlike
from analyzer.report.document.audit_document import Model, Place, Summary
from analyzer.report.wording import figures, labels, phrases
from analyzer.report.wording.hostile_text import columns, escaped, fill, plain, shorten

HEADERS = ("delegate", "change", "verdict", "operators", "MACs", "partitions", "crossing")
_SIGNS = {BETTER: "+", WORSE: "-", SAME: " "}
#: What findings are called.
_SEVERITIES = {"crash": "crash", "fails": "failure", "wrong": "wrong output", "hazard": "hazard"}
NOTHING_SHARED = "They have no operator in common: to compare them says little."
#: How many changes of a delegate the table shows.
_SHOWN = 6
#: The most that columns take where there is little room.
_NARROW = [13, None, 10, 11, 8, None, 10]


def json(comparison: Comparison) -> bytes:
    """The comparison with both models' audits."""
    sides = replace(comparison, before=_audited(comparison.before), after=_audited(comparison.after))
    return msgspec.json.encode(sides) + b"\n"


def _audited(model: Model) -> Model:
    return replace(model, graphs=UNSET, signatures=UNSET)


def table(comparison: Comparison, width: int) -> str:
    """The comparison for a terminal: improvements and setbacks, a block for each delegate."""
    head = [_head(side, model, width) for side, model in _models(comparison)]
    blocks = ["\n".join(head), verdicts(comparison.delegates, width)]
    blocks += ["\n".join(_block(side, width)) for side in comparison.delegates if side.changes or side.risks]
    blocks += [fill(f"{title}  {words}", width, subsequent_indent="  ") for title, words in alone(comparison)]
    return "\n\n".join(blocks)


def _models(comparison: Comparison) -> tuple[tuple[str, Model], ...]:
    return ("before", comparison.before), ("after ", comparison.after)


def _head(side: str, model: Model, width: int) -> str:
    path, facts = labels.model(model), phrases.card(model)
    name = f"{side}  {shorten(path, width - len(side) - 2)}"
    if len(name + facts) + 3 <= width:
        return f"{name}   {facts}"
    return f"{name}\n{fill(facts, width, initial_indent=' ' * 8, subsequent_indent=' ' * 8)}"


def verdicts(sides: Sequence[Side], width: int) -> str:
    """A line a delegate: what it makes of the models, before and after."""
    rows = [HEADERS, *([side.delegate, side.change, *cells(side)] for side in sides)]
    text = ""
    for widths in (None, _NARROW):
        text = columns(rows, widths=widths)
        if max(map(len, text.splitlines())) <= width:
            break
    return text


def cells(side: Side) -> list[str]:
    """Verdict, operators, MACs, partitions and crossing bytes: one value where both sides have the same."""
    return [
        before if before == after else f"{before} -> {after}"
        for before, after in zip(_values(side.before), _values(side.after), strict=True)
    ]


def _values(summary: Summary) -> list[str]:
    return [
        summary.verdict,
        f"{summary.delegated} of {summary.operators}",
        phrases.macs_share(summary),
        str(summary.partitions or "-"),
        figures.size(summary.boundary_bytes),
    ]


def _block(side: Side, width: int) -> Iterator[str]:
    yield side.delegate
    for risk in side.risks:
        line = f"{_SIGNS[risk.change]} {risky(risk)}"
        yield fill(line, width, subsequent_indent="  ")
    # To say that there is one more takes the room of the one.
    shown = side.changes if len(side.changes) == _SHOWN + 1 else side.changes[:_SHOWN]
    for change in shown:
        yield fill(f"{_SIGNS[change.change]} {said(change, side)}", width, subsequent_indent="  ")
        if fix(change):
            yield fill(f"  fix  {fix(change)}", width, subsequent_indent="       ")
    more = len(side.changes) - len(shown)
    if more > 0:
        yield f"  and {figures.count(more, 'more change')}: -o FILE.md"


def risky(risk: Risk) -> str:
    """What makes the model go wrong, or may: new, gone, or found more or less often."""
    return f"{_counted(risk)}: {plain(risk.message)} [{risk.rule}]"


def _counted(risk: Risk) -> str:
    severity = _SEVERITIES[risk.severity]
    if not risk.before or not risk.after:
        return f"{'new' if risk.after else 'gone'} {severity}"
    return f"{severity}, {risk.before} -> {risk.after}"


def said(change: Change, side: Side) -> str:
    """`12 CONV_2D: refused -> delegated: ...`, with their share of the MACs."""
    whole = (side.after if change.change == WORSE else side.before).macs
    share = f"; {figures.percent(change.macs / whole)} of MACs" if change.macs and whole else ""
    no_more = "" if change.change == WORSE else ", no more"
    reason = f"{no_more}: {plain(change.message)}" if change.message else ""
    return f"{whom(change.operators)}: {change.before or 'new'} -> {change.after or 'gone'}{reason}{share}"


def fix(change: Change) -> str:
    """The fix for a change for the worse; empty for others."""
    return plain(change.fix) if change.change == WORSE else ""


def whom(matches: Sequence[Match]) -> str:
    """`#4 ADD`, `#4 ADD (before #5)`, `12 CONV_2D`."""
    if len(matches) > 1:
        return phrases.kinds([match.op for match in matches])
    (match,) = matches
    places = [_spot(place) for place in (match.after, match.before) if place is not None]
    moved = f" (before {places[1]})" if len(set(places)) > 1 else ""
    return f"{places[0]} {match.op}{moved}"


def _spot(place: Place) -> str:
    return labels.spot(place.subgraph, place.operator)


def file(model: Model) -> str:
    """The model's file name without its folder."""
    return labels.model(model).rpartition("/")[2]


def alone(comparison: Comparison) -> list[tuple[str, str]]:
    """The operators that one model alone has."""
    lists = (("only before", comparison.gone), ("only after", comparison.new))
    return [(title, phrases.kinds([match.op for match in matches])) for title, matches in lists if matches]


def markdown(comparison: Comparison) -> str:
    """The same words for a pull request, with every change."""
    lines = [f"## From {escaped(file(comparison.before))} to {escaped(file(comparison.after))}", ""]
    for word, model in _models(comparison):
        lines.append(f"- {word.strip()}: {escaped(model.path)}: {phrases.card(model)}")
    lines += ["", NOTHING_SHARED] if unlike(comparison) else []
    lines += ["", _row(HEADERS), f"|{'---|' * len(HEADERS)}"]
    lines += [
        _row((escaped(side.delegate), f"**{side.change}**", *cells(side))) for side in comparison.delegates
    ]
    for side in comparison.delegates:
        lines += ["", f"### {escaped(side.delegate)}", ""] if side.changes or side.risks else []
        lines += [f"- **{risk.change}** {escaped(risky(risk))}" for risk in side.risks]
        lines += [line for change in side.changes for line in _item(change, side)]
    lines += ["", *(f"- {title}: {escaped(words)}" for title, words in alone(comparison))]
    return "\n".join(lines).rstrip() + "\n"


def _item(change: Change, side: Side) -> Iterator[str]:
    yield f"- **{change.change}** {escaped(said(change, side))}" + ("\\" if fix(change) else "")
    if fix(change):
        yield f"  Fix: {escaped(fix(change))}"


def _row(values: Sequence[str]) -> str:
    return f"| {' | '.join(values)} |"

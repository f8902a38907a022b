"""What a log says, for a terminal, as Markdown or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from analyzer.device_log.log_document import Comparison, KnownLine, LogDocument, RefusedOperators, Releases
from analyzer.report.view import View
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import escaped, fill, plain

#: Formats of a log.
FORMATS = ("table", "json", "markdown")
#: How many operators of a kind are named by their numbers, how many sentences on why.
_NUMBERED, _SENTENCES = 6, 3
_NOTHING = "No line in it is known: it says nothing of delegates, or they are asked to log nothing."
_AGREES = {True: "as predicted", False: "not as predicted", None: "can't be compared"}


def render(log: LogDocument, format: str, view: View) -> bytes:
    """The log in one of `FORMATS`."""
    if format == "json":
        return msgspec.json.encode(log) + b"\n"
    lines = _markdown(log, view.verbose) if format == "markdown" else _table(log, view)
    return ("\n".join(lines).rstrip() + "\n").encode()


def _table(log: LogDocument, view: View) -> Iterator[str]:
    width = view.width
    shown = _shown(log, view.verbose)
    yield fill(f"{plain(log.path)}   {_counts(log)}", width, subsequent_indent="  ")
    if said := _dated(log.releases):
        yield fill(said, width, subsequent_indent="  ")
    yield ""
    if not log.known:
        yield fill(_NOTHING, width)
    margin = len(f"{max((line.line for line in shown), default=0)}")
    for line in shown:
        who = f"{line.delegate}: " if line.delegate else ""
        mark = "!" if line.failure else " "
        text = f"{line.line:>{margin}}{mark} {who}{plain(line.says)}{_times(line.times)}"
        yield fill(text, width, subsequent_indent=" " * (margin + 2))
        if line.fix:
            indent = " " * (margin + 2)
            yield fill(f"{indent}fix  {plain(line.fix)}", width, subsequent_indent=f"{indent}     ")
    yield from _rest(log, len(shown))
    if log.refusals:
        yield from ("", "Refused")
    for refusal in log.refusals:
        who = f"{refusal.delegate}  " if refusal.delegate else ""
        yield fill(
            f"  {who}{plain(refusal.operator)}: {_why(refusal.reason, refusal.means)}",
            width,
            subsequent_indent="    ",
        )
    if log.model is not None:
        yield from ("", f"Held against {plain(log.model)}")
        yield from _compared(log, width)


def _shown(log: LogDocument, verbose: bool) -> list[KnownLine]:
    return [line for line in log.known if verbose or not line.routine]


def _rest(log: LogDocument, shown: int) -> Iterator[str]:
    if hidden := len(log.known) - shown:
        yield f"and {figures.count(hidden, 'line')} that every log has: -v"
    if log.left_out:
        yield f"and {figures.count(log.left_out, 'known line')} more, too many to tell"


def _compared(log: LogDocument, width: int) -> Iterator[str]:
    if not log.comparisons:
        yield fill("  The log doesn't say what of a model a delegate took or refused.", width)
    for comparison in log.comparisons:
        yield fill(f"  {title(comparison)}: {_AGREES[comparison.agrees]}", width, subsequent_indent="    ")
        for said in facts(comparison):
            yield fill(f"    {plain(said)}", width, subsequent_indent="      ")
        for entry in comparison.refused:
            yield fill(f"    {plain(refused(entry))}", width, subsequent_indent="      ")
            if entry.fix:
                yield fill(f"      fix  {plain(entry.fix)}", width, subsequent_indent="           ")


def _markdown(log: LogDocument, verbose: bool) -> Iterator[str]:
    yield from (f"## {escaped(log.path)}", "", f"{_counts(log)}. {_dated(log.releases)}".strip(), "")
    if not log.known:
        yield _NOTHING
    else:
        yield from ("| line | delegate | what it means |", "|--:|---|---|")
    for line in _shown(log, verbose):
        says = f"**{escaped(line.says)}**" if line.failure else escaped(line.says)
        fix = f" Fix: {escaped(line.fix)}" if line.fix else ""
        yield f"| {line.line} | {line.delegate or ''} | {says}{_times(line.times)}{fix} |"
    if log.refusals:
        yield from ("", "### Refused", "")
    for refusal in log.refusals:
        who = f" ({refusal.delegate})" if refusal.delegate else ""
        yield f"- **{escaped(refusal.operator)}**{who}: {escaped(_why(refusal.reason, refusal.means))}"
    if log.model is not None:
        yield from ("", f"### Held against {escaped(log.model)}", "")
    for comparison in log.comparisons:
        yield f"- **{escaped(title(comparison))}**: {_AGREES[comparison.agrees]}"
        yield from (f"  - {escaped(said)}" for said in facts(comparison))
        for entry in comparison.refused:
            yield f"  - {escaped(refused(entry))}" + (f" Fix: {escaped(entry.fix)}" if entry.fix else "")


def _counts(log: LogDocument) -> str:
    failures = sum(line.failure for line in log.known)
    told = f"{figures.count(log.lines_read, 'line')}, {len(log.known)} known"
    return f"{told}, {figures.count(failures, 'failure')}" if failures else told


def _times(times: int) -> str:
    return f" ({times} times)" if times > 1 else ""


def _why(reason: str, means: str) -> str:
    """A delegate's reason, and in other words."""
    if not reason:
        return "no reason given"
    return plain(f"{reason.rstrip('.')}. That is: {means}." if means else reason)


def _dated(releases: Releases) -> str:
    """Which releases write such lines."""
    if not releases.told_by:
        return ""
    since = f"{_release(releases.since)} or later" if releases.since else ""
    before = f"before {_release(releases.before)}" if releases.before else ""
    lines = ", ".join(map(str, releases.told_by))
    named = "line" if len(releases.told_by) == 1 else "lines"
    return f"Runtime: {', '.join(said for said in (since, before) if said)} ({named} {lines})."


def _release(release: str | None) -> str:
    name, dash, number = str(release).partition("-")
    return f"TensorFlow Lite {number}" if dash else f"LiteRT {name}"


def title(comparison: Comparison) -> str:
    """The delegate, with the release that is taken for the runtime's."""
    runtime = comparison.parameters.get("runtime")
    return comparison.delegate + (f" ({_release(str(runtime))})" if runtime else "")


def facts(comparison: Comparison) -> Iterator[str]:
    """Figures beside each other, and the releases that fit."""
    if comparison.remark:
        yield comparison.remark
    for figure in comparison.figures:
        said = "as predicted" if figure.agrees else f"predicted {figure.predicted}"
        yield f"{figure.name}: {figure.log}, {said}"
    if comparison.fits:
        yield f"would be as predicted for {_listed([_release(release) for release in comparison.fits])}"
    elif comparison.agrees is False and "runtime" in comparison.parameters:
        yield "would be as predicted for no release that is known"


def _listed(words: Sequence[str]) -> str:
    return f"{words[0]} to {words[-1]}" if len(words) > 2 else " and ".join(words)


def refused(entry: RefusedOperators) -> str:
    """A kind of operator, who refuses it, and why."""
    indices = [f"#{index}" for index in entry.operators[:_NUMBERED]]
    more = [f"and {len(entry.operators) - _NUMBERED} more"] if len(entry.operators) > _NUMBERED else []
    named = f"{entry.operator} {' '.join([*indices, *more])}".strip()
    messages = "; ".join(entry.messages[:_SENTENCES])
    because = f": {messages} [{entry.rules[0]}]" if entry.rules else ""
    if entry.in_log and entry.predicted:
        return f"{named}: refused, as predicted{because}"
    if entry.in_log:
        return f"{named}: refused, not predicted: {entry.reason or 'no reason given'}"
    return f"{named}: predicted to be refused, not in the log{because}"

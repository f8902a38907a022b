"""What to choose for a model, as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.advice import Advice
from analyzer.report.document.costs import Measured, Profile
from analyzer.report.document.recommendation import Choice, Snippet
from analyzer.report.view import View
from analyzer.report.wording import figures, phrases, recommended
from analyzer.report.wording.hostile_text import after, columns, escaped, fill, plain, shorten

#: So many rows of a profile are shown.
_ROWS = 20


def table(advice: Advice, view: View, languages: Sequence[str] = ()) -> bytes:
    """For a terminal: a block a platform, the sentence first; code in `languages` last."""
    path, facts = shorten(plain(advice.path), view.width), phrases.card(advice)
    head = _bold(path, view) + after(path, facts, view.width)
    blocks = ["\n".join([head, *(fill(line, view.width) for line in _memory(advice))])]
    for names, choice in recommended.each(advice.recommendation):
        blocks.append("\n".join(_block(names, choice, view, languages)))
    if advice.measured is not None:
        blocks.append(_profile(advice.measured, view))
    if not advice.recommendation.choices:
        blocks.append("No delegate was asked that an app could choose.")
    return ("\n\n".join(blocks) + "\n").encode()


def _memory(advice: Advice) -> Iterator[str]:
    memory = advice.memory
    if memory is None or not (memory.activations or memory.constants):
        return
    least = "" if memory.exact else "at least "
    peak = f", most at {plain(memory.peak)}" if memory.peak else ""
    yield (
        f"Memory on the CPU: {least}{figures.size(memory.activations)} for what operators compute{peak}, "
        f"{figures.size(memory.constants)} of constants"
    )


def _profile(profile: Profile, view: View) -> str:
    """What was measured beside what was predicted, the longest first."""
    headers = ("", "operator", "predicted on", "measured on", "predicted", "measured", "ms")
    ranked = sorted(profile.rows, key=lambda row: -row.milliseconds)
    rows = [list(headers), *map(_measured, ranked[:_ROWS])]
    sides = ["left", "left", "left", "left", "right", "right", "right"]
    title = f"Measured by {profile.kind} ({plain(profile.file)}): {profile.milliseconds:.3f} ms in all"
    lines = [_bold(title, view), columns(rows, sides)]
    lines += [f"and {len(ranked) - _ROWS} more: --format json"] if len(ranked) > _ROWS else []
    lines += [fill(_agreement(profile), view.width)]
    return "\n".join(lines)


def _agreement(profile: Profile) -> str:
    missed = f"; {figures.count(profile.unmatched, 'row')} fit no operator" if profile.unmatched else ""
    if profile.agreement is None:
        return f"Too few rows to compare orders{missed}."
    return f"Order by cost against order by time: {profile.agreement:.2f} (1: the same, 0: none){missed}."


def _measured(row: Measured) -> list[str]:
    place = f"#{row.operators[0]}" if len(row.operators) == 1 else ""
    name = row.name if len(row.operators) < 2 else f"{row.name} ({len(row.operators)} operators)"
    predicted = "-" if row.predicted_share is None else figures.percent(row.predicted_share)
    measured = figures.percent(row.measured_share)
    return [
        place,
        shorten(plain(name), 32),
        row.predicted_on or "-",
        plain(row.measured_on) or "-",
        predicted,
        measured,
        f"{row.milliseconds:.3f}",
    ]


def _block(names: str, choice: Choice, view: View, languages: Sequence[str]) -> Iterator[str]:
    sentence = fill(f"{names}: {choice.sentence}", view.width, subsequent_indent="  ")
    yield _bold(names, view) + sentence[len(names) :]
    for heading, lines in recommended.facts(choice):
        if not lines:
            continue
        yield f"  {heading}"
        for line in lines:
            if heading in recommended.VERBATIM:
                yield f"    {line}"
                continue
            yield fill(
                line,
                max(view.width, 40),
                initial_indent="    ",
                subsequent_indent="      ",
                break_long_words=False,
            )
    for snippet in _shown(choice, languages):
        yield f"  {snippet.language}, for {snippet.title}"
        yield from (f"    {line}".rstrip() for line in _whole(snippet).strip().splitlines())


def markdown(advice: Advice, view: View, languages: Sequence[str] = ()) -> bytes:
    """For a pull request or a wiki page."""
    lines = [f"## {escaped(advice.path)}", "", escaped(phrases.card(advice))]
    lines += [line for told in _memory(advice) for line in ("", escaped(told))]
    for names, choice in recommended.each(advice.recommendation):
        lines += ["", f"### {names}: {escaped(choice.sentence)}"]
        for heading, told in recommended.facts(choice):
            lines += ["", f"**{heading}**", "", *_listed(heading, told)] if told else []
        for snippet in _shown(choice, languages):
            title = escaped(f"{snippet.language}, for {snippet.title}")
            lines += ["", f"**{title}**", "", *_fenced(_whole(snippet))]
    if advice.measured is not None:
        lines += ["", *_profile_rows(advice.measured)]
    return ("\n".join(lines) + "\n").encode()


def _profile_rows(profile: Profile) -> Iterator[str]:
    yield f"### Measured by {profile.kind} ({escaped(profile.file)})"
    yield ""
    yield "| | operator | predicted on | measured on | predicted | measured | ms |"
    yield "|---|---|---|---|--:|--:|--:|"
    for row in sorted(profile.rows, key=lambda row: -row.milliseconds):
        yield f"| {' | '.join(map(escaped, _measured(row)))} |"
    yield ""
    yield escaped(_agreement(profile))


def _shown(choice: Choice, languages: Sequence[str]) -> list[Snippet]:
    return [snippet for snippet in choice.code if snippet.language in languages]


def _whole(snippet: Snippet) -> str:
    return "\n".join([*snippet.libraries, "", snippet.code])


def _listed(heading: str, told: list[str]) -> list[str]:
    if heading in recommended.VERBATIM:
        return _fenced("\n".join(told))
    return [f"- {escaped(line)}" for line in told]


def _fenced(text: str) -> list[str]:
    return ["```text", *text.strip("\n").splitlines(), "```"]


def _bold(text: str, view: View) -> str:
    return f"\x1b[1m{text}\x1b[0m" if view.color else text

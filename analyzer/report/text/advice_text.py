"""What to choose for a model, as text for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report.document.advice import Advice
from analyzer.report.document.recommendation import Choice, Snippet
from analyzer.report.view import View
from analyzer.report.wording import figures, recommended
from analyzer.report.wording.hostile_text import escaped, fill, plain, shorten


def table(advice: Advice, view: View, languages: Sequence[str] = ()) -> bytes:
    """For a terminal: a block a platform, the sentence first; code in `languages` last."""
    path, facts = shorten(plain(advice.path), view.width), _card(advice)
    beside = len(path) + len(facts) + 3 <= view.width
    blocks = [_bold(path, view) + (f"   {facts}" if beside else f"\n{fill(facts, view.width)}")]
    for names, choice in recommended.each(advice.recommendation):
        blocks.append("\n".join(_block(names, choice, view, languages)))
    if not advice.recommendation.choices:
        blocks.append("No delegate was asked that an app could choose.")
    return ("\n\n".join(blocks) + "\n").encode()


def _card(advice: Advice) -> str:
    macs = [f"{figures.macs(advice.macs)} MACs"] if advice.macs else []
    weights = [f"{' and '.join(advice.weights)} weights"] if advice.weights else []
    size = figures.size(advice.bytes)
    return ", ".join([figures.count(advice.operators, "operator"), *macs, size, *advice.dtypes[:3], *weights])


def _block(names: str, choice: Choice, view: View, languages: Sequence[str]) -> Iterator[str]:
    sentence = fill(f"{names}: {choice.sentence}", view.width, subsequent_indent="  ", break_on_hyphens=False)
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
                break_on_hyphens=False,
                break_long_words=False,
            )
    for snippet in _shown(choice, languages):
        yield f"  {snippet.language}, for {snippet.title}"
        yield from (f"    {line}".rstrip() for line in _whole(snippet).strip().splitlines())


def markdown(advice: Advice, view: View, languages: Sequence[str] = ()) -> bytes:
    """For a pull request or a wiki page."""
    lines = [f"## {escaped(advice.path)}", "", escaped(_card(advice))]
    for names, choice in recommended.each(advice.recommendation):
        lines += ["", f"### {names}: {escaped(choice.sentence)}"]
        for heading, told in recommended.facts(choice):
            lines += ["", f"**{heading}**", "", *_listed(heading, told)] if told else []
        for snippet in _shown(choice, languages):
            title = escaped(f"{snippet.language}, for {snippet.title}")
            lines += ["", f"**{title}**", "", *_fenced(_whole(snippet))]
    return ("\n".join(lines) + "\n").encode()


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

"""What was said of models beside what was seen to become of them: for a terminal, and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analyzer.conformance.outcomes import WARNED, WORKS, Held, Tally, by_kind, tally
from analyzer.conformance.verdicts import GENERATED, REAL
from analyzer.report.wording.hostile_text import columns, fill, plain

#: Spec -> what was said and seen of its models.
Outcomes = Mapping[str, Sequence[Held]]

_HEADERS = ("works", "false", "false %", "broken", "caught", "caught %", "exact %", "unread")
_SEEN = ("works", "builds", "wrong", "fails", "crash")
_SAID = {
    WORKS: "works",
    WARNED: "works, with a warning",
    "wrong": "wrong",
    "fails": "fails",
    "crash": "crash",
}
#: The longest that a cause may be in a list.
_LONGEST = 70

_INTRO = """\
# Predicted against seen

What an audit says will become of a model, against what was seen to: models were run with the delegate and
compared with the CPU, or the delegate's own code was made to build their graphs.
[How true it is](how-true.md) tells who says so, and what that leaves open. This page is made by
`delegate-analyzer rules verify --works WORKS --models MODELS -o docs/accuracy.md` and written anew when
rules change; a test holds it to that command where the data is present (`DELEGATE_ANALYZER_WORKS` and
`DELEGATE_ANALYZER_MODELS` name the two folders).
"""
_LEGEND = """\
"Works" counts models that were seen to work, or to be built without a comparison ("builds"); "false" those
of them that are said not to. "Broken" are models that come out wrong, fail or crash; "caught" those of which
this is said, "exact" with the right one of the three words. A warning (a hazard: it depends on data, driver
or precision) doesn't count as said.
"""


def overview(outcomes: Outcomes, most: int, width: int) -> Iterator[str]:
    """Figures by delegate, then what was missed and what was said wrongly, by kind."""
    rows = [["delegate", *_HEADERS], *([spec, *_figures(tally(held))] for spec, held in outcomes.items())]
    yield columns(rows, sides=["left"] + ["right"] * len(_HEADERS))
    for spec, held in outcomes.items():
        missed, wrongly = [row for row in held if row.missed], [row for row in held if row.false]
        for title, rows_of in (("not said", missed), ("said wrongly", wrongly)):
            for kind, some in list(by_kind(rows_of).items())[:most]:
                line = f"{spec}: {title}: {len(some):,} x {_cut(kind)}, such as {some[0].seen.path}"
                yield fill(plain(line), width, subsequent_indent="    ")


def page(outcomes: Outcomes) -> str:
    """The tables of predicted and seen outcomes, of real and of generated models, as Markdown."""
    blocks = [_INTRO, sentence(outcomes) + "\n", _LEGEND]
    for origin, title in ((REAL, "Real models"), (GENERATED, "Generated models")):
        chosen = {spec: [row for row in held if row.seen.origin == origin] for spec, held in outcomes.items()}
        chosen = {spec: held for spec, held in chosen.items() if held}
        if chosen:
            blocks += [f"## {title}\n", _markdown(_summary(chosen))]
            blocks += [f"### `{spec}`: {title.lower()}\n\n{_crossed(held)}" for spec, held in chosen.items()]
            if origin == REAL:
                blocks += filter(None, (_listed(spec, held) for spec, held in chosen.items()))
    return "\n".join(blocks)


def sentence(outcomes: Outcomes) -> str:
    """The figures in one line, which the README quotes."""
    whole = [row for held in outcomes.values() for row in held]
    real = [row for row in whole if row.seen.origin == REAL]
    return (
        f"Of {len(whole):,} outcomes that were seen, {len(real):,} of them of real models, "
        f"{_said(tally(whole))}; of real models alone {_said(tally(real))}."
    )


def _said(counted: Tally) -> str:
    caught, false = _share(counted.caught, counted.broken), _share(counted.false, counted.works)
    return f"{caught} % of those that don't work were foreseen and {false} % of those that do were doubted"


def _figures(counted: Tally) -> list[str]:
    numbers = (
        f"{counted.works:,}",
        f"{counted.false:,}",
        _share(counted.false, counted.works),
        f"{counted.broken:,}",
        f"{counted.caught:,}",
        _share(counted.caught, counted.broken),
        _share(counted.exact, counted.broken),
        f"{counted.unread:,}",
    )
    return list(numbers)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _summary(outcomes: Outcomes) -> list[list[str]]:
    return [["delegate", *_HEADERS], *([f"`{s}`", *_figures(tally(held))] for s, held in outcomes.items())]


def _crossed(held: Sequence[Held]) -> str:
    """Predicted by row, seen by column."""
    counted: Counter[tuple[str, str]] = Counter((row.said, row.seen.outcome) for row in held)
    seen = [word for word in _SEEN if any(word == outcome for _, outcome in counted)]
    rows = [["predicted, seen:", *seen]]
    for said, title in _SAID.items():
        rows.append([title, *(f"{counted[said, word]:,}" for word in seen)])
    return _markdown(rows)


def _listed(spec: str, held: Sequence[Held]) -> str:
    """Each real model of which something else was seen than said."""
    differing = [
        row for row in held if row.missed or row.false or (row.caught and row.said != row.seen.outcome)
    ]
    if not differing:
        return ""
    rows = [["model", "predicted", "seen", "cause"]]
    for row in sorted(differing, key=lambda row: row.seen.path):
        cause = _cut(row.seen.kind).replace("|", "\\|").replace("<", "&lt;")
        name = row.seen.path.removeprefix("real/")
        rows.append([f"`{name}`", _SAID.get(row.said, row.said), row.seen.outcome, cause])
    return f"### `{spec}`: real models said otherwise\n\n{_markdown(rows)}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    rule = ["---"] + ["--:" if _number(body, i) else "---" for i in range(1, len(head))]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *body))


def _number(rows: Sequence[Sequence[str]], column: int) -> bool:
    return all(row[column][:1].isdigit() or row[column] == "-" for row in rows)

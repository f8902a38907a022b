"""Agreement of verdicts with the delegates' own, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from analyzer.conformance.record import Agreement
from analyzer.conformance.verdicts import Count, Figures
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, fill, plain

_HEADERS = ("operators", "delegated sets", "partitions")


def summary(agreement: Agreement, width: int) -> str:
    """A line a delegate, all its configurations together."""
    rows = [
        [
            name,
            str(len(targets)),
            *_cells(reduce(Figures.__add__, (target.whole for target in targets), Figures())),
        ]
        for name, targets in agreement.by_delegate().items()
    ]
    return _whole(agreement, ["delegate", "configurations", *_HEADERS], rows, width)


def details(agreement: Agreement, width: int) -> str:
    """A line a configuration."""
    rows = [[name, *_cells(target.whole)] for name, target in agreement.targets.items()]
    return _whole(agreement, ["configuration", *_HEADERS], rows, width)


def disagreements(disagreeing: Iterable[tuple[str, Sequence[str]]], most: int, width: int) -> Iterator[str]:
    """Verdicts that differ, the first of each configuration."""
    for name, wrong in disagreeing:
        for line in wrong[:most]:
            yield fill(f"{name}: {plain(line)}", width, subsequent_indent="    ")
        if len(wrong) > most:
            yield f"{name}: and {len(wrong) - most:,} more"


def _whole(agreement: Agreement, headers: list[str], rows: list[list[str]], width: int) -> str:
    generated, real = agreement.models
    blocks = []
    if agreement.targets:
        kinds = [f"{figures.count(generated, 'generated model')}", *([f"{real:,} real ones"] if real else [])]
        intro = f"Held to what the delegates' own code says of {' and '.join(kinds)}:"
        blocks.append(f"{fill(intro, width)}\n\n{columns([headers, *rows])}")
    lines = list(_runtimes(agreement))
    blocks += ["\n".join(fill(line, width, subsequent_indent="    ") for line in lines)] if lines else []
    return "\n\n".join(blocks)


def _cells(figures: Figures) -> list[str]:
    return [_agreement(count) for count in (figures.operators, figures.delegated, figures.partitions)]


def _agreement(count: Count) -> str:
    """`100 % of 4,769`; 100 % only where all agree."""
    if not count.all:
        return "-"
    hundredths = count.same * 10_000 // count.all
    share = "100" if count.same == count.all else f"{hundredths / 100:.2f}"
    return f"{share} % of {count.all:,}"


def _runtimes(agreement: Agreement) -> Iterator[str]:
    for name, counted in agreement.runtimes.items():
        runtime = counted.runtime or "the runtime"
        said = f"{name}: the operators that {runtime} takes for real: {_agreement(counted.delegated)} models"
        aside = f"{counted.unjudged:,} that it doesn't load, or takes by chance, left aside"
        yield said + (f" ({aside})" if counted.unjudged else "")

"""How far verdicts agree with the delegates' own, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from analyzer.conformance.record import Agreement
from analyzer.conformance.verdicts import Count, Figures
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, fill, plain

_HEADERS = ("operators", "delegated sets", "partitions")


def summary(found: Agreement, width: int) -> str:
    """A line a delegate, all its configurations together."""
    rows = [
        [name, str(len(targets)), *_cells(reduce(Figures.__add__, (one.whole for one in targets), Figures()))]
        for name, targets in found.by_delegate().items()
    ]
    return _whole(found, ["delegate", "configurations", *_HEADERS], rows, width)


def details(found: Agreement, width: int) -> str:
    """A line a configuration."""
    rows = [[name, *_cells(target.whole)] for name, target in found.targets.items()]
    return _whole(found, ["configuration", *_HEADERS], rows, width)


def disagreements(found: Iterable[tuple[str, Sequence[str]]], most: int, width: int) -> Iterator[str]:
    """Where verdicts differ, the first of each."""
    for name, wrong in found:
        for line in wrong[:most]:
            yield fill(f"{name}: {plain(line)}", width, subsequent_indent="    ", break_on_hyphens=False)
        if len(wrong) > most:
            yield f"{name}: and {len(wrong) - most:,} more"


def _whole(found: Agreement, headers: list[str], rows: list[list[str]], width: int) -> str:
    generated, real = found.models
    blocks = []
    if found.targets:
        kinds = [f"{figures.count(generated, 'generated model')}", *([f"{real:,} real ones"] if real else [])]
        intro = f"Held to what the delegates' own code says of {' and '.join(kinds)}:"
        blocks.append(f"{fill(intro, width)}\n\n{columns([headers, *rows])}")
    lines = list(_runtimes(found))
    blocks += ["\n".join(fill(line, width, subsequent_indent="    ") for line in lines)] if lines else []
    return "\n\n".join(blocks)


def _cells(found: Figures) -> list[str]:
    return [_agreement(count) for count in (found.operators, found.delegated, found.partitions)]


def _agreement(count: Count) -> str:
    """`100 % of 4,769`; 100 % only where all agree."""
    if not count.all:
        return "-"
    hundredths = count.same * 10_000 // count.all
    share = "100" if count.same == count.all else f"{hundredths / 100:.2f}"
    return f"{share} % of {count.all:,}"


def _runtimes(found: Agreement) -> Iterator[str]:
    for name, one in found.runtimes.items():
        runtime = one.runtime or "the runtime"
        said = f"{name}: the operators that {runtime} takes for real: {_agreement(one.delegated)} models"
        yield said + (f" ({one.unjudged:,} that it doesn't load left aside)" if one.unjudged else "")

"""A comparison of two models as text for a terminal, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import fill

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from analyzer.report import figures, labels, phrases
from analyzer.report.comparison import SAME, Comparison, Obstacle, Side
from analyzer.report.document import Model, Summary
from analyzer.report.text import plain

_SIGNS = {"better": "+", "worse": "-", "same": " "}
#: How many obstacles of a delegate are shown.
_SHOWN = 6


def json(found: Comparison) -> bytes:
    """The comparison with both models' audits."""
    sides = replace(found, before=_audited(found.before), after=_audited(found.after))
    return msgspec.json.encode(sides) + b"\n"


def _audited(model: Model) -> Model:
    return replace(model, graphs=UNSET, signatures=UNSET)


def table(found: Comparison, width: int) -> str:
    """What got better and what worse."""
    head = [f"{side}  {labels.model(model)}   {phrases.card(model)}" for side, model in _models(found)]
    blocks = ["\n".join(head), _verdicts(found.delegates)]
    blocks += [block for side in found.delegates if (block := _side(side, width))]
    kinds = ", ".join(f"{plain(kind.op)} {kind.before} -> {kind.after}" for kind in found.kinds)
    blocks += [fill(f"operators  {kinds}", width, subsequent_indent="  ")] if kinds else []
    return "\n\n".join(blocks)


def _models(found: Comparison) -> tuple[tuple[str, Model], ...]:
    return ("before", found.before), ("after ", found.after)


def _verdicts(sides: Sequence[Side]) -> str:
    from tabulate import tabulate

    rows = [["delegate", "", "verdict", "operators", "MACs", "partitions", "crossing"]]
    rows += [[side.delegate, side.change, *cells(side)] for side in sides]
    text = tabulate(rows, tablefmt="plain", disable_numparse=True)
    return "\n".join(line.rstrip() for line in text.splitlines())


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
        figures.percent(summary.delegated_macs_share) if summary.macs else "-",
        str(summary.partitions or "-"),
        figures.size(summary.boundary_bytes),
    ]


def _side(side: Side, width: int) -> str:
    changed = [obstacle for obstacle in side.obstacles if obstacle.change != SAME]
    lines = [line for obstacle in changed[:_SHOWN] for line in _obstacle(obstacle, width)]
    more = len(changed) - _SHOWN
    lines += [f"  and {more} more changes"] if more > 0 else []
    return "\n".join([side.delegate, *lines]) if lines else ""


def _obstacle(one: Obstacle, width: int) -> Iterator[str]:
    yield fill(f"{_SIGNS[one.change]} {said(one)}", width, subsequent_indent="  ")
    if one.fix and one.change == "worse":
        yield fill(f"  fix  {plain(one.fix)}", width, subsequent_indent="       ")


def said(one: Obstacle) -> str:
    """`12 -> 0 operators: ...`, or how many more or fewer."""
    counts = f"{one.operators_before} -> {figures.count(one.operators_after, 'operator')}"
    if not one.operators_before and not one.operators_after:
        counts = "gone" if one.change == "better" else "new"
    return f"{counts}: {plain(one.message)}"

"""`compare -o model-explorer=FILE`: the difference of two graphs, laid over one of them in Model Explorer.

Every operator is coloured by how it fares: better, worse, otherwise than before, or there alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from analyzer.report.compare.model_diff import BETTER, SAME, WORSE, Comparison, Match, fares
from analyzer.report.compare.text import file
from analyzer.report.document.audit_document import Audit, Operator, Place
from analyzer.report.wording import labels, phrases

#: The graph that the data is for -> what an operator is that the other one lacks.
SIDES = {"model-explorer": "new", "model-explorer-before": "gone"}
#: How an operator fares -> background and text.
_COLOURS = {
    BETTER: ("#1a7f37", "#ffffff"),
    WORSE: ("#c62828", "#ffffff"),
    SAME: ("#eceff1", "#37474f"),
    "new": ("#1565c0", "#ffffff"),
    "gone": ("#6d4c41", "#ffffff"),
}

_Standing = Mapping[tuple[int, int], tuple[Operator, str]]
#: A delegate, and how operators stand on it before and after.
_Side = tuple[str, _Standing, _Standing]


def render(comparison: Comparison, format: str) -> bytes:
    """Node data for the second graph, or for the first: by graphs and operators as the viewer has them."""
    later = format == "model-explorer"
    model = comparison.after if later else comparison.before
    audits = zip(comparison.before.audits, comparison.after.audits, strict=True)
    sides: list[_Side] = [
        (side.delegate, _standing(earlier), _standing(now))
        for side, (earlier, now) in zip(comparison.delegates, audits, strict=True)
    ]
    graphs = labels.graphs(model)
    operators = labels.by_subgraph(model.audits[0]) if model.audits else {}
    known = {subgraph: labels.nodes(own) for subgraph, own in operators.items()}
    results: dict[int, dict[str, dict[str, str]]] = {subgraph: {} for subgraph in graphs}
    for match in comparison.operators:
        place = match.after if later else match.before
        if place is not None and place.subgraph in results:
            node = known.get(place.subgraph, {}).get(place.operator, str(place.operator))
            results[place.subgraph][node] = _result(match, sides, SIDES[format])
    data = {
        graph: {
            "name": f"{file(comparison.before)} to {file(comparison.after)}",
            "results": results[subgraph],
            "showExpandedSummaryOnGroupNode": True,
        }
        for subgraph, graph in graphs.items()
    }
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def _standing(audit: Audit) -> dict[tuple[int, int], tuple[Operator, str]]:
    """Subgraph and number -> the operator, and how it stands."""
    return {(node.subgraph, node.index): (node, phrases.standing(node, audit)) for node in audit.operators}


def _result(match: Match, sides: Sequence[_Side], alone: str) -> dict[str, str]:
    if match.before is None or match.after is None:
        kind, value = alone, alone
    else:
        changes = list(_changes(match.before, match.after, sides))
        kinds = [kind for kind, _ in changes]
        # What is worse on one delegate isn't made good by another.
        kind = next((kind for kind in (WORSE, BETTER) if kind in kinds), SAME)
        value = "; ".join(text for _, text in changes) or SAME
    background, text = _COLOURS[kind]
    return {"value": value, "bgColor": background, "textColor": text}


def _changes(before: Place, after: Place, sides: Sequence[_Side]) -> Iterator[tuple[str, str]]:
    """How an operator fares on each delegate on which it does so otherwise, and in words."""
    for name, earlier, later in sides:
        old, new = (
            earlier.get((before.subgraph, before.operator)),
            later.get((after.subgraph, after.operator)),
        )
        if old is not None and new is not None and (kind := fares(old[0], new[0])) != SAME:
            yield kind, f"{name} {kind}: {old[1]} to {new[1]}"

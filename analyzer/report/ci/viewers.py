"""`model-explorer` and `netron`: each operator's placement, laid over the graph that a viewer draws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.errors import UsageError
from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.view import View
from analyzer.report.wording import causes, labels, phrases
from analyzer.report.wording.causes import Holding
from analyzer.report.wording.hostile_text import plain

#: State of an operator -> colour of its box and of the text in it; on white each text is readable.
_COLOURS = {
    "delegated": ("#b7dcee", "#10303f"),
    "folded": ("#d5d9dc", "#22282c"),
    "lost": ("#f0d48a", "#3a2c00"),
    "refused": ("#f3b8a4", "#4a1704"),
    "broken": ("#e79aa8", "#4d0414"),
}
#: Longer values are cut: viewers draw them in the boxes.
_LONGEST = 200


def render_model_explorer(document: Document, view: View) -> bytes:
    """A file of node data: one run over one model. Raises: UsageError for several models or delegates."""
    models = [(model, names) for model, names in labels.named(document) if model.error is None]
    if len(models) != 1 or len(audits := _asked(*models[0])) != 1:
        raise UsageError(
            "model-explorer: a file lays one delegate over one model; name one of each, as in "
            "audit model.tflite -d gpu -o model-explorer=gpu.json"
        )
    ((model, _),), ((audit, name),) = models, audits
    data = node_data(model, audit, name, held_back(model))
    return msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n"


def _asked(model: Model, names: list[str]) -> list[tuple[Audit, str]]:
    """Audits, but for those of delegates that their makers have deprecated, with their names."""
    return [pair for pair in zip(model.audits, names, strict=True) if not pair[0].legacy]


def held_back(model: Model) -> Holding:
    """What keeps each operator off a delegate: found once for all delegates of a model."""
    return causes.holding(causes.causes(model))


def node_data(model: Model, audit: Audit, name: str, holding: Holding) -> dict[str, dict[str, Any]]:
    """A graph's id -> its data, each operator by what the viewer knows it by."""
    position = model.audits.index(audit)
    operators, graphs = labels.by_subgraph(audit), {}
    for subgraph, graph in labels.graphs(model).items():
        own = operators.get(subgraph, [])
        known = labels.nodes(own)
        graphs[graph] = {
            "name": name,
            "results": {known[node.index]: _result(node, audit, position, name, holding) for node in own},
            "showExpandedSummaryOnGroupNode": True,
        }
    return graphs


def _result(node: Operator, audit: Audit, position: int, name: str, holding: Holding) -> dict[str, str]:
    colour, text = _COLOURS[phrases.standing(node, audit)]
    return {"value": placed(node, audit, position, name, holding), "bgColor": colour, "textColor": text}


def placed(node: Operator, audit: Audit, position: int, name: str, holding: Holding) -> str:
    """`GPU, partition 0`, `CPU, refused: operator version is 3`: where an operator runs, and why there."""
    state = phrases.standing(node, audit)
    if state == "delegated":
        return f"{name}, partition {node.partition}" if node.partition is not None else name
    if state == "broken":
        return f"{name}, {phrases.where(node, audit)}"
    if state == "folded":
        return "folded into its readers"
    held = holding.get((position, node.subgraph, node.index, node.supported))
    why = f": {plain(held[1].message)}" if held else ""
    return f"CPU, {state}{why}"[:_LONGEST]


def render_netron(document: Document, view: View) -> bytes:
    """An attachment, to be opened after the model. Raises: UsageError for several models."""
    models = [(model, names) for model, names in labels.named(document) if model.error is None]
    if len(models) != 1:
        raise UsageError("netron: an attachment is of one model; name one, as in -o netron=model.json")
    attachment = {
        "signature": "netron:attachment",
        "metadata": list(_attached(*models[0])),
        "metrics": [],
    }
    return msgspec.json.format(msgspec.json.encode(attachment), indent=1) + b"\n"


def _attached(model: Model, names: list[str]) -> Iterator[dict[str, str]]:
    """Of the first subgraph, since nothing tells the viewer which one an operator's number is of."""
    holding = held_back(model)
    for position, (audit, name) in enumerate(zip(model.audits, names, strict=True)):
        for node in audit.operators if not audit.legacy else ():
            if node.subgraph == 0:
                yield {
                    "kind": "node",
                    "identifier": str(node.index),
                    "name": name,
                    "value": placed(node, audit, position, name, holding),
                    "type": "string",
                }

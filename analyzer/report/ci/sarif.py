"""`sarif`: SARIF 2.1.0, as code scanning takes it: a result for each rule, model and delegate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from analyzer.report.ci.alerts import Alert, alerts, uri
from analyzer.report.document.audit_document import Document, Operator, Tool
from analyzer.report.view import View
from analyzer.report.wording import labels
from analyzer.report.wording.hostile_text import plain

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: What GitHub keeps of each: results of a run, locations of a result, characters of a description.
_MOST_RESULTS, _MOST_PLACES, _LONGEST = 5000, 100, 1024


def render(document: Document, view: View) -> bytes:
    """One run over all models; of very many results the gravest are kept."""
    ranked = alerts(document)[:_MOST_RESULTS]
    rules: dict[str, Alert] = {}
    for alert in ranked:
        rules.setdefault(alert.rule, alert)
    order = {rule: index for index, rule in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(document.tool, list(rules.values()))},
        "automationDetails": {"id": "delegate-analyzer/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": all(model.error is None for model in document.models)}],
        "results": [_result(alert, order[alert.rule]) for alert in ranked],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log), indent=1) + b"\n"


def _driver(tool: Tool, rules: Sequence[Alert]) -> dict[str, Any]:
    return {
        "name": tool.name,
        "version": tool.version,
        "semanticVersion": tool.version,
        "rules": [_rule(alert) for alert in rules],
    }


def _rule(alert: Alert) -> dict[str, Any]:
    """A rule as its first alert tells it: what it asks, how to meet it, where it is known from."""
    fix = alert.fix or "See the report."
    known = [alert.source] if alert.source else []
    text = "\n".join([fix, *(f"Source: {source}" for source in known)])
    link = f"[{alert.source}]({alert.permalink})" if alert.permalink else f"`{alert.source}`"
    markdown = "\n\n".join([f"**Fix**: {fix}", *(f"Source: {link}" for _ in known)])
    rule: dict[str, Any] = {
        "id": alert.rule,
        "shortDescription": {"text": f"{alert.rule} is not met"[:_LONGEST]},
        "fullDescription": {"text": alert.message[:_LONGEST]},
        "help": {"text": text, "markdown": f"{markdown}\n\n`delegate-analyzer explain {alert.rule}`"},
        "defaultConfiguration": {"level": alert.level},
        "properties": {"tags": ["tflite", alert.rule.partition("/")[0]], "precision": "very-high"},
    }
    return rule | ({"helpUri": alert.permalink} if alert.permalink else {})


def _result(alert: Alert, index: int) -> dict[str, Any]:
    file = {"artifactLocation": {"uri": uri(alert.model)}, "region": _REGION}
    place: dict[str, Any] = {"physicalLocation": file}
    if logical := list(_logical(alert)):
        place["logicalLocations"] = logical
    return {
        "ruleId": alert.rule,
        "ruleIndex": index,
        "level": alert.level,
        "message": {"text": alert.text},
        "locations": [place],
        "partialFingerprints": {
            "primaryLocationLineHash": alert.fingerprint,
            "delegateAnalyzer/v1": alert.fingerprint,
        },
        "properties": {"delegate": alert.delegate, "operators": len(alert.operators)},
    }


#: A model has no lines; code hosts ask for some.
_REGION = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}


def _logical(alert: Alert) -> Iterator[dict[str, str]]:
    """`main/112/GATHER_ND`: subgraph, operator, and the tensor that it writes."""
    graphs = {graph.index: plain(graph.name) for graph in alert.model.subgraphs}
    for node in alert.operators[:_MOST_PLACES]:
        graph = graphs.get(node.subgraph) or str(node.subgraph)
        yield {
            "name": _name(node),
            "fullyQualifiedName": f"{graph}/{node.index}/{labels.operator(node)}",
            "kind": "member",
        }


def _name(node: Operator) -> str:
    return labels.tensor(node.output) if node.output else f"{labels.place(node)} {labels.operator(node)}"

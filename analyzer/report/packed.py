"""The document made small for embedding: what an operator is once a model, each finding once a document.

`report.js` unpacks it; so does anything else that follows these lines:
an audit's `operators` become `placements`, one entry for each entry of the model's `nodes`, of the
columns `PLACEMENT`; `findings` in there are positions in the document's `findings`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from analyzer.report.document import Audit, Document, Finding, Model, Operator

#: The columns of `nodes`: the same for every delegate.
NODE = ("subgraph", "index", "op", "version", "custom", "output", "macs")
#: The columns of `placements`.
PLACEMENT = ("supported", "folded", "delegated", "partition", "lost", "findings")

_ACTIVE = "<>&\u2028\u2029" + "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))


def pack(document: Document) -> bytes:
    """JSON that is safe inside a script element."""
    findings: dict[Finding, int] = {}
    models = [_model(model, findings) for model in document.models]
    packed = _fields(document) | {
        "node": NODE,
        "placement": PLACEMENT,
        "models": models,
        "findings": list(findings),
    }
    return _inert(msgspec.json.encode(packed))


def _inert(json: bytes) -> bytes:
    """JSON without characters that mean something in HTML or turn the direction of its source.

    All of them only ever occur inside JSON's strings.
    """
    for char in _ACTIVE:
        json = json.replace(char.encode(), b"\\u%04x" % ord(char))
    return json


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)


def _model(model: Model, findings: dict[Finding, int]) -> dict[str, Any]:
    nodes = [_values(node, NODE) for node in model.audits[0].operators] if model.audits else []
    return _fields(model) | {"nodes": nodes, "audits": [_audit(audit, findings) for audit in model.audits]}


def _audit(audit: Audit, findings: dict[Finding, int]) -> dict[str, Any]:
    placements = [_placement(node, findings) for node in audit.operators]
    fields = _fields(audit) | {"placements": placements}
    del fields["operators"]
    return fields


def _placement(node: Operator, findings: dict[Finding, int]) -> list[Any]:
    positions = [findings.setdefault(finding, len(findings)) for finding in node.findings]
    return [int(node.supported), int(node.folded), int(node.delegated), node.partition, node.lost, positions]


def _values(node: Operator, names: tuple[str, ...]) -> list[Any]:
    return [getattr(node, name) for name in names]

"""`cyclonedx`: models as components of an ML-BOM (CycloneDX 1.6); their model cards say where they run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec

from analyzer.report.document.audit_document import Audit, Document, Model
from analyzer.report.view import View
from analyzer.report.wording import labels, outcome, phrases
from analyzer.report.wording.hostile_text import plain

_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
#: What properties are called that are ours.
_OURS = "delegate-analyzer"


def render(document: Document, view: View) -> bytes:
    """One component a model that could be read; `--hash` adds what tells it again."""
    bom = {
        "$schema": _SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {
                "components": [
                    {"type": "application", "name": document.tool.name, "version": document.tool.version}
                ]
            }
        },
        "components": [
            _component(f"model-{number}", model, names)
            for number, (model, names) in enumerate(labels.named(document), 1)
            if model.error is None
        ],
    }
    return msgspec.json.format(msgspec.json.encode(bom), indent=2) + b"\n"


def _component(reference: str, model: Model, names: list[str]) -> dict[str, Any]:
    path = plain(model.path)
    hashes = [{"alg": "SHA-256", "content": model.sha256}] if model.sha256 else []
    return {
        "type": "machine-learning-model",
        # Two models of a set may have the same name.
        "bom-ref": reference,
        "name": os.path.basename(path) or path,
        **({"description": plain(model.description)} if model.description else {}),
        **({"hashes": hashes} if hashes else {}),
        "modelCard": _card(model, names),
        "properties": [
            {"name": f"{_OURS}:{name}", "value": str(value)}
            for name, value in (
                ("path", path),
                ("bytes", model.bytes),
                ("operators", model.operators),
                ("macs", model.macs),
                ("element-types", ", ".join((*model.dtypes, *model.weights))),
            )
        ],
    }


def _card(model: Model, names: list[str]) -> dict[str, Any]:
    audits = list(zip(names, model.audits, strict=True))
    metrics = [
        {"type": f"{what} on {name}", "value": value}
        for name, audit in audits
        for what, value in _figures(audit)
    ]
    limits = [f"{name}: {_limit(audit)}" for name, audit in audits if audit.summary.verdict != "full"]
    return {
        "modelParameters": {"modelArchitecture": "TensorFlow Lite"},
        **({"quantitativeAnalysis": {"performanceMetrics": metrics}} if metrics else {}),
        **({"considerations": {"technicalLimitations": limits}} if limits else {}),
    }


def _figures(audit: Audit) -> Iterator[tuple[str, str]]:
    summary = audit.summary
    yield "verdict", summary.verdict
    yield "share of MACs delegated", f"{summary.delegated_macs_share:.4g}"
    yield "partitions", str(summary.partitions)


def _limit(audit: Audit) -> str:
    if outcome.broken(audit.summary) and audit.decided is not None:
        return f"{audit.summary.verdict}: {plain(audit.decided.message)} [{audit.decided.rule}]"
    return f"{audit.summary.verdict}: {phrases.held_back(audit)}"

"""`delegate-analyzer schema`."""

from __future__ import annotations

import json
from typing import Any

import click

from analyzer.cli import HOLDS, Command


@click.command("schema", cls=Command)
@click.option(
    "--of",
    type=click.Choice(["audit", "fix", "recommendation", "log", "devices", "pack", "fleet", "fleet-diff"]),
    default="audit",
    show_default=True,
    help="What these commands write as JSON, or a rule file, so that editors complete it.",
)
def command(of: str) -> int:
    """Print a JSON Schema: of what audit, fix, recommend, log or devices write as JSON, or of rule files."""
    schemas = {
        "audit": _audit_schema,
        "fix": _fix_schema,
        "recommendation": _advice_schema,
        "log": _log_schema,
        "devices": _devices_schema,
        "pack": _pack_schema,
        "fleet": _survey_schema,
        "fleet-diff": _changes_schema,
    }
    click.echo(json.dumps(schemas[of](), indent=2))
    return HOLDS


def _audit_schema() -> dict[str, Any]:
    from analyzer.report.document import audit_document

    return audit_document.json_schema()


def _advice_schema() -> dict[str, Any]:
    from analyzer.report.document import advice

    return advice.json_schema()


def _fix_schema() -> dict[str, Any]:
    from analyzer.report.fix import fix_document

    return fix_document.json_schema()


def _pack_schema() -> dict[str, Any]:
    import msgspec

    from analyzer.rules.loading.format import PackTable

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(PackTable)}


def _survey_schema() -> dict[str, Any]:
    from analyzer.report.fleet import survey_document

    return survey_document.survey_schema()


def _changes_schema() -> dict[str, Any]:
    from analyzer.report.fleet import survey_document

    return survey_document.changes_schema()


def _log_schema() -> dict[str, Any]:
    from analyzer.device_log import log_document

    return log_document.json_schema()


def _devices_schema() -> dict[str, Any]:
    from analyzer.devices import devices_document

    return devices_document.json_schema()

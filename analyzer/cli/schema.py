"""`delegate-analyzer schema`."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import click

from analyzer.cli import HOLDS, Command

#: What there is a schema of -> the module and the function that give it.
_SCHEMAS = {
    "audit": ("report.document.audit_document", "json_schema"),
    "fix": ("report.fix.fix_document", "json_schema"),
    "recommendation": ("report.document.advice", "json_schema"),
    "log": ("device_log.log_document", "json_schema"),
    "devices": ("devices.devices_document", "json_schema"),
    "pack": ("cli.schema", "pack_schema"),
    "fleet": ("report.fleet.survey_document", "survey_schema"),
    "fleet-diff": ("report.fleet.survey_document", "changes_schema"),
}


@click.command("schema", cls=Command)
@click.option(
    "--of",
    type=click.Choice(list(_SCHEMAS)),
    default="audit",
    show_default=True,
    help="What these commands write as JSON, or a rule file, so that editors complete it.",
)
def command(of: str) -> int:
    """Print a JSON Schema: of what audit, fix, recommend, log or devices write as JSON, or of rule files."""
    module, function = _SCHEMAS[of]
    schema = getattr(import_module(f"analyzer.{module}"), function)
    click.echo(json.dumps(schema(), indent=2))
    return HOLDS


def pack_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file."""
    import msgspec

    from analyzer.rules.loading.format import PackTable

    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(PackTable)}

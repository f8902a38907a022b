"""`delegate-analyzer schema`."""

from __future__ import annotations

import json

import click

from analyzer.cli import HOLDS
from analyzer.report.document import audit_document


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of what `audit --format json` writes."""
    click.echo(json.dumps(audit_document.json_schema(), indent=2))
    return HOLDS

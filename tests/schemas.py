"""Documents held to their JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def faults(document: Any, schema: Mapping[str, Any]) -> list[str]:
    """What about a document isn't as the schema says; nothing where all is."""
    # Not before it is needed: loading it compiles a grammar of addresses, which takes seconds.
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]

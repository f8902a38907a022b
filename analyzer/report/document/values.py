"""Kinds of values in the public document."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]


def one_of(*values: str) -> Meta:
    """One of these texts."""
    return Meta(extra_json_schema={"enum": list(values)})

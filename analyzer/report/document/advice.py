"""What `recommend` puts out: one model, and what to choose for it."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from analyzer.report.document.audit_document import SCHEMA, Model, Tool, published
from analyzer.report.document.convert import TOOL
from analyzer.report.document.costs import Memory, Profile
from analyzer.report.document.recommendation import Recommendation
from analyzer.report.document.values import Count


class Advice(Struct, frozen=True, kw_only=True):
    """One model and its recommendation; `operators` and `macs` are totals over all subgraphs."""

    schema: int = SCHEMA
    tool: Tool = TOOL
    path: str
    bytes: Count
    operators: Count
    macs: Count
    dtypes: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    recommendation: Recommendation
    memory: Memory | None = None
    #: A profile that was measured, where one was given.
    measured: Profile | None = None


def advice(model: Model, memory: Memory | None = None, measured: Profile | None = None) -> Advice:
    """The part of an audited model that is advice."""
    return Advice(
        path=model.path,
        bytes=model.bytes,
        operators=model.operators,
        macs=model.macs,
        dtypes=model.dtypes,
        weights=model.weights,
        recommendation=model.recommendation or Recommendation(considered=(), choices=()),
        memory=memory,
        measured=measured,
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `Advice`."""
    return published(msgspec.json.schema(Advice), "Delegate Analyzer recommendation")

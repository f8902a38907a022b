"""The public output of `log`: known lines, what was delegated and refused, and what was predicted.

Field names are the JSON's. Additions are allowed; a change of what stands here needs a new `SCHEMA`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

#: The number of this shape, as `schema` in the output.
SCHEMA = 1


class KnownLine(Struct, frozen=True, kw_only=True):
    """A line that is known: where it first stands, how often it comes, what it says in words.

    `delegate` is a pack's name, null where the line is about none or it can't be told which. `failure`:
    something doesn't work, `breaks`: the delegate couldn't be built for the model, `ran`: the model was
    run to its end. `routine` lines come in every log, whatever becomes of the model.
    """

    line: int
    times: int
    kind: str
    delegate: str | None
    text: str
    says: str
    fix: str
    failure: bool
    breaks: bool
    ran: bool
    routine: bool
    source: str


class Refusal(Struct, frozen=True, kw_only=True):
    """A kind of operator that a delegate refuses, with its own reason and what that means."""

    line: int
    delegate: str | None
    operator: str
    reason: str
    means: str


class Share(Struct, frozen=True, kw_only=True):
    """What a delegate took of one subgraph, as far as lines tell.

    `partitions` are those delegated, `subsets` counts what is left between them as well. `part` is full,
    partial or none.
    """

    line: int
    delegate: str | None
    kernel: str
    subgraph: int = 0
    nodes: int | None = None
    total: int | None = None
    partitions: int | None = None
    subsets: int | None = None
    part: str | None = None


class Releases(Struct, frozen=True, kw_only=True):
    """The releases that write what the log says; `told_by` are the lines that date it."""

    since: str | None = None
    before: str | None = None
    told_by: tuple[int, ...] = ()


class Figure(Struct, frozen=True, kw_only=True):
    """One figure of the log beside that of the prediction."""

    name: str
    log: str
    predicted: str
    agrees: bool


class RefusedOperators(Struct, frozen=True, kw_only=True):
    """A kind of operator that log or prediction refuse: its reason, and the rules' with the fix."""

    operator: str
    #: Indices, in the model's main subgraph or the one that the log is about.
    operators: tuple[int, ...]
    in_log: bool
    predicted: bool
    reason: str
    messages: tuple[str, ...]
    rules: tuple[str, ...]
    fix: str


class Comparison(Struct, frozen=True, kw_only=True):
    """The log beside the audit of one delegate; `agrees` is null where they can't be held together."""

    delegate: str
    parameters: dict[str, str | int | bool]
    verdict: str
    agrees: bool | None
    remark: str
    figures: tuple[Figure, ...] = ()
    refused: tuple[RefusedOperators, ...] = ()
    #: Where it isn't, releases of the runtime for which the prediction would be what the log says.
    fits: tuple[str, ...] = ()


class LogDocument(Struct, frozen=True, kw_only=True):
    """One log. `lines_read` counts all, `known` are those that mean something."""

    schema: int = SCHEMA
    path: str
    lines_read: int
    known: tuple[KnownLine, ...]
    left_out: int
    delegates: tuple[str, ...]
    shares: tuple[Share, ...]
    refusals: tuple[Refusal, ...]
    releases: Releases
    #: Parameters of each delegate that follow from lines.
    parameters: dict[str, dict[str, str]]
    model: str | None = None
    comparisons: tuple[Comparison, ...] = ()


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `LogDocument`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Delegate Analyzer log"}
    return dialect | msgspec.json.schema(LogDocument)

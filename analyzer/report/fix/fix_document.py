"""What became of a model that was rewritten, in its public shape. Field names are the JSON's."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from analyzer.report.compare.model_diff import Side
from analyzer.report.document import convert
from analyzer.report.document.audit_document import SCHEMA, Tool
from analyzer.report.document.values import Count, one_of
from analyzer.rewriting.fix import Fix
from analyzer.rewriting.fixer import Step


class AppliedRewrite(Struct, frozen=True, kw_only=True):
    """A rewrite at so many places; `operators` are those that there are more of since, or fewer.

    `promise` is the least signal to noise in dB that it leaves, null where outputs stay equal.
    """

    name: str
    title: str
    promise: float | None
    places: Count
    operators: dict[str, int]


class DroppedRewrite(Struct, frozen=True, kw_only=True):
    """A rewrite that delegates would have gained by, and that the runs didn't bear out."""

    name: str
    reason: str


class ProvenOutput(Struct, frozen=True, kw_only=True):
    """One output of the result against the original's: `equal` is the share of elements that are the same."""

    name: str
    equal: float
    max_abs: float
    snr_db: float | None


class ProofResult(Struct, frozen=True, kw_only=True):
    """`holds`, or `unproven` where nothing could be run: `message` says why."""

    status: Annotated[str, one_of("holds", "unproven")]
    message: str
    outputs: tuple[ProvenOutput, ...]


class FixResult(Struct, frozen=True, kw_only=True):
    """`written` is null where nothing was to be written; without `rewrites`, `batch` and `tail` the file is
    the original's copy.

    `delegates` are both models under each delegate, as `compare` has them.
    """

    schema: int = SCHEMA
    tool: Tool = convert.TOOL
    path: str
    written: str | None
    #: The second model, where the tail was cut off, and the operators that are in it.
    tail: str | None
    moved: dict[str, int]
    bytes_before: Count
    bytes_after: Count
    #: What a free batch was fixed to.
    batch: Count | None
    rewrites: tuple[AppliedRewrite, ...]
    dropped: tuple[DroppedRewrite, ...]
    #: Null where nothing was run.
    proof: ProofResult | None
    delegates: tuple[Side, ...]


def fix_result(fix: Fix, sides: tuple[Side, ...], written: str | None, tail: str | None = None) -> FixResult:
    """The result of `fix`, with its files."""
    model = fix.plan.before.model
    return FixResult(
        path=model.path,
        written=written,
        tail=tail,
        moved=dict(sorted(fix.moved.items())),
        bytes_before=model.size,
        bytes_after=len(fix.data),
        batch=fix.batch,
        rewrites=tuple(_rewrites(fix.plan.steps)),
        dropped=tuple(DroppedRewrite(name=name, reason=why) for name, why in fix.dropped.items()),
        proof=_proof(fix),
        delegates=sides,
    )


def _rewrites(steps: tuple[Step, ...]) -> list[AppliedRewrite]:
    """One for each rewrite, however many rounds it came in."""
    joined: list[AppliedRewrite] = []
    for rewrite in dict.fromkeys(step.rewrite for step in steps):
        own = [step for step in steps if step.rewrite == rewrite]
        operators: dict[str, int] = {}
        for name, count in (item for step in own for item in step.operators.items()):
            operators[name] = operators.get(name, 0) + count
        joined.append(
            AppliedRewrite(
                name=rewrite.name,
                title=rewrite.title,
                promise=rewrite.promise.snr_db,
                places=sum(step.places for step in own),
                operators=dict(sorted(operators.items())),
            )
        )
    return joined


def _proof(fix: Fix) -> ProofResult | None:
    if fix.proof is None:
        return None
    outputs = (
        ProvenOutput(name=output.name, equal=output.equal, max_abs=output.max_abs, snr_db=output.snr_db)
        for output in fix.proof.outputs
    )
    return ProofResult(status=fix.proof.status, message=fix.proof.message, outputs=tuple(outputs))


def render_json(result: FixResult) -> bytes:
    return msgspec.json.encode(result) + b"\n"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `FixResult`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Delegate Analyzer fix"}
    return dialect | msgspec.json.schema(FixResult)

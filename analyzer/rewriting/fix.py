"""A model's file rewritten for delegates, and what is known of the result."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.types import Audit
from analyzer.errors import ModelError
from analyzer.execution.request import Limits
from analyzer.interpreter import Interpreter
from analyzer.model.graph import Model
from analyzer.model.read import contents, damage_told
from analyzer.rewriting import free_batch
from analyzer.rewriting.amend import Amendment
from analyzer.rewriting.compaction import compacted, worth_compacting
from analyzer.rewriting.draft import Draft
from analyzer.rewriting.fixer import Fixer, Plan, Step
from analyzer.rewriting.proof import BROKEN, Original, Proof, prove, prove_split
from analyzer.rewriting.rewrite import EQUAL, Promise
from analyzer.rewriting.split import split

#: Limits of each run that proves a result.
LIMITS = Limits()


class Fix(Struct, frozen=True):
    """What became of a model."""

    plan: Plan
    #: The file to write: the original's own bytes where nothing helps.
    data: bytes
    #: None where nothing was changed, or nothing was to be run.
    proof: Proof | None = None
    #: Rewrites that would have helped and weren't borne out -> why.
    dropped: Mapping[str, str] = {}
    #: The second model, where the tail was cut off, and the operators that are in it.
    tail: bytes | None = None
    moved: Mapping[str, int] = {}
    #: The audit of what is to be written, the head where there is a tail.
    audit: Audit | None = None
    #: What a free batch was fixed to, where that was asked.
    batch: int | None = None

    def __repr__(self) -> str:
        before, after = self.plan.before, self.audit or self.plan.after
        done = ", ".join(step.rewrite.name for step in self.plan.steps) or "nothing to rewrite"
        fared = ", ".join(
            f"{old.spec} {old.verdict} -> {new.verdict}"
            for old, new in zip(before.delegates, after.delegates, strict=True)
        )
        return f"<Fix of {before.model.path!r}: {done}; {fared}>"

    @property
    def promise(self) -> Promise:
        return promised(self.plan.steps)


def promised(steps: tuple[Step, ...]) -> Promise:
    """The least that the rewrites of these steps promise together."""
    bounds = [step.rewrite.promise.snr_db for step in steps]
    least = min((bound for bound in bounds if bound is not None), default=None)
    return EQUAL if least is None else Promise(least)


class _Case(Struct, frozen=True):
    """A model's file, and what it is run with."""

    original: Original
    amendment: Amendment
    draft: Draft
    limits: Limits

    def written(self, draft: Draft) -> bytes:
        """The file; without what it no longer refers to where other weights have come in."""
        data = self.amendment.written(draft.model, draft.origins, draft.buffers)
        return compacted(data) if worth_compacting(self.original.model, draft.model) else data

    def proof(self, draft: Draft, steps: tuple[Step, ...]) -> Proof:
        return prove(self.original, self.written(draft), promised(steps), self.limits)


def fix(
    model: Model,
    path: str,
    auditor: Auditor,
    interpreter: Interpreter,
    limits: Limits = LIMITS,
    proven: bool = True,
    tail: bool = False,
    batch: int | None = None,
) -> Fix:
    """Rewrite a file's model as far as audits say that it helps; run both if it is to be `proven`.

    With `tail` what delegates leave at the end is cut off into a second model, with `batch` a free batch is
    fixed first.

    Raises: ModelError for a file that can't be rewritten without loss, or can't have such a batch; UsageError
    without a free batch.
    """
    with damage_told(model.path):
        data = contents(path, model.path)
        amendment = Amendment(data, model)
        shapes = {} if batch is None else free_batch.shapes_with(model, batch)
        draft = Draft.of(model, amendment)
        if shapes:
            draft = free_batch.fixed(draft, interpreter, shapes)
        case = _Case(Original(model, path, shapes), amendment, draft, limits)
        fixed = _rewritten(case, Fixer(auditor, interpreter), proven)
        if tail:
            fixed = _split(case, fixed, auditor, proven)
        if fixed.proof is not None and fixed.proof.status == BROKEN:
            advice = "give --batch another one, or leave it out"
            raise ModelError(model.path, f"can't have this batch: {fixed.proof.message}", advice)
        if fixed.plan.steps or fixed.tail is not None or shapes:
            return replace(fixed, batch=batch)
        return replace(fixed, data=bytes(data), proof=None)


def _split(case: _Case, fixed: Fix, auditor: Auditor, proven: bool) -> Fix:
    """The result in two models, where that helps and is borne out."""
    parts = split(fixed.plan, auditor)
    if parts is None:
        return fixed
    head, rest = case.written(parts.head), parts.tail(fixed.data)
    proof = prove_split(case.original, (head, rest), fixed.promise, case.limits) if proven else None
    if proof is not None and proof.status == BROKEN:
        return replace(fixed, dropped={**fixed.dropped, "split-tail": proof.message})
    return replace(fixed, data=head, proof=proof, tail=rest, moved=parts.moved, audit=parts.audit)


def _rewritten(case: _Case, fixer: Fixer, proven: bool) -> Fix:
    dropped: dict[str, str] = {}
    while True:
        plan = fixer.plan(case.draft, dropped)
        written = case.written(plan.draft)
        changed = plan.draft.model is not case.original.model
        proof = case.proof(plan.draft, plan.steps) if proven and changed else None
        if proof is None or proof.status != BROKEN or not plan.steps:
            return Fix(plan, written, proof, dropped)
        culprit, why = _culprit(case, plan, proof)
        dropped[culprit] = why


def _culprit(case: _Case, plan: Plan, proof: Proof) -> tuple[str, str]:
    """The first rewrite after which the numbers are other ones, and how they are."""
    for number, step in enumerate(plan.steps[:-1], 1):
        result = case.proof(step.draft, plan.steps[:number])
        if result.status == BROKEN:
            return step.rewrite.name, result.message
    return plan.steps[-1].rewrite.name, proof.message

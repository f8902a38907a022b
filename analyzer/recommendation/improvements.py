"""What would help beside a choice: other parameters, the file rewritten, another element type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from analyzer.recommendation import sentences
from analyzer.recommendation.candidates import (
    Attempted,
    Candidate,
    Repaired,
    Requantized,
    available,
    candidates,
    cost,
)
from analyzer.recommendation.deployment import Deployment
from analyzer.recommendation.details import doubts
from analyzer.report.document.audit_document import Audit, Model
from analyzer.report.document.recommendation import Improvement
from analyzer.report.wording import figures, outcome

#: The command that rewrites a model, but for what is asked of it, and where the result goes.
_FIX, _RESULT = ("delegate-analyzer", "fix", "MODEL"), ("-o", "OUT.tflite")
#: So much more of the MACs is worth telling.
_TELLING = 0.05
_EIGHT_BITS = ("INT8", "UINT8", "INT16", "UINT16")


def options(ranked: Sequence[Candidate], attempts: Sequence[Attempted]) -> Iterator[Improvement]:
    """Parameters, not chosen already, by which a delegate takes more or fewer hazards are left."""
    for candidate in ranked:
        asked = candidate.instead_of or candidate
        for attempt in attempts:
            if attempt.parameters == candidate.parameters and candidate is ranked[0] and candidate.worth:
                continue
            if attempt.concerns(asked.audit) and (said := _gained(asked, attempt)):
                yield Improvement(
                    kind="option",
                    delegate=asked.audit.delegate,
                    text=f"{attempt.given} on {asked.deployment.name}: {said} ({attempt.how}).",
                    delegated_macs_share=attempt.audit.summary.delegated_macs_share,
                )


def _gained(asked: Candidate, attempt: Attempted) -> str:
    """What other parameters change; empty where it is nothing to speak of."""
    before, after = asked.audit.summary, attempt.audit.summary
    if outcome.broken(after):
        return ""
    if asked.broken:
        return f"{sentences.takes(after)}, and it works"
    if after.delegated_macs_share > before.delegated_macs_share + _TELLING:
        pays = cost(after, asked.deployment.cost).delegated < asked.cost.delegated
        crossing = "" if pays else f", though going there and back {after.partitions} times eats it"
        return f"{sentences.takes(after)} instead of {sentences.takes(before)}{crossing}"
    fewer = _dangers(asked.audit) - _dangers(attempt.audit)
    return f"{figures.count(fewer, 'hazard')} fewer" if fewer > 0 else ""


def repairs(ranked: Sequence[Candidate], repaired: Sequence[Repaired]) -> Iterator[Improvement]:
    """What the model's own file rewritten would bring, for the delegates that are there to stay.

    What changes more for the app is told where it brings more.
    """
    for candidate in ranked:
        before = (candidate.instead_of or candidate).audit
        for repair in repaired if candidate.current else ():
            after = repair.audits.get(before.delegate)
            if after is not None and _mended(before, after):
                yield _repair(candidate.instead_of or candidate, after, repair)
                before = after


def _repair(asked: Candidate, after: Audit, repair: Repaired) -> Improvement:
    summary = asked.audit.summary
    if asked.broken:
        was = f", where now {sentences.why_not(asked)}"
    else:
        was = f" instead of {sentences.takes(summary) if summary.delegated else sentences.NOTHING}"
    command = " ".join((*_FIX, "-d", ",".join(repair.delegates), *repair.options, *_RESULT))
    return Improvement(
        kind="fix",
        delegate=asked.audit.delegate,
        text=f"{asked.deployment.name}, {sentences.takes(after.summary)}{was}: "
        f"{command} ({', '.join((*repair.rewrites, *repair.changes))}).",
        delegated_macs_share=after.summary.delegated_macs_share,
    )


def _mended(before: Audit, after: Audit) -> bool:
    """Whether it works where it didn't, is taken whole where it wasn't, or more of it is."""
    now, then = before.summary, after.summary
    if outcome.broken(then):
        return False
    whole = then.verdict == "full" and now.verdict != "full"
    return outcome.broken(now) or whole or then.delegated_macs_share > now.delegated_macs_share + _TELLING


def _dangers(audit: Audit) -> int:
    counted = Counter(finding.severity for node in audit.operators for finding in node.findings)
    return counted["hazard"] + counted["wrong"]


def quantizing(candidate: Candidate, model: Model) -> Iterator[Improvement]:
    """What another element type would bring, by rule."""
    # What multiplies nothing has hardly any weights: no other type makes its file much smaller.
    text = candidate.deployment.quantizing.get(made_of(model)) if model.macs else None
    if text:
        yield Improvement(kind="quantize", delegate=candidate.audit.delegate, text=text)


def converted(
    model: Requantized, deployments: Mapping[str, Deployment], platform: str, rest: str, rest_named: str
) -> Improvement:
    """What another element type comes to: the best choice for the model that was converted with it."""
    accelerators = [audit for audit in model.audits if audit.fallback]
    best = next(iter(candidates(available(accelerators, deployments, platform), (), deployments)), None)
    size = figures.size(model.bytes)
    if best is None or not best.worth:
        text = f"{model.dtype} (converted, {size}): stay on {rest_named}."
        return Improvement(kind="quantize", delegate=rest, text=text)
    told = f"{best.name}, {sentences.takes(best.audit.summary)}"
    warned = " It may go wrong." if doubts(best.audit) else ""
    return Improvement(
        kind="quantize",
        delegate=best.audit.delegate,
        text=f"{model.dtype} (converted, {size}): {told}.{warned}",
        delegated_macs_share=best.audit.summary.delegated_macs_share,
    )


def made_of(model: Model) -> str:
    """`int8` where operators compute in 8 or 16 bits, else by the weights: float32, float16, dynamic."""
    if any(dtype in _EIGHT_BITS for dtype in model.dtypes):
        return "int8"
    if "FLOAT16" in model.weights:
        return "float16"
    return "dynamic" if model.weights else "float32"

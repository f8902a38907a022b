"""What an app could set where a delegate as it is falls short: tried, by auditing once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import varied
from analyzer.auditing.types import Audit, Configuration
from analyzer.model.graph import Model
from analyzer.recommendation.candidates import Attempted
from analyzer.recommendation.deployment import Attempt, deployments
from analyzer.report.document import audit_document, convert
from analyzer.rules.registry import Packs

#: Sizes of inputs by name, as an app may resize them.
Shapes = Mapping[str, tuple[int, ...]]


def attempts(
    packs: Packs,
    model: Model,
    audit: Audit,
    document: audit_document.Model,
    shapes: Shapes | None = None,
    registered: Sequence[str] = (),
    choosing: bool = False,
) -> list[Attempted]:
    """Each delegate with what might help it; a deprecated one isn't helped.

    `document` is of the `audit`. `choosing`: only what may change which delegate is the best.
    Raises: RuleError, ModelError.
    """
    tried = [*_to_try(audit, document, choosing)]
    if not tried:
        return []
    auditor = Auditor(packs, [other for _, other in tried], (), registered)
    audits = convert.model(auditor.audit(model, shapes, audit.prepared)).audits
    return [
        Attempted(
            again,
            {name: again.parameters[name] for name in attempt.parameters},
            attempt.how,
            attempt.where,
            attempt.platforms,
        )
        for (attempt, _), again in zip(tried, audits, strict=True)
    ]


def _to_try(
    audit: Audit, document: audit_document.Model, choosing: bool
) -> Iterator[tuple[Attempt, Configuration]]:
    for audited, told in zip(audit.delegates, document.audits, strict=True):
        known = deployments().get(told.delegate)
        for attempt in known.attempt if known and told.status == "current" else ():
            other = varied(audited.configuration, attempt.parameters)
            if other is not None and _might_help(attempt, told, choosing):
                yield attempt, other


def _might_help(attempt: Attempt, audit: audit_document.Audit, choosing: bool) -> bool:
    if attempt.when == "limit":
        return any(node.lost == "limit" for node in audit.operators)
    return audit.summary.verdict == "wrong" or (
        not choosing
        and any(finding.severity == "hazard" for node in audit.operators for finding in node.findings)
    )

"""What an app could set where a delegate as it is falls short: tried, by auditing once more."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.auditing.auditor import Applied, Auditor, Variant, variant
from analyzer.auditing.configurations import varied
from analyzer.auditing.types import Audit, Configuration
from analyzer.recommendation.candidates import Attempted
from analyzer.recommendation.deployment import Attempt, deployments
from analyzer.report.document import audit_document, convert


class Attempts:
    """Audits with what might help, by the `auditor` of those that fall short; never of a deprecated one."""

    def __init__(self, auditor: Auditor) -> None:
        self._auditor = auditor
        #: By a configuration and what is tried, both of which go by their identity, what it comes to.
        self._variants: dict[tuple[int, int], tuple[Configuration, Attempt, Variant | None]] = {}

    def of(self, applied: Applied, document: audit_document.Model, choosing: bool = False) -> list[Attempted]:
        """Each delegate with what might help it.

        `document` is of the audit. `choosing`: only what may change which delegate is the best.
        Raises: RuleError, ModelError.
        """
        tried = [*self._to_try(applied.audit, document, choosing)]
        if not tried:
            return []
        varied = self._auditor.vary(applied, [(position, other) for _, position, other in tried])
        return [
            Attempted(
                again,
                {name: again.parameters[name] for name in attempt.parameters},
                attempt.how,
                attempt.where,
                attempt.platforms,
            )
            for (attempt, _, _), again in zip(tried, convert.audits(varied), strict=True)
        ]

    def _to_try(
        self, audit: Audit, document: audit_document.Model, choosing: bool
    ) -> Iterator[tuple[Attempt, int, Variant]]:
        """What is tried, with the position of the configuration that it may help."""
        for position, told in enumerate(document.audits):
            known = deployments().get(told.delegate)
            for attempt in known.attempt if known and told.status == "current" else ():
                if _might_help(attempt, told, choosing):
                    other = self._variant(audit.delegates[position].configuration, attempt)
                    if other is not None and not _stays_wrong(audit, position, other):
                        yield attempt, position, other

    def _variant(self, configuration: Configuration, attempt: Attempt) -> Variant | None:
        """The configuration with what is tried; None where that is what was asked for."""
        key = id(configuration), id(attempt)
        if key not in self._variants:
            other = variant(configuration, varied(configuration, attempt.parameters))
            self._variants[key] = configuration, attempt, other
        return self._variants[key][2]


def _might_help(attempt: Attempt, audit: audit_document.Audit, choosing: bool) -> bool:
    if attempt.when == "limit":
        # Nothing is lost of what is taken whole, or not at all.
        some = audit.summary.supported > 0 and audit.summary.selected.verdict != "full"
        return some and any(node.lost == "limit" for node in audit.operators)
    return audit.summary.verdict == "wrong" or (
        not choosing
        and any(finding.severity == "hazard" for node in audit.operators for finding in node.findings)
    )


def _stays_wrong(audit: Audit, position: int, other: Variant) -> bool:
    """True of a variant that is known, without asking, to leave a result wrong."""
    asked = audit.delegates[position]
    if asked.verdict != "wrong":
        return False
    subgraphs = audit.prepared.subgraphs
    names = frozenset[str]().union(*(subgraph.kinds for subgraph in subgraphs))
    wrong = (
        (subgraphs[told.subgraph].operators[told.index].key, finding.rule)
        for told in asked.operators
        if told.delegated
        for finding in told.findings
        if finding.severity == "wrong"
    )
    return other.judges.stays_wrong(names, wrong)

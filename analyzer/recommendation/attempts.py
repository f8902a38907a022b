"""What an app could set where a delegate as it is falls short: tried, by auditing once more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import varied
from analyzer.auditing.types import Audit, Configuration
from analyzer.model.graph import Model
from analyzer.recommendation.candidates import Attempted
from analyzer.recommendation.deployment import Attempt, deployments
from analyzer.report.document import audit_document, convert

#: Sizes of inputs by name, as an app may resize them.
Shapes = Mapping[str, tuple[int, ...]]


class Attempts:
    """Audits with what might help, by the `auditor` of those that fall short; never of a deprecated one."""

    def __init__(self, auditor: Auditor) -> None:
        self._auditor = auditor
        #: By a configuration and what is tried, both of which go by their identity, the other configuration.
        self._others: dict[tuple[int, int], tuple[Configuration, Attempt, Configuration | None]] = {}

    def of(
        self,
        model: Model,
        audit: Audit,
        document: audit_document.Model,
        shapes: Shapes | None = None,
        choosing: bool = False,
    ) -> list[Attempted]:
        """Each delegate with what might help it.

        `document` is of the `audit`. `choosing`: only what may change which delegate is the best.
        Raises: RuleError, ModelError.
        """
        tried = [*self._to_try(audit, document, choosing)]
        if not tried:
            return []
        auditor = self._auditor.asking([other for _, other in tried])
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
        self, audit: Audit, document: audit_document.Model, choosing: bool
    ) -> Iterator[tuple[Attempt, Configuration]]:
        for audited, told in zip(audit.delegates, document.audits, strict=True):
            known = deployments().get(told.delegate)
            for attempt in known.attempt if known and told.status == "current" else ():
                if _might_help(attempt, told, choosing):
                    other = self._other(audited.configuration, attempt)
                    if other is not None:
                        yield attempt, other

    def _other(self, configuration: Configuration, attempt: Attempt) -> Configuration | None:
        """The configuration with what is tried; None where that is what was asked for."""
        key = id(configuration), id(attempt)
        if key not in self._others:
            self._others[key] = configuration, attempt, varied(configuration, attempt.parameters)
        return self._others[key][2]


def _might_help(attempt: Attempt, audit: audit_document.Audit, choosing: bool) -> bool:
    if attempt.when == "limit":
        return any(node.lost == "limit" for node in audit.operators)
    return audit.summary.verdict == "wrong" or (
        not choosing
        and any(finding.severity == "hazard" for node in audit.operators for finding in node.findings)
    )

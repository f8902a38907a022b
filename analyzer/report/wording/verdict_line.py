"""What an audit came to, in a line."""

from __future__ import annotations

from collections import Counter

from analyzer.report.document import convert
from analyzer.report.document.audit_document import Model, Policy, Summary
from analyzer.report.wording import figures, labels, outcome


class VerdictLine:
    """Counts verdicts, model after model."""

    def __init__(self) -> None:
        self._models = self._unread = 0
        #: What was asked -> the names of it; models of one set are mostly asked the same.
        self._named: dict[tuple[object, ...], list[str]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._last: list[tuple[str, Summary]] = []

    def add(self, model: Model) -> None:
        """Count one more model."""
        self._models += 1
        if model.error is not None:
            self._unread += 1
            return
        asked = tuple((audit.delegate, audit.device, *audit.parameters.items()) for audit in model.audits)
        if asked not in self._named:
            ((_, self._named[asked]),) = labels.named(convert.whole([model], Policy()))
        self._last = [
            (name, audit.summary) for name, audit in zip(self._named[asked], model.audits, strict=True)
        ]
        for name, summary in self._last:
            self._counts.setdefault(name, Counter())[summary.verdict] += 1

    def __str__(self) -> str:
        """`GPU partial (28 of 50 operators), ...`; of several models, `2 models: GPU 1 full, 1 none; ...`."""
        if self._models == 1:
            last = (f"{name} {_verdict(summary)}" for name, summary in self._last)
            return ", ".join(last) or "not audited"
        said = [f"{name} {outcome.counted(counts)}" for name, counts in self._counts.items()]
        said += [f"{self._unread:,} not audited"] if self._unread else []
        return f"{figures.count(self._models, 'model')}: {'; '.join(said)}"


def _verdict(summary: Summary) -> str:
    if not outcome.applied(summary):
        return f"{summary.verdict} ({outcome.selected(summary)})"
    if summary.verdict != "partial":
        return summary.verdict
    return f"partial ({summary.delegated:,} of {figures.count(summary.operators, 'operator')})"

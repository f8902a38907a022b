"""What an audit came to, in a line."""

from __future__ import annotations

from collections import Counter

from analyzer.report.document import convert
from analyzer.report.document.audit_document import Model, Policy, Summary
from analyzer.report.wording import figures, labels, outcome
from analyzer.report.wording.overview import VERDICTS


class VerdictLine:
    """Counts verdicts, model after model."""

    def __init__(self) -> None:
        self._models = self._unread = 0
        self._names: list[str] = []
        self._counts: list[Counter[str]] = []
        self._last: list[Summary] = []

    def add(self, model: Model) -> None:
        """Count one more model."""
        self._models += 1
        if model.error is not None:
            self._unread += 1
            return
        if not self._names:
            # Every model is audited for the same delegates.
            self._names = labels.delegates(convert.whole([model], Policy()))[model.path]
            self._counts = [Counter() for _ in self._names]
        self._last = [audit.summary for audit in model.audits]
        for counts, summary in zip(self._counts, self._last, strict=True):
            counts[summary.verdict] += 1

    def __str__(self) -> str:
        """`GPU partial (28 of 50 operators), ...`; of several models, `2 models: GPU 1 full, 1 none; ...`."""
        if self._models == 1:
            last = zip(self._names, self._last, strict=False)
            return ", ".join(f"{name} {_verdict(summary)}" for name, summary in last) or "not audited"
        said = [
            f"{name} " + ", ".join(f"{counts[word]:,} {word}" for word in VERDICTS if counts[word])
            for name, counts in zip(self._names, self._counts, strict=True)
        ]
        said += [f"{self._unread:,} not audited"] if self._unread else []
        return f"{figures.count(self._models, 'model')}: {'; '.join(said)}"


def _verdict(summary: Summary) -> str:
    if not outcome.applied(summary):
        return f"{summary.verdict} ({outcome.selected(summary)})"
    if summary.verdict != "partial":
        return summary.verdict
    return f"partial ({summary.delegated:,} of {figures.count(summary.operators, 'operator')})"

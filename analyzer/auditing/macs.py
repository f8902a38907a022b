"""Multiply-accumulates of operators."""

from __future__ import annotations

from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.rules.catalogue import Catalogue


class MacCounter:
    """Counts an operator's multiply-accumulates by the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._compiled: dict[str, Evaluate | None] = {}

    def count(self, context: Context) -> int | None:
        """Multiply-accumulates; 0 for operators that have none, None where shapes don't tell."""
        operator = context.operator
        name = operator.key
        if name not in self._compiled:
            tree = self._catalogue.macs.get(name)
            self._compiled[name] = None if tree is None else compiled(tree)
        counted = self._compiled[name]
        if counted is None:
            return 0
        try:
            return max(0, int(counted(context)))
        except Undefined:
            return None

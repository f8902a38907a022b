"""Multiply-accumulates of operators."""

from __future__ import annotations

from collections.abc import Hashable

from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.memo import Memo
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.judging.traits import shapes, traits

#: Operators that are told apart.
_MOST_KINDS = 10_000


class MacCounter:
    """Counts an operator's multiply-accumulates by the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._compiled: dict[str, Evaluate | None] = {}
        #: By operator, traits and shapes.
        self._counted: Memo[tuple[str, Hashable, Hashable], int] = Memo(_MOST_KINDS)

    def count(self, context: Context) -> int | None:
        """Multiply-accumulates; 0 for operators that have none, None where shapes don't tell."""
        operator = context.operator
        name = operator.key
        if name not in self._compiled:
            tree = self._catalogue.macs.get(name)
            self._compiled[name] = None if tree is None else compiled(tree)
        count = self._compiled[name]
        if count is None:
            return 0
        alike = name, traits(context), shapes(context)
        known = self._counted.get(alike)
        if known is not None:
            return known
        context.look_anew()
        try:
            counted = max(0, int(count(context)))
        except Undefined:
            return None
        if not context.looked_further and None not in alike:
            self._counted.keep(alike, counted)
        return counted

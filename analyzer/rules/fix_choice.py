"""Which fix is given with a finding: chosen when one is made, by what the operator is like."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from msgspec import Struct

from analyzer.expressions.context import OF_GRAPHS, of_graph
from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.nodes import Node, Rest, facts_in, operand_in
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.model.graph import Tensor
from analyzer.rules.pack import Advice, Clause, RulePack

#: Operators of one kind that are looked at for what raises the version that they share.
_SIBLINGS = 100


class Raised(Struct, frozen=True):
    """Why an operator has its version: a reason of its own, or that of another with the same entry."""

    name: str
    says: str
    own: bool


class FixSelection:
    """A pack's fixes for one set of parameters."""

    def __init__(self, pack: RulePack, parameters: Mapping[str, Any]) -> None:
        self._pack = pack
        self._parameters = parameters
        #: Conditions of advice by its list and its position there, each compiled when it is first come to.
        self._compiled: dict[tuple[str, int], Evaluate] = {}
        #: Likewise those of what raises versions.
        self._reasons: dict[str, Evaluate] = {}
        #: The traits of the graph that was last asked for what comes first of all, and the answer.
        self._of_graph: tuple[Hashable, str | None] = None, None

    def fix(self, clause: Clause, context: Any, raised: Raised | None = None) -> str:
        """What to do about a clause that fails for this operator, or partition."""
        fix = (isinstance(context, Context) and self._first(context)) or clause.fix
        lists = self._pack.advice.lists
        if fix in lists:
            context.operand = _operand(clause.require, context)
            context.raised_by = "" if raised is None else raised.name
        while fix in lists:
            fix = next(self._holding(fix, lists[fix], context))
        return fix

    def _first(self, context: Context) -> str | None:
        """What comes before the fixes of all clauses, for the whole graph or for this operator."""
        graph, fix = self._of_graph
        if graph != (asked := of_graph(context.subgraph)):
            fix = next(self._holding("graph", self._parted[0], context), None)
            self._of_graph = asked, fix
        return fix or next(self._holding("operator", self._parted[1], context), None)

    @cached_property
    def _parted(self) -> tuple[Sequence[Advice], Sequence[Advice]]:
        """What comes first: that which only asks about the graph, and the rest."""
        parted: tuple[list[Advice], list[Advice]] = [], []
        for one in self._pack.advice.first:
            parted[not facts_in(one.when) <= OF_GRAPHS].append(one)
        return parted

    def raised(self, clause: Clause, context: Context) -> Raised | None:
        """Why the operator has its version, for clauses on versions; None where nothing tells."""
        version = context.operator.version
        names = [name for number, name in clause.raised if number == version]
        for own, one in enumerate(_alike(context) if names else ()):
            for name in names:
                if _holds(self._reason(name), one):
                    return Raised(name, self._pack.advice.reasons[name].says, own == 0)
        return None

    def _reason(self, name: str) -> Evaluate:
        ready = self._reasons.get(name)
        if ready is None:
            reason = self._pack.advice.reasons[name]
            ready = self._reasons[name] = compiled(reason.when, counts=reason.counts)
        return ready

    def _holding(self, name: str, given: Sequence[Advice], context: Any) -> Iterator[str]:
        for position, advice in enumerate(given):
            if self._holds(name, position, advice, context):
                yield advice.fix

    def _holds(self, name: str, position: int, advice: Advice, context: Any) -> bool:
        if advice.when is None:
            return True
        ready = self._compiled.get((name, position))
        if ready is None:
            ready = compiled(advice.when, self._parameters, advice.counts)
            self._compiled[name, position] = ready
        return _holds(ready, context)


def _holds(condition: Evaluate, context: Any) -> bool:
    try:
        return bool(condition(context))
    except Undefined:
        return False


def _alike(context: Context) -> Iterator[Context]:
    """The operator, then others of its kind and version: they share an entry in the operator table."""
    yield context
    context.beyond = True  # of others of its kind it hangs on them
    own, subgraph = context.operator, context.subgraph
    alike = (
        one
        for one in subgraph.operators
        if one.name == own.name and one.version == own.version and one.index != own.index
    )
    yield from (Context(subgraph, one) for one in islice(alike, _SIBLINGS))


def _operand(require: Node, context: Any) -> Tensor | None:
    """The first operand that a requirement names."""
    operand = operand_in(require)
    if operand is None:
        return None
    position = operand.start if isinstance(operand, Rest) else operand.position
    tensors: Sequence[Tensor | None] = getattr(context, operand.side)
    return tensors[position] if position < len(tensors) else None

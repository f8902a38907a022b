"""A pack's clauses compiled for parameters and operators, and those that are asked together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from msgspec import Struct

from analyzer.expressions.context import Context
from analyzer.expressions.evaluate import compiled
from analyzer.expressions.nodes import Literal
from analyzer.expressions.operators import Known, later
from analyzer.memo import Tables
from analyzer.rules.judging.findings import CompiledClause, FailedClause
from analyzer.rules.judging.traits import shapes, surroundings, traits
from analyzer.rules.pack import Clause, RulePack

#: What may be left to ask of an operator.
Asked: TypeAlias = CompiledClause | FailedClause


#: A stage, and what is asked of an operator there.
Stage: TypeAlias = tuple[str, tuple[Asked, ...]]


class Left(Struct, frozen=True, eq=False):
    """What is left to ask of operators that are alike: clauses, and those that are known to fail."""

    stages: tuple[Stage, ...]
    #: Whether that is all that can be known of them; else their shapes may tell more, or where clauses look
    #: at what is `nearby` their surroundings.
    settled: bool
    nearby: bool = False
    #: What is left by these.
    more: dict[Hashable, Left] = {}


class Checks:
    """What is asked of one kind of operator, and what is left of it for operators that are alike.

    What comes out by the traits of one operator alone, or by these and its shapes or surroundings, does so
    for all others that have them.
    """

    __slots__ = ("_kept", "_left", "ending", "stages")

    def __init__(
        self,
        stages: Callable[[Context], Sequence[Stage]],
        kept: Tables,
        ending: Collection[str] = frozenset(),
    ) -> None:
        #: What is asked of an operator, by its form.
        self.stages = stages
        #: Severities of findings behind which no other stage is asked.
        self.ending = ending
        self._kept = kept
        #: By traits.
        self._left: dict[Hashable, Left] = kept.table()

    def left_of(self, context: Context) -> Left | None:
        """What is left to ask of an operator; None of the first of its like."""
        left = self._left.get(traits(context))
        if left is None or left.settled:
            return left
        return left.more.get(surroundings(context) if left.nearby else shapes(context), left)

    def keep(
        self,
        context: Context,
        by_traits: Iterable[Stage],
        by_more: Iterable[Stage],
        shaped: bool,
        nearby: bool,
    ) -> None:
        """Keep what is left for operators with the same traits, and with the same of what tells more."""
        common = traits(context)
        if common is None:
            return
        left = self._left.get(common)
        if left is None or (nearby and not left.nearby):
            left = Left(_asking(by_traits), not (shaped or nearby), nearby, {})
            self._kept.keep(self._left, common, left)
        more = surroundings(context) if left.nearby else shapes(context)
        if not left.settled and more is not None:
            self._kept.keep(left.more, more, Left(_asking(by_more), True))


def _asking(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    return tuple(stage for stage in stages if stage[1])


class ClauseCompiler:
    """Compiles clauses for one kind of operator, or for what is no operator."""

    def __init__(self, pack: RulePack, known: Mapping[str, Any], operator: str | None) -> None:
        self._shared = pack.compiled
        #: The parameters, and the values of the operator.
        self._known = known
        self._operator = operator

    def compile(self, clause: Clause) -> CompiledClause | None:
        """The clause, compiled once for all that differ in nothing that it asks; None where it can't fail."""
        if clause.kind == "unlisted":
            # Made for each operator that a pack doesn't list.
            return self._compile(clause)
        key = self._key(clause)
        if key not in self._shared:
            # With the clause that the key names by identity, so that nothing else can come to have it.
            self._shared[key] = clause, self._compile(clause)
        ready: CompiledClause | None = self._shared[key][1]
        return ready

    def _key(self, clause: Clause) -> Hashable:
        operator, known = self._operator, self._known
        names = [operator if not of else operator in of for of in clause.names]
        return id(clause), operator is None, *names, *[str(known[name]) for name in clause.reads]

    def _compile(self, clause: Clause) -> CompiledClause | None:
        known, operator = self._known, self._operator
        when = None if clause.when is None else compiled(clause.when, known, clause.when_counts, operator)
        if isinstance(when, Known):
            if not when.value:
                return None
            when = None
        require = partial(compiled, clause.require, known, clause.counts, operator)
        evaluate = require() if clause.reads or isinstance(clause.require, Literal) else later(require)
        if isinstance(evaluate, Known) and evaluate.value:
            return None
        return CompiledClause(clause, evaluate, when, known)

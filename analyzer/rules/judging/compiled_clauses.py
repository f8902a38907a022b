"""A pack's clauses compiled for parameters and operators, and those that are asked together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.nodes import Literal, Node
from analyzer.expressions.operators import Known, later
from analyzer.rules.pack import Clause, RulePack
from analyzer.rules.wording.reason import Explanation

#: Kinds of operators that are told apart before that begins anew.
_MOST = 250


class CompiledClause(Struct, eq=False):
    """A clause for one set of parameters and one kind of operator."""

    clause: Clause
    require: Evaluate
    when: Evaluate | None
    #: The parameters, and the values of its operator.
    known: Mapping[str, Any]
    #: What is explained where it fails, once it does.
    explained: Node | None = None
    #: Why it failed before, by what it saw.
    reasons: dict[tuple[str, ...], Explanation] = {}


class Checks:
    """Clauses that are asked together, and which of them are left to ask of operators with the same traits.

    What holds of one operator by its traits alone holds of all others that have them.
    """

    __slots__ = ("clauses", "left")

    def __init__(self, clauses: Iterable[CompiledClause] = ()) -> None:
        self.clauses = tuple(clauses)
        self.left: dict[Hashable, Sequence[CompiledClause]] = {}

    def keep(self, traits: Hashable, left: Sequence[CompiledClause]) -> None:
        if len(self.left) >= _MOST:
            self.left.clear()
        if traits is not None:
            self.left[traits] = tuple(left)


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

"""A pack judging with other parameters than before: asked anew is only what hangs on those."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.expressions.nodes import parameters_in
from analyzer.expressions.vocabulary import Context
from analyzer.rules.judging.compiled_clauses import Checks
from analyzer.rules.judging.findings import CompiledClause
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.pack import LATER


class JudgeBeside:
    """A judge beside another of the same pack, which was asked before."""

    def __init__(self, judge: Judge, other: Judge) -> None:
        self.judge = judge
        self.other = other
        mine, theirs = ({name: str(value) for name, value in of.parameters.items()} for of in (judge, other))
        self._differing = {name for name in mine if mine[name] != theirs[name]}
        self._kinds: dict[str, bool] = {}
        #: What of some clauses the other judge doesn't ask, with both, whose identities it goes by.
        self._unlike: dict[tuple[int, int], tuple[Checks, Any, Any]] = {}

    def chooses_alike(self, name: str) -> bool:
        """Whether both say the same of all operators of a kind, before the delegate has chosen."""
        alike = self._kinds.get(name)
        if alike is None:
            alike = self._kinds[name] = self._differing.isdisjoint(self._choosing(name))
        return alike

    def _choosing(self, name: str) -> set[str]:
        """The parameters that have a say in whether operators of a kind are chosen."""
        rules = self.judge.rules(name)
        clauses = [*self.judge.pack.every_op, *(clause for form in rules.forms for clause in form.clauses)]
        clauses += [] if rules.refused is None else [rules.refused]
        asked = {read for clause in clauses if clause.stage not in LATER for read in clause.reads}
        return asked.union(*map(parameters_in, (*rules.accept_when, *(form.when for form in rules.forms))))

    def later_findings(self, context: Context) -> list[Finding]:
        """The later findings on an operator of which the other judge had none."""
        mine, theirs = self.judge.later(context), self.other.later(context)
        return self.judge.failing(self._apart(mine.clauses, theirs.clauses), context)

    def partition_findings(self, context: Any) -> list[Finding]:
        """The findings on a partition of which the other judge had none."""
        mine, theirs = self.judge.partition_checks, self.other.partition_checks
        return self.judge.failing_of(self._apart(mine, theirs).clauses, context)

    def _apart(self, mine: Sequence[CompiledClause], theirs: Sequence[CompiledClause]) -> Checks:
        """The clauses of the one that the other doesn't have."""
        key = id(mine), id(theirs)
        if key not in self._unlike:
            # What two sets of parameters agree on is compiled once.
            known = set(map(id, theirs))
            apart = Checks(clause for clause in mine if id(clause) not in known)
            self._unlike[key] = apart, mine, theirs
        return self._unlike[key][0]

"""A pack judging with other parameters than before: asked anew is only what hangs on those."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import Any

from analyzer.expressions.nodes import parameters_in
from analyzer.expressions.vocabulary import Context
from analyzer.rules.judging.compiled_clauses import Checks, Stage
from analyzer.rules.judging.findings import CompiledClause
from analyzer.rules.judging.judge import Finding, Judge
from analyzer.rules.pack import LATER, SEVERITIES, Clause, OperatorRules

#: What is worse than to be wrong.
_WORSE = frozenset(SEVERITIES[: SEVERITIES.index("wrong")])


class JudgeBeside:
    """A judge beside another of the same pack, which was asked before."""

    def __init__(self, judge: Judge, other: Judge) -> None:
        self.judge = judge
        self.other = other
        mine, theirs = ({name: str(value) for name, value in of.parameters.items()} for of in (judge, other))
        self._differing = {name for name in mine if mine[name] != theirs[name]}
        self._kinds: dict[str, bool] = {}
        #: By the name of operators, what hangs on the parameters and is asked after choosing.
        self._hanging: dict[str, Mapping[str, str]] = {}
        #: By the name of operators, what is asked of them after choosing.
        self._later: dict[str, Checks] = {}
        #: By the clauses of both, where each of the first stands, and those that both ask.
        self._orders: dict[tuple[int, int], tuple[dict[str, int], Set[str], object]] = {}
        self._of_partition = _apart(judge.partition_checks, other.partition_checks)

    def chooses_alike(self, name: str) -> bool:
        """Whether both say the same of all operators of a kind, before the delegate has chosen."""
        alike = self._kinds.get(name)
        if alike is None:
            alike = self._kinds[name] = self._differing.isdisjoint(self._choosing(name))
        return alike

    def _choosing(self, name: str) -> set[str]:
        """The parameters that have a say in whether operators of a kind are chosen."""
        rules = self.judge.rules(name)
        asked = {read for each in self._clauses(rules) if each.stage not in LATER for read in each.reads}
        return asked.union(*map(parameters_in, (*rules.accept_when, *(form.when for form in rules.forms))))

    def _clauses(self, rules: OperatorRules) -> list[Clause]:
        """All that is asked of operators of a kind."""
        refused = () if rules.refused is None else (rules.refused,)
        return [*self.judge.pack.every_op, *(each for form in rules.forms for each in form.clauses), *refused]

    def stays_wrong(self, names: Collection[str], wrong: Iterable[tuple[str, str]]) -> bool:
        """True where a model that is wrong by the other judge is as wrong, and no worse, by this one.

        `names` are the kinds of the model's operators, `wrong` the kinds of delegated ones with the rules
        by which they are wrong.
        """
        if not any(rule not in self._later_hanging(name) for name, rule in wrong):
            return False
        if self.judge.limits != self.other.limits or not all(map(self.chooses_alike, names)):
            return False
        pack = self.judge.pack
        whole = (each.severity for each in (*pack.partition_checks, *pack.load_checks) if self._hangs(each))
        return _WORSE.isdisjoint(whole) and all(
            _WORSE.isdisjoint(self._later_hanging(name).values()) for name in names
        )

    def _later_hanging(self, name: str) -> Mapping[str, str]:
        """By rule, the severity of what is asked of chosen operators and hangs on the parameters."""
        hanging = self._hanging.get(name)
        if hanging is None:
            asked = (each for each in self._clauses(self.judge.rules(name)) if each.stage in LATER)
            hanging = {each.id: each.severity for each in asked if self._hangs(each)}
            self._hanging[name] = hanging
        return hanging

    def _hangs(self, clause: Clause) -> bool:
        return not self._differing.isdisjoint(clause.reads)

    def later_findings(self, context: Context, before: Sequence[Finding] = ()) -> list[Finding]:
        """The later findings on an operator of which the other judge had those before."""
        name = context.operator.key
        if before and not self._advises_alike:
            return self.judge.later_findings(context)
        checks = self._later.get(name)
        if checks is None:
            checks = self._later[name] = Checks(self._stages, self.judge.kept)
        fresh = self.judge.findings(checks, context)
        return self._merged(context, before, fresh) if before else fresh

    def _merged(self, context: Context, before: Sequence[Finding], fresh: list[Finding]) -> list[Finding]:
        """What both judges find, which is known already, and what this one alone finds, in clauses' order."""
        mine, theirs = self.judge.later(context), self.other.later(context)
        key = id(mine), id(theirs)
        if key not in self._orders:
            # With the clauses that the key names by identity.
            order = {clause.clause.id: position for position, clause in enumerate(mine)}
            apart = {clause.clause.id for clause in _apart(mine, theirs)}
            self._orders[key] = order, order.keys() - apart, (mine, theirs)
        order, shared, _ = self._orders[key]
        kept = [finding for finding in before if finding.rule in shared]
        return sorted([*kept, *fresh], key=lambda finding: order[finding.rule]) if fresh else kept

    @cached_property
    def _advises_alike(self) -> bool:
        """Whether both give the same fixes."""
        advice = self.judge.pack.advice
        given = [*advice.first, *(each for fixes in advice.lists.values() for each in fixes)]
        return self._differing.isdisjoint(set[str]().union(*(parameters_in(each.when) for each in given)))

    def partition_findings(self, context: Any) -> list[Finding]:
        """The findings on a partition of which the other judge had none."""
        return self.judge.failing_of(self._of_partition, context)

    def _stages(self, context: Context) -> Sequence[Stage]:
        return (("later", _apart(self.judge.later(context), self.other.later(context))),)


def _apart(mine: Sequence[CompiledClause], theirs: Sequence[CompiledClause]) -> tuple[CompiledClause, ...]:
    """The clauses of the one that the other doesn't have."""
    # What two sets of parameters agree on is compiled once.
    known = set(map(id, theirs))
    return tuple(clause for clause in mine if id(clause) not in known)

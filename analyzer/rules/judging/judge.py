"""Rule pack x operator -> verdict. Judging is total and pure: the same operator gives the same verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import UndecidedError
from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.nodes import Node, operand_name
from analyzer.expressions.partial import constant
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.rules.fix_choice import FixSelection
from analyzer.rules.judging.compiled_clauses import Asked, Checks, ClauseCompiler
from analyzer.rules.judging.findings import (
    SPLIT,
    CompiledClause,
    FailedClause,
    undecided,
    why_failed,
)
from analyzer.rules.judging.findings import Finding as Finding
from analyzer.rules.pack import (
    BUILD,
    FATAL,
    LATER,
    LOAD,
    REFUSING,
    RUN,
    Clause,
    Form,
    Graph,
    OperatorRules,
    RulePack,
    slug,
)
from analyzer.rules.parameters import compared
from analyzer.rules.wording.message import message, proof


class Verdict(Struct, frozen=True):
    """A delegate's word on one operator by itself, with all findings of the first stage that refuses."""

    supported: bool
    findings: tuple[Finding, ...] = ()

    @property
    def aborts(self) -> bool:
        """Whether the delegate gives up on the whole model because of this operator."""
        return any(finding.severity in FATAL for finding in self.findings)

    @property
    def crashes(self) -> bool:
        return any(finding.severity == "crash" for finding in self.findings)


ACCEPTED = Verdict(True)
_NOTHING = Checks()


class _Form(Struct, frozen=True):
    when: Evaluate | None
    #: Clauses of each stage that has any, in the pack's order of stages.
    stages: Mapping[str, Checks]
    #: Those of the stages after choosing.
    later: Checks


class _Operator(Struct, frozen=True):
    accept: tuple[Evaluate, ...]
    forms: tuple[_Form, ...]


class GraphLimits(Struct, frozen=True):
    """The `[graph]` section with the parameters in place."""

    graph: Graph
    most: int | None
    minimum: int
    #: Whether float16 constants are read through before the limit is applied.
    reads_through_first: bool
    builds_while_choosing: bool

    @property
    def rolls_back(self) -> bool:
        """True where a failure to build takes everything back."""
        return self.graph.build_failure in ("rolls-back-model", "fails-load")


class Judge:
    """A pack compiled for one set of parameters; each operator is compiled when it is first met."""

    def __init__(self, pack: RulePack, parameters: Mapping[str, Any]) -> None:
        self.pack = pack
        #: As expressions compare them.
        self.parameters = compared(pack, parameters)
        self._operators: dict[str, _Operator] = {}
        self.partition_checks = tuple(self._clauses(pack.partition_checks, self.parameters))
        self.load_checks = tuple(self._clauses(pack.load_checks, self.parameters))
        self._fix_selection = FixSelection(pack, self.parameters)

    def verdict(self, context: Context) -> Verdict:
        """Judge one operator by every stage in which the delegate chooses."""
        operator = self._operator(context)
        for accept in operator.accept:
            if _holds(accept, context):
                return ACCEPTED
        form = _form_of(operator, context)
        if form is None:
            return Verdict(False, (self._no_form(context),))
        findings: list[Finding] = []
        for stage in form.stages.values():
            failing = self.failing(stage, context)
            if failing:
                findings += failing
                if any(finding.severity in REFUSING for finding in failing):
                    return Verdict(False, tuple(findings))
        return Verdict(True, tuple(findings)) if findings else ACCEPTED

    @cached_property
    def awaiting_readers(self) -> frozenset[str]:
        """Operators whose rules ask whether their readers are accepted."""
        return frozenset(self.pack.awaiting_readers)

    @cached_property
    def limits(self) -> GraphLimits:
        """The limits that the parameters come to."""
        graph = self.pack.graph

        def value(tree: Node | None, otherwise: Any) -> Any:
            return otherwise if tree is None else constant(tree, self.parameters)

        most = value(graph.max_partitions, None)
        return GraphLimits(
            graph,
            None if most is None or most <= 0 else most,
            value(graph.min_operators, 0),
            value(graph.reads_through_before_limit, False),
            value(graph.builds_while_choosing, False),
        )

    def has_stage(self, stage: str, name: str) -> bool:
        """Whether the pack asks anything of an operator in this stage."""
        return any(stage in form.stages for form in self._compiled(name).forms)

    def first_findings(self, stages: Sequence[str], context: Context) -> tuple[str, Sequence[Finding]] | None:
        """The first of these stages that finds something, and what; None where none does."""
        form = _form_of(self._operator(context), context)
        if form is None:
            return stages[0], (self._no_form(context),)
        for stage in stages:
            checks = form.stages.get(stage)
            if checks is not None and (findings := self.failing(checks, context)):
                return stage, findings
        return None

    def stage_findings(self, stage: str, context: Context) -> Sequence[Finding]:
        """What one stage alone finds."""
        found = self.first_findings((stage,), context)
        return () if found is None else found[1]

    def later_findings(self, context: Context) -> list[Finding]:
        """Findings on an operator that is delegated, when the delegate's graph is built and when it runs."""
        return self.failing(self.later(context), context)

    def later(self, context: Context) -> Checks:
        """What is asked of an operator when the delegate's graph is built and when it runs."""
        form = _form_of(self._operator(context), context)
        return _NOTHING if form is None else form.later

    def partition_findings(self, context: Any) -> list[Finding]:
        """Findings on a whole partition, when the delegate's graph is built and when it runs."""
        return self.failing_of(self.partition_checks, context)

    def load_findings(self, context: Any) -> list[Finding]:
        """Findings on a whole model, when the delegate's runtime loads it."""
        return self.failing_of(self.load_checks, context)

    def values(self, name: str) -> Mapping[str, Any]:
        """The pack's per-operator values for an operator."""
        return self.pack.values | self.rules(name).values

    def rules(self, name: str) -> OperatorRules:
        """What the pack says of operators of a kind; of those that it doesn't list, that it refuses them."""
        if name in self.pack.operators:
            return self.pack.rules(name)
        refusal = self.pack.unlisted_custom if name.startswith("custom:") else self.pack.unlisted
        identity = f"{self.pack.delegate}/{slug(name.removeprefix('custom:'))}/{refusal.id}"
        named = replace(refusal, id=identity)
        return OperatorRules(forms=(Form(),), refused=named)

    def _operator(self, context: Context) -> _Operator:
        return self._compiled(context.operator.key)

    def _compiled(self, name: str) -> _Operator:
        found = self._operators.get(name)
        if found is None:
            found = self._operators[name] = self._compile(name, self.rules(name))
        return found

    def _compile(self, name: str, rules: OperatorRules) -> _Operator:
        op = "CUSTOM" if name.startswith("custom:") else name
        known = {**self.parameters, **self.pack.values, **rules.values}
        accept = tuple(compiled(node, known) for node in rules.accept_when)
        refused = () if rules.refused is None else (rules.refused,)
        shared = tuple(self._clauses((*self.pack.every_op, *refused), known, op))
        return _Operator(accept, tuple(self._form(form, shared, known, op) for form in rules.forms))

    def _form(self, form: Form, shared: Sequence[CompiledClause], known: Mapping[str, Any], op: str) -> _Form:
        stages: dict[str, list[CompiledClause]] = {stage: [] for stage in (*self.pack.stages, BUILD, RUN)}
        for clause in (*shared, *self._clauses(form.clauses, known, op)):
            stages[clause.clause.stage].append(clause)
        later = (*stages.pop(BUILD), *stages.pop(RUN))
        when = None if form.when is None else compiled(form.when, known)
        return _Form(when, {name: Checks(of) for name, of in stages.items() if of}, Checks(later))

    def _clauses(
        self, clauses: tuple[Clause, ...], known: Mapping[str, Any], op: str | None = None
    ) -> Iterator[CompiledClause]:
        """The clauses that can fail under these parameters."""
        compiler = ClauseCompiler(self.pack, known, op)
        return filter(None, map(compiler.compile, clauses))

    def failing(self, checks: Checks, context: Context) -> list[Finding]:
        """The findings of the checks that fail."""
        left = checks.left_of(context)
        if not left.settled:
            return self._first_failing(checks, left.asked, context)
        return self.failing_of(left.asked, context) if left.asked else []

    def _first_failing(self, checks: Checks, asked: Sequence[Asked], context: Context) -> list[Finding]:
        """The same of the first operator of its like; what is left to ask of others is kept."""
        findings, shaped = [], False
        by_traits: list[Asked] = []
        by_shapes: list[Asked] = []
        for clause in asked:
            context.beyond = context.shaped = False
            failed = clause if isinstance(clause, FailedClause) else self._failed(clause, context)
            left = clause if context.beyond else failed
            if left is not None:
                by_shapes.append(left)
            if context.shaped:
                by_traits.append(clause)
                shaped = True
            elif left is not None:
                by_traits.append(left)
            if failed is not None:
                findings.append(self._advised(failed, context))
        checks.keep(context, by_traits, by_shapes, shaped)
        return findings

    def failing_of(self, asked: Sequence[Asked], context: Any) -> list[Finding]:
        """The findings of the clauses that fail. Nearly all hold, so that is what costs least."""
        findings: list[Finding] = []
        for clause in asked:
            failed = clause if isinstance(clause, FailedClause) else self._failed(clause, context)
            if failed is not None:
                findings.append(self._advised(failed, context))
        return findings

    def _failed(self, asked: CompiledClause, context: Any) -> FailedClause | None:
        """A clause that fails, with its finding but for the fix, which is chosen apart."""
        when, require = asked.when, asked.require
        try:
            if (when is not None and not when(context)) or require(context):
                return None
        except Undefined:
            pass  # Explaining comes upon it again and says what was wanted there.
        except UndecidedError:
            if asked.clause.stage not in LATER:
                raise
            context.beyond = True
            return FailedClause(asked.clause, undecided(asked.clause))
        return self._finding(asked, context)

    def _finding(self, failed: CompiledClause, context: Any) -> FailedClause:
        clause, why = failed.clause, why_failed(failed, context)
        raised = self._fix_selection.raised(clause, context) if clause.raised else None
        expected, actual = proof(clause, why)
        finding = Finding(
            rule=clause.id,
            severity=clause.severity,
            stage=clause.stage if clause.stage in (LOAD, BUILD, RUN) else "check",
            message=message(clause, why, raised),
            fix=clause.fix,
            source=clause.source,
            expected=expected,
            actual=actual,
            operand=clause.operand or why.operand or operand_name(clause.require),
        )
        return FailedClause(clause, finding, raised)

    def _advised(self, failed: FailedClause, context: Any) -> Finding:
        """The finding with the fix for this operator: there may be others for its like."""
        finding = failed.finding
        if finding.fix == SPLIT:
            return finding
        fix = self._fix_selection.fix(failed.clause, context, failed.raised)
        return finding if fix == finding.fix else replace(finding, fix=fix)

    def _no_form(self, context: Context) -> Finding:
        operator, unlisted = context.operator, self.pack.unlisted
        return Finding(
            rule=f"{self.pack.delegate}/{slug(operator.name)}/form",
            severity="blocker",
            stage="check",
            message=f"{operator.name} is called in a form that the delegate doesn't know",
            fix=self._fix_selection.fix(unlisted, context),
            source=unlisted.source,
            actual=f"{len(operator.inputs)} inputs, {len(operator.outputs)} outputs",
        )


def _holds(condition: Evaluate, context: Context) -> bool:
    try:
        return bool(condition(context))
    except Undefined:
        return False


def _form_of(operator: _Operator, context: Context) -> _Form | None:
    for form in operator.forms:
        if form.when is None or _holds(form.when, context):
            return form
    return None

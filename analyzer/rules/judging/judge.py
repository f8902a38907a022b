"""Rule pack x operator -> verdict. Judging is total and pure: the same operator gives the same verdict."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.errors import UndecidedError
from analyzer.expressions.context import of_graph
from analyzer.expressions.evaluate import Evaluate, compiled
from analyzer.expressions.nodes import Node, operand_name
from analyzer.expressions.partial import constant
from analyzer.expressions.vocabulary import Context, Undefined
from analyzer.memo import Memo, Tables
from analyzer.rules.fix_choice import FixSelection
from analyzer.rules.judging.compiled_clauses import Asked, Checks, ClauseCompiler, Left, Stage
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
    SEVERITIES,
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
#: Kinds of operators that are told apart, and findings that are kept.
_MOST_KINDS, _MOST_FINDINGS = 10_000, 1000


class _Form(Struct, frozen=True):
    when: Evaluate | None
    #: Clauses of each stage that has any, in the pack's order of stages.
    stages: Mapping[str, tuple[CompiledClause, ...]]
    #: Those of the stages after choosing.
    later: tuple[CompiledClause, ...]


class _Operator(Struct, frozen=True):
    accept: tuple[Evaluate, ...]
    forms: tuple[_Form, ...]
    #: What is asked while the delegate chooses, and of what it has chosen; None where that is nothing.
    choosing: Checks
    later: Checks | None
    #: By stages, the first of which that finds anything ends it.
    first: dict[Sequence[str], Checks]


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
        #: What is left to ask of operators that are alike, of all kinds together.
        self.kept = Tables(_MOST_KINDS)
        self.partition_checks = tuple(self._clauses(pack.partition_checks, self.parameters))
        self.load_checks = tuple(self._clauses(pack.load_checks, self.parameters))
        self._fix_selection = FixSelection(pack, self.parameters)
        #: Findings with their fixes, by what fails for operators that are alike and the traits of the graph.
        self._advice: Memo[tuple[FailedClause, Hashable], Finding] = Memo(_MOST_FINDINGS)

    def verdict(self, context: Context) -> Verdict:
        """Judge one operator by every stage in which the delegate chooses."""
        refusing, findings = self._found(self._operator(context.operator.key).choosing, context)
        if not findings:
            return ACCEPTED
        return Verdict(refusing is None, tuple(findings))

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
        return any(stage in form.stages for form in self._operator(name).forms)

    def first_findings(self, stages: Sequence[str], context: Context) -> tuple[str, Sequence[Finding]] | None:
        """The first of these stages that finds something, and what; None where none does."""
        operator = self._operator(context.operator.key)
        checks = operator.first.get(stages)
        if checks is None:
            checks = Checks(partial(self._in_stages, operator.forms, stages), self.kept, SEVERITIES)
            operator.first[stages] = checks
        stage, findings = self._found(checks, context)
        return None if stage is None else (stage, findings)

    def stage_findings(self, stage: str, context: Context) -> Sequence[Finding]:
        """What one stage alone finds."""
        found = self.first_findings((stage,), context)
        return () if found is None else found[1]

    def later_findings(self, context: Context) -> list[Finding]:
        """Findings on an operator that is delegated, when the delegate's graph is built and when it runs."""
        checks = self._operator(context.operator.key).later
        return [] if checks is None else self._found(checks, context)[1]

    def later(self, context: Context) -> tuple[CompiledClause, ...]:
        """What is asked of an operator when the delegate's graph is built and when it runs."""
        form = _form_of(self._operator(context.operator.key).forms, context)
        return () if form is None else form.later

    def findings(self, checks: Checks, context: Context) -> list[Finding]:
        """All that checks find."""
        return self._found(checks, context)[1]

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

    def _operator(self, name: str) -> _Operator:
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
        forms = tuple(self._form(form, shared, known, op) for form in rules.forms)
        choosing = Checks(partial(self._choosing, accept, forms), self.kept, REFUSING)
        later = Checks(partial(_of_chosen, forms), self.kept) if any(form.later for form in forms) else None
        return _Operator(accept, forms, choosing, later, {})

    def _form(self, form: Form, shared: Sequence[CompiledClause], known: Mapping[str, Any], op: str) -> _Form:
        stages: dict[str, list[CompiledClause]] = {stage: [] for stage in (*self.pack.stages, BUILD, RUN)}
        for clause in (*shared, *self._clauses(form.clauses, known, op)):
            stages[clause.clause.stage].append(clause)
        later = (*stages.pop(BUILD), *stages.pop(RUN))
        when = None if form.when is None else compiled(form.when, known)
        return _Form(when, {name: tuple(of) for name, of in stages.items() if of}, later)

    def _choosing(
        self, accept: Sequence[Evaluate], forms: Sequence[_Form], context: Context
    ) -> Sequence[Stage]:
        """What is asked of an operator while the delegate chooses."""
        if any(_holds(condition, context) for condition in accept):
            return ()
        return self._in_stages(forms, self.pack.stages, context)

    def _in_stages(self, forms: Sequence[_Form], stages: Sequence[str], context: Context) -> Sequence[Stage]:
        """What is asked of an operator in these stages."""
        form = _form_of(forms, context)
        if form is None:
            return ((stages[0], (self._no_form(context),)),)
        return [(stage, form.stages[stage]) for stage in stages if stage in form.stages]

    def _clauses(
        self, clauses: tuple[Clause, ...], known: Mapping[str, Any], op: str | None = None
    ) -> Iterator[CompiledClause]:
        """The clauses that can fail under these parameters."""
        compiler = ClauseCompiler(self.pack, known, op)
        return filter(None, map(compiler.compile, clauses))

    def _found(self, checks: Checks, context: Context) -> tuple[str | None, list[Finding]]:
        """The stage that ends the asking, if one does, and all findings up to there."""
        left = checks.left_of(context)
        if left is None or not left.settled:
            return self._first_found(checks, left, context)
        findings: list[Finding] = []
        for stage, asked in left.stages:
            failing = self.failing_of(asked, context)
            if failing:
                findings += failing
                if _ends(failing, checks):
                    return stage, findings
        return None, findings

    def _first_found(
        self, checks: Checks, left: Left | None, context: Context
    ) -> tuple[str | None, list[Finding]]:
        """The same of the first operator of its like; what is left to ask of others is kept."""
        context.look_anew()
        stages = checks.stages(context) if left is None else left.stages
        alike = not (context.looked_further or context.shaped or context.nearby)
        ending, findings, shaped, nearby = None, list[Finding](), False, False
        by_traits, by_more = list[Stage](), list[Stage]()
        for position, (stage, asked) in enumerate(stages, 1):
            failing, of_traits, of_more = list[Finding](), list[Asked](), list[Asked]()
            for clause in asked:
                context.look_anew()
                failed = clause if isinstance(clause, FailedClause) else self._failed(clause, context)
                kept = clause if context.looked_further else failed
                if kept is not None:
                    of_more.append(kept)
                if context.shaped or (context.nearby and not context.looked_further):
                    of_traits.append(clause)
                    shaped, nearby = shaped or context.shaped, nearby or context.nearby
                elif kept is not None:
                    of_traits.append(kept)
                if failed is not None:
                    advised = self._advised_alike if failed is kept else self._advised
                    failing.append(advised(failed, context))
            by_traits.append((stage, tuple(of_traits)))
            by_more.append((stage, tuple(of_more)))
            findings += failing
            if _ends(failing, checks):
                # Others of its like may pass here.
                ending, rest = stage, stages[position:]
                by_traits += rest
                by_more += rest
                break
        if alike:
            checks.keep(context, by_traits, by_more, shaped, nearby)
        return ending, findings

    def failing_of(self, asked: Sequence[Asked], context: Any) -> list[Finding]:
        """The findings of the clauses that fail. Nearly all hold, so that is what costs least."""
        findings: list[Finding] = []
        for clause in asked:
            if isinstance(clause, FailedClause):
                findings.append(self._advised_alike(clause, context))
            elif (failed := self._failed(clause, context)) is not None:
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

    def _advised_alike(self, failed: FailedClause, context: Context) -> Finding:
        """The same where the clause fails for all operators like this one: so does the fix help them all."""
        key = failed, of_graph(context.subgraph)
        finding = self._advice.get(key)
        if finding is None:
            context.look_anew()
            finding = self._advised(failed, context)
            if not (context.shaped or context.nearby or context.beyond):
                self._advice.keep(key, finding)
        return finding

    def _no_form(self, context: Context) -> FailedClause:
        operator, unlisted = context.operator, self.pack.unlisted
        finding = Finding(
            rule=f"{self.pack.delegate}/{slug(operator.name)}/form",
            severity="blocker",
            stage="check",
            message=f"{operator.name} is called in a form that the delegate doesn't know",
            fix=unlisted.fix,
            source=unlisted.source,
            actual=f"{len(operator.inputs)} inputs, {len(operator.outputs)} outputs",
        )
        return FailedClause(unlisted, finding)


def _ends(failing: Sequence[Finding], checks: Checks) -> bool:
    return bool(checks.ending) and any(finding.severity in checks.ending for finding in failing)


def _holds(condition: Evaluate, context: Context) -> bool:
    try:
        return bool(condition(context))
    except Undefined:
        return False


def _form_of(forms: Sequence[_Form], context: Context) -> _Form | None:
    for form in forms:
        if form.when is None or _holds(form.when, context):
            return form
    return None


def _of_chosen(forms: Sequence[_Form], context: Context) -> Sequence[Stage]:
    """What is asked of an operator after the delegate has chosen it."""
    form = _form_of(forms, context)
    return () if form is None else (("later", form.later),)

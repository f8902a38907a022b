"""Model x configurations -> audit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing import graph_findings
from analyzer.auditing.apply_delegate import Delegation, Earlier, apply_delegate
from analyzer.auditing.configurations import also
from analyzer.auditing.delegate_audit import audit_delegate
from analyzer.auditing.macs import MacCounter
from analyzer.auditing.types import Audit, Blocker, Configuration, DelegateAudit, DelegateAudits
from analyzer.errors import ModelError
from analyzer.expressions.steps import StepsFor
from analyzer.expressions.vocabulary import Context
from analyzer.interpreter import Interpreter
from analyzer.model.graph import Model, Prepared
from analyzer.rules.judging.judge_beside import JudgeBeside
from analyzer.rules.registry import Packs


class _Case(Struct, frozen=True):
    """A model as one runtime prepares it, and what is noted whatever the delegate."""

    prepared: Prepared
    contexts: Sequence[Sequence[Context]]
    macs: Sequence[Sequence[int | None]]
    notes: Sequence[Blocker]


class Variant(Struct, frozen=True):
    """A configuration that differs in parameters from one which is audited first."""

    configuration: Configuration
    judges: JudgeBeside


class Applied(Struct, frozen=True):
    """An audit, and how the delegate of each of its configurations was applied."""

    audit: Audit
    delegations: Sequence[tuple[_Case, Delegation]]


def variant(configuration: Configuration, other: Configuration | None) -> Variant | None:
    """The other one as it differs from the first."""
    return None if other is None else Variant(other, JudgeBeside(other.judge, configuration.judge))


class Auditor:
    """Audits models against the same configurations; what can be compiled is compiled once.

    `registered` are names of custom operators, patterns like `Flex*` among them, that apps have kernels for.
    """

    def __init__(
        self,
        packs: Packs,
        configurations: Sequence[Configuration],
        fallbacks: Sequence[Configuration] = (),
        registered: Sequence[str] = (),
    ) -> None:
        self._configurations = configurations
        self._fallbacks = fallbacks
        self._registered = registered
        #: By configuration, which goes by its identity, the one with parameters that an app can't choose.
        self._others: dict[int, tuple[Configuration, Variant | None]] = {}
        self._interpreter = Interpreter(packs)
        self._macs = MacCounter(packs.catalogue)
        self._recipes = packs.recipes

    def audit(self, model: Model, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Audit:
        """Audit a model; `shapes` resizes inputs by name before anything else, as an app may.

        Raises: ModelError for a file that can be read but that no runtime takes for a model, or that lacks
            such an input (InputError).
        """
        return self.apply(model, shapes).audit

    def apply(self, model: Model, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Applied:
        """The same with all that `vary` begins from."""
        _check(model)
        customs = {code.custom for code in model.operator_codes if code.custom is not None}
        registered = _matching(customs, self._registered)
        # A stand-in is registered as version 1 alone.
        later = {code.custom for code in model.operator_codes if code.version > 1}
        unregistered = customs.difference(registered, later)
        cases = {registered: self._prepare(model, shapes, registered, registered)}
        audits, delegations = [], []
        #: Devices of one setting are audited once.
        told_of: dict[int, tuple[DelegateAudit, tuple[_Case, Delegation]]] = {}
        for configuration in (*self._configurations, *self._fallbacks):
            known = told_of.get(id(configuration.judge))
            if known is None:
                own = (name for name in configuration.pack.graph.stand_ins if name in unregistered)
                stand_ins = (*registered, *own)
                if stand_ins not in cases:
                    cases[stand_ins] = self._prepare(model, shapes, stand_ins, registered)
                case = cases[stand_ins]
                audited, delegation = self._audit(case, configuration)
                known = told_of[id(configuration.judge)] = audited, (case, delegation)
            audits.append(replace(known[0], configuration=configuration))
            delegations.append(known[1])
        asked = len(self._configurations)
        fallbacks = _by_delegate((*audits[asked:], *audits[:asked]))
        told = DelegateAudits(audits[:asked])
        return Applied(Audit(model, cases[registered].prepared, told, fallbacks, self._recipes), delegations)

    def vary(self, applied: Applied, variants: Sequence[tuple[int, Variant]]) -> Audit:
        """The audit of variants alone, each with the position of the configuration that it differs from."""
        audits = []
        for position, varied in variants:
            case, delegation = applied.delegations[position]
            earlier = Earlier(delegation, applied.audit.delegates[position], varied.judges)
            audited, _ = self._audit(case, varied.configuration, earlier)
            audits.append(audited)
        return replace(applied.audit, delegates=DelegateAudits(audits), fallbacks=_by_delegate(audits))

    def _audit(
        self, case: _Case, configuration: Configuration, earlier: Earlier | None = None
    ) -> tuple[DelegateAudit, Delegation]:
        audited, delegation = self._audit_alone(case, configuration, earlier)
        if audited.summary.verdict == "full" and (other := self._also(configuration)) is not None:
            beside = Earlier(delegation, audited, other.judges)
            audited = replace(audited, also=self._audit_alone(case, other.configuration, beside)[0])
        return audited, delegation

    def _also(self, configuration: Configuration) -> Variant | None:
        known = id(configuration)
        if known not in self._others:
            self._others[known] = configuration, variant(configuration, also(configuration))
        return self._others[known][1]

    def _audit_alone(
        self, case: _Case, configuration: Configuration, earlier: Earlier | None
    ) -> tuple[DelegateAudit, Delegation]:
        with StepsFor(sum(map(len, case.contexts))):
            applied = apply_delegate(
                case.prepared, case.contexts, configuration.judge, self._interpreter, earlier
            )
            if earlier is not None and earlier.comes_to(applied):
                return replace(earlier.audit, configuration=configuration, also=None), applied
            return audit_delegate(case.prepared, case.macs, configuration, applied, case.notes), applied

    def _prepare(
        self,
        model: Model,
        shapes: Mapping[str, tuple[int, ...]] | None,
        stand_ins: tuple[str, ...],
        registered: Sequence[str],
    ) -> _Case:
        with StepsFor(sum(len(subgraph.operators) for subgraph in model.subgraphs)):
            prepared, contexts = self._interpreter.prepare_operators(model, shapes or {}, stand_ins)
            macs = [[self._macs.count(context) for context in operators] for operators in contexts]
            return _Case(prepared, contexts, macs, tuple(map(graph_findings.registered, registered)))


def _check(model: Model) -> None:
    if not model.identifier:
        raise ModelError(
            model.path,
            "it lacks the identifier TFL3 at byte 4 "
            f"(schema version {model.schema_version}), so no runtime loads it",
            "convert it again with a current converter; `inspect` still shows what is in it",
        )


def _matching(names: Collection[str], patterns: Sequence[str]) -> tuple[str, ...]:
    if not patterns:
        return ()
    from fnmatch import fnmatchcase

    return tuple(sorted(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)))


def _by_delegate(audits: Iterable[DelegateAudit]) -> Mapping[str, DelegateAudit]:
    return {audit.configuration.pack.delegate: audit for audit in audits}

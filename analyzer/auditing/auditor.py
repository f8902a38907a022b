"""Model x configurations -> audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy

from msgspec import Struct
from msgspec.structs import replace

from analyzer.auditing import graph_findings
from analyzer.auditing.apply_delegate import Delegation, Earlier, apply_delegate
from analyzer.auditing.configurations import also
from analyzer.auditing.delegate_audit import audit_delegate
from analyzer.auditing.macs import MacCounter
from analyzer.auditing.types import Audit, Blocker, Configuration, DelegateAudit, DelegateAudits
from analyzer.errors import ModelError
from analyzer.expressions.steps import steps_for
from analyzer.expressions.vocabulary import Context
from analyzer.interpreter import Interpreter
from analyzer.model.graph import Model, Prepared
from analyzer.rules.judging.judge_beside import JudgeBeside
from analyzer.rules.registry import Packs


class _Case(Struct, frozen=True):
    """A model as one runtime prepares it."""

    prepared: Prepared
    contexts: Sequence[Sequence[Context]]
    macs: Sequence[Sequence[int | None]]


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
        self._others: dict[int, tuple[Configuration, tuple[Configuration, JudgeBeside] | None]] = {}
        self._interpreter = Interpreter(packs)
        self._macs = MacCounter(packs.catalogue)
        self._recipes = packs.recipes

    def asking(self, configurations: Sequence[Configuration]) -> Auditor:
        """The same for these configurations alone; what is compiled serves both."""
        other = copy(self)
        other._configurations, other._fallbacks = configurations, ()
        return other

    def audit(
        self,
        model: Model,
        shapes: Mapping[str, tuple[int, ...]] | None = None,
        prepared: Prepared | None = None,
    ) -> Audit:
        """Audit a model; `shapes` resizes inputs by name before anything else, as an app may.

        `prepared`: what an audit of the same model with the same sizes and registered operators prepared.

        Raises: ModelError for a file that can be read but that no runtime takes for a model, or that lacks
            such an input (InputError).
        """
        _check(model)
        customs = {code.custom for code in model.operator_codes if code.custom is not None}
        registered = _matching(customs, self._registered)
        # A stand-in is registered as version 1 alone.
        later = {code.custom for code in model.operator_codes if code.version > 1}
        unregistered = customs.difference(registered, later)
        notes = tuple(map(graph_findings.registered, registered))
        first = self._prepare(model, shapes, registered) if prepared is None else self._case(prepared)
        cases: dict[tuple[str, ...], _Case] = {registered: first}
        audits = []
        #: Devices of one setting are audited once.
        told_of: dict[int, DelegateAudit] = {}
        for configuration in (*self._configurations, *self._fallbacks):
            own = (name for name in configuration.pack.graph.stand_ins if name in unregistered)
            stand_ins = (*registered, *own)
            if (known := told_of.get(id(configuration.judge))) is not None:
                audits.append(replace(known, configuration=configuration))
                continue
            if stand_ins not in cases:
                cases[stand_ins] = self._prepare(model, shapes, stand_ins)
            case = cases[stand_ins]
            audited, applied = self._audit(case, configuration, notes)
            if audited.summary.verdict == "full" and (also := self._also(configuration)) is not None:
                other, judges = also
                told, _ = self._audit(case, other, notes, Earlier(applied, judges))
                audited = replace(audited, also=told)
            audits.append(audited)
            told_of[id(configuration.judge)] = audited
        asked = len(self._configurations)
        fallbacks = {audit.configuration.pack.delegate: audit for audit in (*audits[asked:], *audits[:asked])}
        return Audit(
            model, cases[registered].prepared, DelegateAudits(audits[:asked]), fallbacks, self._recipes
        )

    def _also(self, configuration: Configuration) -> tuple[Configuration, JudgeBeside] | None:
        known = id(configuration)
        if known not in self._others:
            other = also(configuration)
            beside = None if other is None else (other, JudgeBeside(other.judge, configuration.judge))
            self._others[known] = configuration, beside
        return self._others[known][1]

    def _audit(
        self,
        case: _Case,
        configuration: Configuration,
        notes: Sequence[Blocker],
        earlier: Earlier | None = None,
    ) -> tuple[DelegateAudit, Delegation]:
        with steps_for(sum(map(len, case.contexts))):
            applied = apply_delegate(
                case.prepared, case.contexts, configuration.judge, self._interpreter, earlier
            )
            return audit_delegate(case.prepared, case.macs, configuration, applied, notes), applied

    def _prepare(
        self, model: Model, shapes: Mapping[str, tuple[int, ...]] | None, stand_ins: tuple[str, ...]
    ) -> _Case:
        with steps_for(sum(len(subgraph.operators) for subgraph in model.subgraphs)):
            return self._case(self._interpreter.prepare(model, shapes or {}, stand_ins))

    def _case(self, prepared: Prepared) -> _Case:
        contexts = [
            [Context(subgraph, operator) for operator in subgraph.operators]
            for subgraph in prepared.subgraphs
        ]
        macs = [[self._macs.count(context) for context in operators] for operators in contexts]
        return _Case(prepared, contexts, macs)


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

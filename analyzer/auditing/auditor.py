"""Model x delegate -> audit: every operator's verdict, where it ends up, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.auditing import graph_findings
from analyzer.auditing.apply_delegate import Delegation, apply_delegate
from analyzer.auditing.graph_findings import Blocker, unbuilt
from analyzer.auditing.partition import crossing
from analyzer.errors import ModelError
from analyzer.expressions.evaluate import Evaluate, build
from analyzer.expressions.partial import fold
from analyzer.expressions.vocabulary import Context, Undefined, size_bytes
from analyzer.interpreter import Interpreter
from analyzer.model.graph import Model, Prepared
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.judge import Finding, Judge
from analyzer.rules.pack import RulePack
from analyzer.rules.parameters import resolve, split
from analyzer.rules.registry import Packs


class Configuration(Struct, frozen=True):
    """One delegate with its parameters: what `-d` or `--device` asks for."""

    pack: RulePack
    parameters: Mapping[str, Any]
    judge: Judge
    device: str | None = None


class OperatorAudit(Struct, frozen=True):
    """One operator under one delegate."""

    subgraph: int
    index: int
    supported: bool
    folded: bool
    delegated: bool
    partition: int | None
    macs: int | None
    findings: tuple[Finding, ...]
    #: Why an accepted operator is not delegated (the words of `delegation`).
    lost: str | None = None


class PartitionAudit(Struct, frozen=True):
    """One partition with the tensors that cross its border, constants left aside."""

    subgraph: int
    index: int
    operators: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    #: Bytes of those tensors; tensors whose elements have no fixed size count nothing.
    boundary_bytes: int


class Summary(Struct, frozen=True):
    operators: int
    supported: int
    unsupported: int
    folded: int
    delegated: int
    partitions: int
    macs: int
    delegated_macs: int
    delegated_operators_share: float
    delegated_macs_share: float
    boundary_bytes: int
    #: Operators that the delegate takes and then fails on, which is no part of the verdict.
    build_failures: int
    verdict: str


class ToFull(Struct, frozen=True):
    """What stands between a model and full delegation."""

    #: Subgraph and index of the fewest operators that would have to be accepted.
    operators: tuple[tuple[int, int], ...]
    macs: int
    #: Positions of the blockers that would have to go as well.
    blockers: tuple[int, ...]


class Gain(Struct, frozen=True):
    """What would be delegated if operators that are refused for one reason were accepted."""

    #: Subgraph and index of those operators.
    operators: tuple[tuple[int, int], ...]
    delegated: int
    delegated_macs: int


class DelegateAudit(Struct, frozen=True):
    configuration: Configuration
    operators: tuple[OperatorAudit, ...]
    partitions: tuple[PartitionAudit, ...]
    blockers: tuple[Blocker, ...]
    summary: Summary
    #: None where no acceptance of operators brings full delegation.
    to_full: ToFull | None
    #: One for each reason, where operators are lost because others are refused.
    gains: tuple[Gain, ...] = ()


class Audit(Struct, frozen=True):
    """Everything that is said of one model."""

    model: Model
    prepared: Prepared
    delegates: tuple[DelegateAudit, ...]
    #: By name, what runs the operators that delegates leave out: as if it were asked alone.
    fallbacks: Mapping[str, DelegateAudit] = {}


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
        self._runtime = Interpreter(packs)
        self._macs = MacCounter(packs.catalogue)

    def audit(self, model: Model, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Audit:
        """Audit a model; `shapes` resizes inputs by name before anything else, as an app may.

        Raises: ModelError for a file that can be read but that no runtime takes for a model, or that lacks
            such an input (InputError).
        """
        if not model.identifier:
            raise ModelError(
                model.path,
                "it lacks the identifier TFL3 at byte 4 "
                f"(schema version {model.schema_version}), so no runtime loads it",
                "convert it again with a current converter; `inspect` still shows what is in it",
            )
        customs = {code.custom for code in model.operator_codes if code.custom is not None}
        registered = _matching(customs, self._registered)
        notes = tuple(map(graph_findings.registered, registered))
        cases: dict[tuple[str, ...], _Case] = {registered: self._prepare(model, shapes, registered)}
        audits = []
        for one in (*self._configurations, *self._fallbacks):
            own = (name for name in one.pack.graph.stand_ins if name in customs.difference(registered))
            stand_ins = (*registered, *own)
            if stand_ins not in cases:
                cases[stand_ins] = self._prepare(model, shapes, stand_ins)
            case = cases[stand_ins]
            audits.append(_audit_one(case.prepared, case.contexts, case.macs, one, notes))
        asked = len(self._configurations)
        fallbacks = {one.configuration.pack.delegate: one for one in (*audits[asked:], *audits[:asked])}
        return Audit(model, cases[registered].prepared, tuple(audits[:asked]), fallbacks)

    def _prepare(
        self, model: Model, shapes: Mapping[str, tuple[int, ...]] | None, stand_ins: tuple[str, ...]
    ) -> _Case:
        prepared = self._runtime.prepare(model, shapes or {}, stand_ins)
        contexts = [
            [Context(subgraph, operator) for operator in subgraph.operators]
            for subgraph in prepared.subgraphs
        ]
        macs = [[self._macs.count(context) for context in operators] for operators in contexts]
        return _Case(prepared, contexts, macs)


def _matching(names: Collection[str], patterns: Sequence[str]) -> tuple[str, ...]:
    if not patterns:
        return ()
    from fnmatch import fnmatchcase

    return tuple(sorted(name for name in names if any(fnmatchcase(name, one) for one in patterns)))


def fallbacks(packs: Packs, configurations: Sequence[Configuration]) -> list[Configuration]:
    """What takes the operators that these delegates leave, where it isn't among them itself."""
    asked = {one.pack.delegate for one in configurations}
    names = dict.fromkeys(one.pack.fallback for one in configurations if one.pack.fallback not in asked)
    return configure(packs, [name for name in names if name in packs.names()])


def configure(packs: Packs, specs: Sequence[str]) -> list[Configuration]:
    """`NAME(:PARAM=VALUE)*` texts -> configurations, in the order given; `all` stands for every pack.

    Raises: UsageError, RuleError.
    """
    found = []
    for spec in specs:
        for one in packs.names() if spec == "all" else [spec]:
            name, written = split(one)
            pack = packs.get(name)
            parameters = resolve(pack, written)
            found.append(Configuration(pack, parameters, Judge(pack, parameters)))
    return found


class MacCounter:
    """Counts an operator's multiply-accumulates by the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._compiled: dict[str, Evaluate | None] = {}

    def count(self, context: Context) -> int | None:
        """Multiply-accumulates; 0 for operators that have none, None where shapes don't tell."""
        operator = context.operator
        name = operator.key
        if name not in self._compiled:
            tree = self._catalogue.macs.get(name)
            self._compiled[name] = None if tree is None else build(fold(tree, {}))
        counted = self._compiled[name]
        if counted is None:
            return 0
        try:
            return max(0, int(counted(context)))
        except Undefined:
            return None


def _audit_one(
    prepared: Prepared,
    contexts: Sequence[Sequence[Context]],
    macs: Sequence[Sequence[int | None]],
    configuration: Configuration,
    notes: Sequence[Blocker],
) -> DelegateAudit:
    delegation = apply_delegate(prepared, contexts, configuration.judge)
    partitions = _partitions(prepared, delegation)
    place = {(p.subgraph, operator): p.index for p in partitions for operator in p.operators}
    operators = []
    for subgraph, counts in zip(prepared.subgraphs, macs, strict=True):
        words = delegation.subgraphs[subgraph.index]
        for operator, count in zip(subgraph.operators, counts, strict=True):
            index = operator.index
            where = place.get((subgraph.index, index))
            operators.append(
                OperatorAudit(
                    subgraph.index,
                    index,
                    words.supported[index],
                    index in words.folded,
                    where is not None,
                    where,
                    count,
                    words.findings[index],
                    words.lost.get(index),
                )
            )
    summary = _summary(operators, partitions, delegation.crashes)
    return DelegateAudit(
        configuration,
        tuple(operators),
        tuple(partitions),
        (*delegation.blockers, *notes),
        summary,
        _to_full(delegation, macs),
        tuple(_gains(delegation, macs)),
    )


def _partitions(prepared: Prepared, delegation: Delegation) -> list[PartitionAudit]:
    found: list[PartitionAudit] = []
    for words in delegation.subgraphs:
        subgraph = words.subgraph
        for index, partition in enumerate(words.partitions):
            inputs, outputs = crossing(subgraph, partition.operators)
            crossed = sum(size_bytes(subgraph.tensors[tensor]) or 0 for tensor in (*inputs, *outputs))
            found.append(PartitionAudit(subgraph.index, index, partition.operators, inputs, outputs, crossed))
    return found


def _to_full(delegation: Delegation, macs: Sequence[Sequence[int | None]]) -> ToFull | None:
    operators: list[tuple[int, int]] = []
    for words in delegation.subgraphs:
        if words.missing_operators is None:
            return None
        operators += [(words.subgraph.index, index) for index in words.missing_operators]
    return ToFull(
        tuple(operators),
        sum(macs[subgraph][index] or 0 for subgraph, index in operators),
        tuple(position for position, blocker in enumerate(delegation.blockers) if blocker.remains),
    )


def _gains(delegation: Delegation, macs: Sequence[Sequence[int | None]]) -> Iterator[Gain]:
    for fix in dict.fromkeys(fix for words in delegation.subgraphs for fix in words.gains):
        refused: list[tuple[int, int]] = []
        delegated: list[tuple[int, int]] = []
        for words in delegation.subgraphs:
            index, gain = words.subgraph.index, words.gains.get(fix)
            refused += [(index, operator) for operator in sorted(gain.refused)] if gain else []
            delegated += [(index, operator) for operator in (gain.delegated if gain else words.delegated)]
        yield Gain(
            tuple(refused),
            len(delegated),
            sum(macs[subgraph][operator] or 0 for subgraph, operator in delegated),
        )


def _summary(operators: list[OperatorAudit], partitions: list[PartitionAudit], crashes: bool) -> Summary:
    total = len(operators)
    delegated = macs = delegated_macs = supported = folded = unsupported = 0
    for operator in operators:
        count = operator.macs or 0
        macs += count
        supported += operator.supported
        folded += operator.folded
        unsupported += not (operator.supported or operator.folded)
        if operator.delegated:
            delegated += 1
            delegated_macs += count
    return Summary(
        operators=total,
        supported=supported,
        unsupported=unsupported,
        folded=folded,
        delegated=delegated,
        partitions=len(partitions),
        macs=macs,
        delegated_macs=delegated_macs,
        delegated_operators_share=_share(delegated, total),
        delegated_macs_share=_share(delegated_macs, macs),
        boundary_bytes=sum(partition.boundary_bytes for partition in partitions),
        build_failures=sum(any(map(unbuilt, operator.findings)) for operator in operators),
        verdict="crash" if crashes else "full" if delegated == total else "partial" if delegated else "none",
    )


def _share(part: int, whole: int) -> float:
    """A share of 1 where there is nothing to share."""
    return part / whole if whole else 1.0

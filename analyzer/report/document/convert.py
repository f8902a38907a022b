"""Audit -> the public document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat

from msgspec import UNSET, UnsetType, structs

from analyzer import __version__
from analyzer.auditing.delegate_audit import deciding
from analyzer.auditing.types import Audit, Blocker, DelegateAudit, Gain, OperatorAudit, Summary, ToFull
from analyzer.errors import AnalyzerError
from analyzer.model.graph import OMITTED, Subgraph
from analyzer.report.document import audit_document
from analyzer.report.document.contents import Graph, Signature
from analyzer.rules.catalogue import Catalogue
from analyzer.rules.judging.judge import Finding
from analyzer.rules.pack import Recipe

TOOL = audit_document.Tool(name="delegate-analyzer", version=__version__)

#: Findings of a model that are told in full, which its audits have the same shares of; each has some.
IN_FULL, LEAST_IN_FULL = 20_000, 1000
#: Blockers of an audit that are told in full.
BLOCKERS_IN_FULL = 1000


def whole(models: Sequence[audit_document.Model], policy: audit_document.Policy) -> audit_document.Document:
    """The one document of a run over `models`."""
    return audit_document.Document(tool=TOOL, models=tuple(models), policy=policy)


def unread(path: str, size: int, error: AnalyzerError) -> audit_document.Model:
    """A file that could not be read, or not be audited as it was asked for."""
    return audit_document.Model(
        path=path, bytes=size, error=audit_document.Error(code=error.code, message=str(error))
    )


def model(
    audit: Audit, sha256: str | None = None, catalogue: Catalogue | None = None
) -> audit_document.Model:
    """One audited model; with the names of operands in `catalogue` every operator's operands too."""
    source = audit.model
    subgraphs = audit.prepared.subgraphs
    return audit_document.Model(
        path=source.path,
        bytes=source.size,
        sha256=sha256,
        description=source.description,
        operators=sum(len(subgraph.operators) for subgraph in subgraphs),
        macs=audit.delegates[0].summary.macs if audit.delegates else 0,
        dtypes=(dtypes := _dtypes(subgraphs)),
        weights=_weights(subgraphs, dtypes),
        subgraphs=tuple(
            audit_document.Subgraph(
                index=subgraph.index,
                name=subgraph.name,
                operators=len(subgraph.operators),
                inputs=subgraph.inputs,
                outputs=subgraph.outputs,
            )
            for subgraph in subgraphs
        ),
        audits=audits(audit),
        graphs=UNSET if catalogue is None else _graphs(audit, catalogue),
        signatures=UNSET if catalogue is None else _signatures(audit),
        fixes=tuple(_recipe(audit.recipes.of(text)) for text in _given(audit.delegates)),
    )


def audits(audit: Audit) -> tuple[audit_document.Audit, ...]:
    """What is said of a model for each delegate."""
    in_full = max(LEAST_IN_FULL, IN_FULL // max(1, len(audit.delegates)))
    return tuple([_audit(delegate_audit, audit, in_full) for delegate_audit in audit.delegates])


def _given(audits: Iterable[DelegateAudit]) -> Iterable[str]:
    """The texts of all fixes, in the order in which they are first told."""
    given: dict[str, None] = {}
    for audit in audits:
        given.update((blocker.finding.fix, None) for blocker in audit.blockers)
        given.update((finding.fix, None) for operator in audit.operators for finding in operator.findings)
    return filter(None, given)


def _recipe(recipe: Recipe) -> audit_document.Recipe:
    return audit_document.Recipe(
        fix=recipe.text,
        job=recipe.job,
        language=recipe.language,
        before=recipe.before,
        after=recipe.after,
        torch_before=recipe.torch_before,
        torch_after=recipe.torch_after,
        brings=recipe.brings,
    )


def _graphs(audit: Audit, catalogue: Catalogue) -> tuple[Graph, ...]:
    from analyzer.report.document.description import graphs

    counted = audit.delegates[0].operators if audit.delegates else ()
    return graphs(
        audit.prepared,
        catalogue,
        {(operator.subgraph, operator.index): operator.macs for operator in counted},
    )


def _signatures(audit: Audit) -> tuple[Signature, ...]:
    from analyzer.report.document.description import signatures

    return signatures(audit.prepared)


def _dtypes(subgraphs: Sequence[Subgraph]) -> tuple[str, ...]:
    """Element types of what operators compute, the most frequent first."""
    counted: dict[str, int] = {}
    for subgraph in subgraphs:
        tensors = subgraph.tensors
        for operator in subgraph.operators:
            for index in operator.outputs:
                if index != OMITTED:
                    dtype = tensors[index].dtype
                    counted[dtype] = counted.get(dtype, 0) + 1
    if len(counted) < 2:
        return tuple(counted)
    return tuple(dtype for dtype, _ in sorted(counted.items(), key=lambda entry: (-entry[1], entry[0])))


#: Narrower than what is computed, constants of these are weights that only become numbers on the way.
_NARROW = frozenset({"FLOAT16", "BFLOAT16", "INT16", "INT8", "UINT8", "INT4", "INT2"})


def _weights(subgraphs: Sequence[Subgraph], computed: Collection[str]) -> tuple[str, ...]:
    """Element types of constants narrower than anything that operators compute."""
    narrow = _NARROW.difference(computed)
    dtypes = {
        tensor.dtype
        for subgraph in subgraphs
        for tensor in subgraph.tensors
        if tensor.dtype in narrow and tensor.constant
    }
    return tuple(sorted(dtypes))


def _audit(delegate_audit: DelegateAudit, audit: Audit, in_full: int) -> audit_document.Audit:
    pack = delegate_audit.configuration.pack
    rest = audit.fallbacks.get(pack.fallback)
    findings, blockers = _Findings(in_full), tuple(_blockers(delegate_audit.blockers))
    operators = tuple(_operators(delegate_audit, audit, findings))
    abridged = findings.abridged + sum(each.like is not UNSET for each in blockers)
    return audit_document.Audit(
        delegate=pack.delegate,
        title=pack.title,
        device=delegate_audit.configuration.device,
        parameters=dict(delegate_audit.configuration.parameters),
        status=pack.status,
        platforms=(platform,) if (platform := delegate_audit.configuration.platform) else pack.platforms,
        legacy=delegate_audit.configuration.legacy,
        in_title=tuple(name for name, parameter in pack.parameters.items() if parameter.in_title),
        fallback=pack.fallback,
        fallback_title=rest.configuration.pack.title if rest else UNSET,
        rules=audit_document.Rules(
            version=pack.version,
            sha256=pack.sha256,
            upstream=audit_document.Upstream(repository=pack.repository, revision=pack.revision),
        ),
        operators=operators,
        partitions=tuple(
            audit_document.Partition(
                subgraph=partition.subgraph,
                index=partition.index,
                operators=partition.operators,
                inputs=partition.inputs,
                outputs=partition.outputs,
                boundary_bytes=partition.boundary_bytes,
            )
            for partition in delegate_audit.partitions
        ),
        blockers=blockers,
        summary=_summary(delegate_audit.summary, abridged),
        decided=_decided(delegate_audit),
        to_full=None if delegate_audit.to_full is None else _to_full(delegate_audit.to_full),
        gains=tuple(map(_gain, delegate_audit.gains)),
        partial=pack.partial,
        also=None if delegate_audit.also is None else _also(delegate_audit.also),
    )


def _also(other: DelegateAudit) -> audit_document.Also:
    configuration = other.configuration
    told = configuration.pack.also
    return audit_document.Also(
        when=told.when if told else "",
        parameters=dict(configuration.parameters),
        summary=_summary(other.summary),
        decided=_decided(other),
    )


def _decided(audit: DelegateAudit) -> audit_document.Decided | None:
    decision = deciding(audit)
    if decision is None:
        return None
    return audit_document.Decided(
        rule=decision.finding.rule,
        severity=decision.finding.severity,
        stage=decision.finding.stage,
        kind=decision.kind,
        message=decision.finding.message,
        operators=_named(decision.operators),
    )


def _summary(summary: Summary, abridged: int = 0) -> audit_document.Summary:
    selected = audit_document.Selection(**structs.asdict(summary.selected))
    fields = structs.asdict(summary) | {"selected": selected}
    return audit_document.Summary(**fields, abridged=abridged or UNSET)


def _to_full(to_full: ToFull) -> audit_document.ToFull:
    return audit_document.ToFull(
        operators=_named(to_full.operators), macs=to_full.macs, blockers=to_full.blockers
    )


def _gain(gain: Gain) -> audit_document.Gain:
    return audit_document.Gain(
        operators=_named(gain.operators), delegated=gain.delegated, delegated_macs=gain.delegated_macs
    )


def _named(places: Iterable[tuple[int, int]]) -> tuple[audit_document.Place, ...]:
    return tuple(audit_document.Place(subgraph=subgraph, operator=index) for subgraph, index in places)


def _places(delegate_audit: DelegateAudit, audit: Audit) -> Iterable[str | UnsetType]:
    """Each operator's placement, as far as the audit of the fallback is there to tell."""
    fallback = delegate_audit.configuration.pack.fallback
    runs = delegate_audit.summary.delegated > 0
    if not fallback:
        return [
            "delegate" if operator.delegated and runs else audit_document.REFERENCE
            for operator in delegate_audit.operators
        ]
    if fallback not in audit.fallbacks:
        return repeat(UNSET, len(delegate_audit.operators))
    rest = audit.fallbacks[fallback].operators
    return [
        "delegate"
        if operator.delegated and runs
        else fallback
        if other.delegated or other.folded
        else audit_document.REFERENCE
        for operator, other in zip(delegate_audit.operators, rest, strict=True)
    ]


def _operators(
    delegate_audit: DelegateAudit, audit: Audit, findings: _Findings
) -> Iterator[audit_document.Operator]:
    operators = ((of.tensors, operator) for of in audit.prepared.subgraphs for operator in of.operators)
    places = _places(delegate_audit, audit)
    for (tensors, operator), told, place in zip(operators, delegate_audit.operators, places, strict=True):
        outputs = operator.outputs
        yield audit_document.Operator(
            subgraph=told.subgraph,
            index=told.index,
            op=operator.name,
            version=operator.version,
            custom=operator.custom,
            output=tensors[outputs[0]].name if outputs and outputs[0] != OMITTED else None,
            supported=told.supported,
            folded=told.folded,
            delegated=told.delegated,
            partition=told.partition,
            lost=told.lost,
            macs=told.macs,
            findings=findings.of(told) if told.findings else (),
            placement=place,
        )


class _Findings:
    """The findings of one audit: so many in full; of the rest those that are like none before."""

    def __init__(self, in_full: int) -> None:
        self._left = in_full
        self.abridged = 0
        self._first: dict[tuple[str, ...], audit_document.Like] = {}
        #: By the identities of findings, which operators that are alike share, what is told of them in full.
        self._in_full: dict[int, audit_document.Finding] = {}
        self._alike: dict[tuple[str, ...], audit_document.Finding] = {}
        #: By the same, what is told of operators all of whose findings are like others.
        self._short: dict[tuple[int, ...], tuple[audit_document.Finding, ...]] = {}

    def of(self, operator: OperatorAudit) -> tuple[audit_document.Finding, ...]:
        kind = tuple(map(id, operator.findings))
        short = self._short.get(kind)
        if short is not None:
            self.abridged += len(short)
            return short
        before = self.abridged
        told = tuple([self._told(raw, at, operator) for at, raw in enumerate(operator.findings)])
        if self.abridged - before == len(told):
            self._short[kind] = told
        return told

    def _told(self, raw: Finding, at: int, operator: OperatorAudit) -> audit_document.Finding:
        told = self._in_full.get(id(raw))
        if told is not None and self._left > 0:
            self._left -= 1
            return told
        kind = (raw.severity, raw.stage, raw.fix, raw.source)
        first = self._first.get(kind)
        if first is None:
            self._first[kind] = audit_document.Like(
                subgraph=operator.subgraph, operator=operator.index, finding=at
            )
        elif self._left <= 0:
            self.abridged += 1
            key = (raw.rule, *kind)
            if key not in self._alike:
                self._alike[key] = _abridged(raw, first)
            return self._alike[key]
        self._left -= 1
        return self._in_full.setdefault(id(raw), finding(raw))


def _abridged(raw: Finding, first: audit_document.Like) -> audit_document.Finding:
    where = f"operator {first.operator}" + (f" of subgraph {first.subgraph}" if first.subgraph else "")
    return audit_document.Finding(
        rule=raw.rule,
        severity=_severity(raw),
        stage=raw.stage,
        message=f"as at {where}",
        fix=raw.fix,
        source=raw.source,
        like=first,
    )


def finding(finding: Finding) -> audit_document.Finding:
    """One finding."""
    return audit_document.Finding(
        rule=finding.rule,
        severity=_severity(finding),
        stage=finding.stage,
        message=finding.message,
        expected=finding.expected,
        actual=finding.actual,
        operand=finding.operand,
        fix=finding.fix,
        source=finding.source,
    )


def _severity(finding: Finding) -> str:
    """Whether a refusal is of the whole model is what the verdict says; the finding is a refusal."""
    return "blocker" if finding.severity == "aborts" else finding.severity


def _blockers(blockers: Sequence[Blocker]) -> Iterator[audit_document.Blocker]:
    """The blockers of one audit: so many in full; of the rest those that are like none before."""
    first: dict[object, int] = {}
    for position, blocker in enumerate(blockers):
        raw = blocker.finding
        kind = raw.severity, raw.stage, blocker.kind, raw.fix, raw.source
        like = first.setdefault(kind, position)
        told = _blocker(blocker)
        if like < position and position >= BLOCKERS_IN_FULL:
            message = f"as blocker {like}"
            told = structs.replace(told, message=message, expected=None, actual=None, like=like)
        yield told


def _blocker(blocker: Blocker) -> audit_document.Blocker:
    finding = blocker.finding
    return audit_document.Blocker(
        rule=finding.rule,
        severity=_severity(finding),
        stage=finding.stage,
        kind=blocker.kind,
        message=finding.message,
        expected=finding.expected,
        actual=finding.actual,
        fix=finding.fix,
        source=finding.source,
        subgraph=blocker.subgraph,
        operator=blocker.operator,
        tensor=blocker.tensor,
    )

"""A log beside the audits of its delegates: the same operators taken, in as many parts, the same refused?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.auditing.partition import control_edges, partition_graph
from analyzer.auditing.types import Audit, DelegateAudit, OperatorAudit
from analyzer.device_log.line_catalogue import LineCatalogue
from analyzer.device_log.log_document import (
    Comparison,
    Figure,
    LogDocument,
    RefusedOperators,
    Releases,
    Share,
)
from analyzer.model.graph import Model
from analyzer.rules.pack import BROKEN, REFUSING, RulePack
from analyzer.rules.parameters import releases as releases_of
from analyzer.rules.parameters import split
from analyzer.rules.registry import Packs

CRASH, FAILS, _ = BROKEN
_RUNTIME, _WORKS = "runtime", "works"
_ELSEWHERE = "after another delegate had taken its part, so that the figures are not the model's"


def held_against(
    log: LogDocument, model: Model, packs: Packs, specs: Sequence[str], catalogue: LineCatalogue
) -> LogDocument:
    """The log with a comparison for each delegate that it says something of and that has a pack.

    `specs` are delegates with the parameters that the app gives them, which a log doesn't tell.
    Raises: ModelError, RuleError, UsageError.
    """
    asked = {spec: split(spec)[0] for spec in specs}
    for name in asked.values():
        packs.get(name)
    told = [name for name in log.delegates if name in packs.names() and name not in asked.values()]
    made = [_spec(packs.get(name), log.parameters.get(name, {})) for name in told]
    comparisons = [
        comparison for spec in (*asked, *made) for comparison in _compare(log, model, packs, spec, catalogue)
    ]
    return replace(log, model=model.path, comparisons=tuple(comparisons))


def _spec(pack: RulePack, stated: Mapping[str, str]) -> str:
    """The delegate as the log says that it was made, as far as its pack knows of it."""
    known = {name: value for name, value in stated.items() if name in pack.parameters}
    return ":".join([pack.delegate, *(f"{name}={value}" for name, value in known.items())])


def _compare(
    log: LogDocument, model: Model, packs: Packs, spec: str, catalogue: LineCatalogue
) -> Iterator[Comparison]:
    name = spec.partition(":")[0]
    audit = Auditor(packs, configure(packs, [spec])).audit(model)
    shares = [share for share in log.shares if share.delegate == name]
    refused = {entry.operator: entry.reason for entry in log.refusals if entry.delegate == name}
    broken = any(line.breaks and line.delegate == name for line in log.known)
    if not (shares or refused or broken):
        return
    share = next((share for share in shares if _of_model(share, model)), shares[0] if shares else None)
    comparison = _comparison(audit, share, refused, log)
    if comparison.agrees is False and f"{_RUNTIME}=" not in spec:
        told = _fitting(log, model, packs, spec, catalogue, share, refused)
        comparison = replace(comparison, fits=tuple(told))
    yield comparison


def _of_model(share: Share, model: Model) -> bool:
    """Whether the figures may be of this model."""
    if share.subgraph >= len(model.subgraphs):
        return False
    return share.total in (None, len(model.subgraphs[share.subgraph].operators))


def _fitting(
    log: LogDocument,
    model: Model,
    packs: Packs,
    spec: str,
    catalogue: LineCatalogue,
    share: Share | None,
    refused: Mapping[str, str],
) -> Iterator[str]:
    """The releases whose delegate does what the log says."""
    parameter = packs.get(spec.partition(":")[0]).parameters.get(_RUNTIME)
    known = releases_of(parameter) if parameter is not None else ()
    for release in known:
        if _possible(release, log.releases, catalogue.releases):
            audit = Auditor(packs, configure(packs, [f"{spec}:{_RUNTIME}={release}"])).audit(model)
            if _comparison(audit, share, refused, log).agrees:
                yield release


def _possible(release: str, said: Releases, known: Sequence[str]) -> bool:
    """Whether the release writes the lines that the log has."""
    if release not in known:
        return True
    place = known.index(release)
    after = said.since is None or place >= known.index(said.since)
    return after and (said.before is None or place < known.index(said.before))


def _comparison(
    audit: Audit, share: Share | None, refused: Mapping[str, str], log: LogDocument
) -> Comparison:
    (delegate,) = audit.delegates
    configuration = delegate.configuration
    comparison = Comparison(
        delegate=configuration.pack.delegate,
        parameters=dict(configuration.parameters),
        verdict=delegate.summary.verdict,
        agrees=None,
        remark="",
    )
    if share is not None and (remark := _incomparable(share, audit.model, log)):
        return replace(comparison, remark=remark)
    subgraph = share.subgraph if share is not None else 0
    operators = [operator for operator in delegate.operators if operator.subgraph == subgraph]
    figures = tuple(_figures(audit, delegate, share)) if share is not None else ()
    predicted = comparison.verdict
    if any(line.breaks and line.delegate == comparison.delegate for line in log.known):
        figures += (
            Figure(name="verdict", log=FAILS, predicted=predicted, agrees=predicted in (FAILS, CRASH)),
        )
    elif share is not None and predicted in (FAILS, CRASH) and _ran(share, log):
        figures += (Figure(name="verdict", log=_WORKS, predicted=predicted, agrees=False),)
    listed = tuple(_refused(audit.model, operators, refused)) if refused else ()
    agrees = all(figure.agrees for figure in figures) and all(
        entry.in_log == entry.predicted for entry in listed
    )
    return replace(comparison, agrees=agrees, figures=figures, refused=listed)


def _ran(share: Share, log: LogDocument) -> bool:
    """Whether the model was run with what a delegate took of it; few logs say so."""
    taken = share.nodes or share.partitions or share.part not in (None, "none")
    lines = log.known
    return bool(taken) and any(line.ran for line in lines) and not any(line.failure for line in lines)


def _incomparable(share: Share, model: Model, log: LogDocument) -> str:
    """Why the log's figures can't be the model's; empty where they may be."""
    if share.subgraph >= len(model.subgraphs):
        return f"line {share.line} is about subgraph {share.subgraph}, which the model hasn't got"
    operators = len(model.subgraphs[share.subgraph].operators)
    if share.total in (None, operators):
        return ""
    earlier = [
        other for other in log.shares if other.subgraph == share.subgraph and other.delegate != share.delegate
    ]
    for other in earlier:
        if other.nodes is not None and other.total == operators and share.total is not None:
            left = operators - other.nodes
            if left < share.total < operators:
                return f"line {share.line}: applied {_ELSEWHERE}"
    return (
        f"line {share.line} is about {share.total} operators, the model has {operators}: another model's log?"
    )


def _figures(audit: Audit, delegate: DelegateAudit, share: Share) -> Iterator[Figure]:
    index = share.subgraph
    taken = [
        operator.index for operator in delegate.operators if operator.subgraph == index and operator.delegated
    ]
    parts = sum(partition.subgraph == index for partition in delegate.partitions)
    total = len(audit.prepared.subgraphs[index].operators)
    if share.nodes is not None:
        yield _figure("operators delegated", share.nodes, len(taken))
    if share.partitions is not None:
        yield _figure("partitions", share.partitions, parts)
    if share.subsets is not None:
        prepared = audit.prepared
        edges = control_edges(prepared.model, prepared.subgraphs[index], prepared.side_effects.get(index, ()))
        groups = sum(1 for _ in partition_graph(prepared.subgraphs[index], frozenset(taken), edges))
        yield _figure("partitions with those on the CPU", share.subsets, groups)
    if share.part is not None:
        predicted = "none" if not taken else "full" if len(taken) == total else "partial"
        yield Figure(name="part", log=share.part, predicted=predicted, agrees=share.part == predicted)


def _figure(name: str, said: int, predicted: int) -> Figure:
    return Figure(name=name, log=str(said), predicted=str(predicted), agrees=said == predicted)


def _refused(
    model: Model, operators: Sequence[OperatorAudit], refused: Mapping[str, str]
) -> Iterator[RefusedOperators]:
    """Each kind that one of the two refuses: the log names kinds, the prediction each operator."""
    kinds: dict[str, list[OperatorAudit]] = {}
    for operator in operators:
        node = model.subgraphs[operator.subgraph].operators[operator.index]
        kinds.setdefault(node.custom or node.name, []).append(operator)
    for kind in dict.fromkeys((*refused, *kinds)):
        of_kind = kinds.get(kind, [])
        no = [operator for operator in of_kind if not operator.supported and not operator.folded]
        if kind not in refused and not no:
            continue
        # A DEQUANTIZE that the delegate reads through is refused by itself, without a reason.
        silent = kind in refused and not refused[kind] and any(operator.folded for operator in of_kind)
        yield _told(kind, no or (of_kind if silent else []), refused, predicted=bool(no) or silent)


def _told(
    kind: str, operators: Sequence[OperatorAudit], refused: Mapping[str, str], predicted: bool
) -> RefusedOperators:
    findings = [f for operator in operators for f in operator.findings if f.severity in REFUSING]
    return RefusedOperators(
        operator=kind,
        operators=tuple(operator.index for operator in operators),
        in_log=kind in refused,
        predicted=predicted,
        reason=refused.get(kind, ""),
        messages=tuple(dict.fromkeys(finding.message for finding in findings)),
        rules=tuple(dict.fromkeys(finding.rule for finding in findings)),
        fix=next((finding.fix for finding in findings if finding.fix), ""),
    )

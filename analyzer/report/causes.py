"""What keeps operators off a delegate, grouped by the rule that says so, most costly first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from analyzer.report.document import Audit, Blocker, Finding, Model, Operator

#: Graph-level kinds that follow from something else: from refused operators, a failed build, a crash.
KNOCK_ON = ("limit", "minimum", "rolled-back", "crash")
_REFUSING = ("blocker", "crash")


class Case(Struct, frozen=True):
    """One way in which a rule failed, and the operators that failed it so."""

    message: str
    expected: str | None
    actual: str | None
    operators: tuple[Operator, ...]


class Cause(Struct, frozen=True):
    """One rule that failed, with all operators it concerns; `audits` are positions in the model's audits.

    `level` is "graph" for what concerns a whole graph, "operator" otherwise; `kind` as in `Blocker`.
    """

    rule: str
    severity: str
    level: str
    kind: str | None
    fix: str
    source: str
    audits: tuple[int, ...]
    cases: tuple[Case, ...]
    operators: tuple[Operator, ...]
    macs: int
    #: The operator that holds the graph back, where one does.
    culprit: Operator | None = None

    @property
    def message(self) -> str:
        return self.cases[0].message

    @property
    def knock_on(self) -> bool:
        return self.level == "graph" and self.kind in KNOCK_ON

    @property
    def blocks(self) -> bool:
        return self.severity in _REFUSING


def causes(model: Model) -> list[Cause]:
    """Every cause, graph-level ones first, then by MACs; equal ones of one delegate are merged."""
    found: dict[object, Cause] = {}
    for position, audit in enumerate(model.audits):
        for cause in (*_graph_causes(audit, position), *_operator_causes(audit, position)):
            where = tuple((node.subgraph, node.index) for node in cause.operators)
            key = (audit.delegate, cause.rule, cause.message, where)
            known = found.get(key)
            found[key] = cause if known is None else _merged(known, cause)
    return sorted(
        found.values(), key=lambda cause: (cause.level != "graph", -cause.macs, -len(cause.operators))
    )


def direct(found: Iterable[Cause]) -> list[Cause]:
    """What has to be changed: causes that block and follow from nothing else."""
    return [cause for cause in found if cause.blocks and not cause.knock_on]


def knock_on(found: Iterable[Cause]) -> list[Cause]:
    """What is lost as a consequence."""
    return [cause for cause in found if cause.blocks and cause.knock_on]


def remarks(found: Iterable[Cause]) -> list[Cause]:
    """What blocks nothing but is worth knowing: hazards first, then notes."""
    return sorted((cause for cause in found if not cause.blocks), key=lambda cause: cause.severity)


def _merged(known: Cause, other: Cause) -> Cause:
    fields = {name: getattr(known, name) for name in known.__struct_fields__}
    return Cause(**fields | {"audits": tuple(dict.fromkeys(known.audits + other.audits))})


def _graph_causes(audit: Audit, position: int) -> Iterator[Cause]:
    for blocker in audit.blockers:
        nodes = tuple(node for node in audit.operators if _held_by(blocker, node))
        case = Case(blocker.message, blocker.expected, blocker.actual, nodes)
        culprit = next((node for node in audit.operators if _is_culprit(blocker, node)), None)
        yield _cause(blocker, "graph", blocker.kind, position, (case,), nodes, culprit)


def _held_by(blocker: Blocker, node: Operator) -> bool:
    same_graph = blocker.subgraph is None or blocker.subgraph == node.subgraph
    return same_graph and not node.delegated and not node.folded and node.lost == (blocker.kind or "graph")


def _is_culprit(blocker: Blocker, node: Operator) -> bool:
    return node.index == blocker.operator and node.subgraph == (blocker.subgraph or 0)


def _operator_causes(audit: Audit, position: int) -> Iterator[Cause]:
    groups: dict[tuple[str, str], list[tuple[Finding, Operator]]] = {}
    for node in audit.operators:
        for finding in node.findings:
            groups.setdefault((finding.rule, finding.severity), []).append((finding, node))
    for group in groups.values():
        nodes = tuple({(node.subgraph, node.index): node for _, node in group}.values())
        yield _cause(group[0][0], "operator", None, position, _cases(group), nodes)


def _cases(group: Sequence[tuple[Finding, Operator]]) -> tuple[Case, ...]:
    alike: dict[tuple[str, str | None, str | None], list[Operator]] = {}
    for finding, node in group:
        alike.setdefault((finding.message, finding.expected, finding.actual), []).append(node)
    cases = [Case(*text, tuple(nodes)) for text, nodes in alike.items()]
    return tuple(sorted(cases, key=lambda case: (-_macs(case.operators), -len(case.operators))))


def _cause(
    text: Blocker | Finding,
    level: str,
    kind: str | None,
    position: int,
    cases: tuple[Case, ...],
    nodes: tuple[Operator, ...],
    culprit: Operator | None = None,
) -> Cause:
    return Cause(
        rule=text.rule,
        severity=text.severity,
        level=level,
        kind=kind,
        fix=text.fix,
        source=text.source,
        audits=(position,),
        cases=cases,
        operators=nodes,
        macs=_macs(nodes),
        culprit=culprit,
    )


def _macs(nodes: Iterable[Operator]) -> int:
    return sum(node.macs or 0 for node in nodes)

"""An audit's delegated operators beside those of a runtime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.auditing.types import DelegateAudit
from analyzer.execution.delegate_run import Difference
from analyzer.model.graph import Model

#: How many operators a sentence names.
_NAMED = 4

#: Subgraph -> indices of operators.
Placement = Mapping[int, tuple[int, ...]]


def predicted(audit: DelegateAudit) -> Placement:
    """The operators that an audit says are delegated."""
    delegated: dict[int, list[int]] = {}
    for operator in audit.operators:
        taken = delegated.setdefault(operator.subgraph, [])
        if operator.delegated:
            taken.append(operator.index)
    return {subgraph: tuple(taken) for subgraph, taken in delegated.items()}


def foreseen(audit: DelegateAudit) -> str:
    """The reason for which nothing can run: the CPU refuses an operator, or the delegate fails to load."""
    if audit.summary.delegated:
        return ""
    return next((blocker.finding.message for blocker in audit.blockers if blocker.kind is not None), "")


def differences(model: Model, said: Placement | None, done: Placement | None) -> Iterator[Difference]:
    """Operators taken otherwise than predicted; none where one of the two isn't known."""
    if said is None or done is None:
        return
    for subgraph in model.subgraphs:
        expected, actual = (set(placement.get(subgraph.index, ())) for placement in (said, done))
        for operators, predicted in ((expected - actual, True), (actual - expected, False)):
            if operators:
                yield _difference(model, subgraph.index, sorted(operators), predicted)


def _difference(model: Model, subgraph: int, operators: Sequence[int], predicted: bool) -> Difference:
    names = [f"#{index} {model.subgraphs[subgraph].operators[index].name}" for index in operators[:_NAMED]]
    more = f" and {len(operators) - _NAMED} more" if len(operators) > _NAMED else ""
    where = f" of subgraph {subgraph}" if subgraph else ""
    words = (
        "predicted to be delegated, ran on the CPU" if predicted else "predicted for the CPU, was delegated"
    )
    return Difference(subgraph, tuple(operators), predicted, f"{', '.join(names)}{more}{where}: {words}")

"""What single operators cost, and what a model takes in memory: docs/cost-model.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from analyzer.auditing.types import Audit
from analyzer.expressions.vocabulary import size_bytes
from analyzer.interpreter import arena
from analyzer.model.graph import OMITTED, Prepared, Subgraph
from analyzer.report.document.costs import Memory

#: Bytes read or written cost on the CPU as much as so many multiply-accumulates.
BYTE = 1.0


class OperatorCost(Struct, frozen=True):
    """Multiply-accumulates, and bytes of all operands: read once, written once."""

    macs: int
    bytes: int

    @property
    def total(self) -> float:
        """In multiply-accumulates on the CPU."""
        return self.macs + BYTE * self.bytes


def operator_costs(audit: Audit) -> Mapping[tuple[int, int], OperatorCost]:
    """Subgraph and index -> cost, of every operator."""
    counted = audit.delegates[0].operators if audit.delegates else ()
    subgraphs = audit.prepared.subgraphs
    return {
        (node.subgraph, node.index): OperatorCost(
            node.macs or 0, _bytes(subgraphs[node.subgraph], node.index)
        )
        for node in counted
    }


def _bytes(subgraph: Subgraph, index: int) -> int:
    operator = subgraph.operators[index]
    operands = [at for at in (*operator.inputs, *operator.outputs) if at != OMITTED]
    return sum(size_bytes(subgraph.tensors[at]) or 0 for at in operands)


def memory(prepared: Prepared) -> Memory:
    """What all subgraphs together take on the CPU; each has an arena of its own."""
    plans = [(subgraph, arena.plan(subgraph, arena.nodes(subgraph))) for subgraph in prepared.subgraphs]
    constants = {
        (tensor.buffer or -1 - tensor.index): size_bytes(tensor) or 0
        for subgraph in prepared.subgraphs
        for tensor in subgraph.tensors
        if tensor.constant
    }
    open_sizes = any(tensor.dynamic for subgraph in prepared.subgraphs for tensor in subgraph.tensors)
    return Memory(
        constants=sum(constants.values()),
        activations=sum(plan.bytes for _, plan in plans),
        persistent=sum(plan.persistent for _, plan in plans),
        peak=_peak(plans),
        exact=not (open_sizes or prepared.stops or prepared.refused),
    )


def _peak(plans: Sequence[tuple[Subgraph, arena.Arena]]) -> str:
    """The operator at which most memory is in use, by name."""
    most = max(
        ((max(plan.used), subgraph, plan) for subgraph, plan in plans if plan.used),
        key=lambda each: each[0],
        default=None,
    )
    if most is None:
        return ""
    _, subgraph, plan = most
    operator = subgraph.operators[plan.used.index(max(plan.used))]
    place = f"#{subgraph.index}/{operator.index}" if subgraph.index else f"#{operator.index}"
    return f"{place} {operator.custom or operator.name}"

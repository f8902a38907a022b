"""A plain restatement of the runtime's partitioner, sweeps and all, to hold the fast one against.

Source: google-ai-edge/LiteRT f67457790, tflite/graph_info.cc.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from analyzer.model.graph import OMITTED, Subgraph

ALWAYS = -2
NOT_YET = -1


class Group:
    def __init__(self) -> None:
        self.delegated: bool | None = None
        self.operators: list[int] = []
        self.inputs: set[int] = set()
        self.outputs: set[int] = set()


class Refused(Exception):
    """The runtime would return an error."""


class ReferencePartitioner:
    def __init__(
        self, subgraph: Subgraph, accepted: Collection[int], control_edges: Sequence[tuple[int, int]]
    ) -> None:
        count = len(subgraph.operators)
        if any(end not in range(count) for edge in control_edges for end in edge):
            raise Refused
        self.subgraph = subgraph
        self.accepted = set(accepted)
        self.edges = set(control_edges)
        self.blocked = [sum(later == operator for _, later in self.edges) for operator in range(count)]
        self.group_of_operator = [NOT_YET] * count
        self.group_of_tensor = [ALWAYS] * len(subgraph.tensors)
        for operator in subgraph.operators:
            for tensor in operator.outputs:
                if tensor != OMITTED:
                    self.group_of_tensor[tensor] = NOT_YET
        self.groups: list[Group] = []

    def run(self) -> list[Group]:
        while True:
            self.groups.append(Group())
            while self.sweep():
                pass
            if not self.groups[-1].operators:
                self.groups.pop()
                break
        if NOT_YET in self.group_of_operator:
            raise Refused
        for tensor in self.subgraph.outputs:
            if self.group_of_tensor[tensor] >= 0:
                self.groups[self.group_of_tensor[tensor]].outputs.add(tensor)
        return self.groups

    def sweep(self) -> bool:
        placed = [self.visit(operator) for operator in range(len(self.subgraph.operators))]
        return any(placed)

    def visit(self, index: int) -> bool:
        operator = self.subgraph.operators[index]
        reads = [tensor for tensor in operator.inputs if tensor != OMITTED]
        if self.group_of_operator[index] != NOT_YET or self.blocked[index]:
            return False
        if any(self.group_of_tensor[tensor] == NOT_YET for tensor in reads):
            return False
        group, number = self.groups[-1], len(self.groups) - 1
        delegated = index in self.accepted
        if group.delegated is None:
            group.delegated = delegated
        if group.delegated != delegated:
            return False
        self.group_of_operator[index] = number
        group.operators.append(index)
        for tensor in operator.outputs:
            if tensor != OMITTED:
                self.group_of_tensor[tensor] = number
        for tensor in reads:
            if self.group_of_tensor[tensor] != number:
                group.inputs.add(tensor)
                if self.group_of_tensor[tensor] >= 0:
                    self.groups[self.group_of_tensor[tensor]].outputs.add(tensor)
        for earlier, later in self.edges:
            if earlier == index:
                self.blocked[later] -= 1
        return True


def delegated_groups(
    subgraph: Subgraph, accepted: Collection[int], control_edges: Sequence[tuple[int, int]] = ()
) -> list[Group]:
    """The delegated groups in execution order; none where the runtime refuses the graph."""
    try:
        groups = ReferencePartitioner(subgraph, accepted, control_edges).run()
    except Refused:
        return []
    return [group for group in groups if group.delegated]

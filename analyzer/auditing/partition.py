"""The runtime's own partitioner: which accepted operators one delegate kernel takes together.

Source: google-ai-edge/LiteRT f67457790, tflite/graph_info.cc (grouping, boundaries),
tflite/core/interpreter.cc (control edges), tflite/delegates/utils.cc (which groups are kept).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Model, Subgraph
from analyzer.std_sort import STABLE, order

#: (earlier operator, later operator): the later one waits for the earlier, whatever the data says.
ControlEdge = tuple[int, int]


class Partition(Struct, frozen=True):
    """Operators of one subgraph that one delegate kernel replaces, ascending: in execution order."""

    operators: tuple[int, ...]


def partition(
    subgraph: Subgraph, accepted: Collection[int], control_edges: Sequence[ControlEdge] = ()
) -> list[Partition]:
    """Group the accepted operators the way the runtime does, groups in execution order.

    Groups of accepted and of other operators alternate. An operator joins the open group as soon
    as all that it depends on is scheduled, so independent branches can land in the same one.

    Empty where the runtime refuses the graph: some operator can never be scheduled (a cycle, a
    tensor that only its reader writes), or a control edge names an operator that doesn't exist.
    """
    count = len(subgraph.operators)
    if len(accepted) == count > 0 and not control_edges and subgraph.in_order:
        return [Partition(tuple(range(count)))]
    if not all(0 <= operator < count for edge in control_edges for operator in edge):
        return []
    groups = list(partition_graph(subgraph, frozenset(accepted), control_edges))
    if sum(len(group) for _, group in groups) < count:
        return []
    return [Partition(tuple(sorted(group))) for delegated, group in groups if delegated]


def partition_graph(
    subgraph: Subgraph, accepted: Collection[int], control_edges: Sequence[ControlEdge]
) -> Iterator[tuple[bool, list[int]]]:
    """Alternating groups: whether it is delegated, and its operators in no particular order.

    The runtime sweeps over all operators until nothing more fits. Readiness never goes away, so a
    queue of what became ready finds the same groups without the sweeps.
    """
    missing, freed, released = list(subgraph.awaited), subgraph.freed, defaultdict[int, list[int]](list)
    for earlier, later in control_edges:
        missing[later] += 1
        released[earlier].append(later)
    written: set[int] = set()
    ready: dict[bool, list[int]] = {False: [], True: []}
    for operator in [operator for operator, number in enumerate(missing) if number == 0]:
        ready[operator in accepted].append(operator)
    # The first operator that depends on nothing decides which kind begins.
    delegated = 0 in missing and missing.index(0) in accepted
    while group := ready[delegated]:
        for operator in group:  # which grows meanwhile
            waiting = _freed(subgraph, operator, written) if freed is None else freed[operator]
            for later in waiting + released[operator] if released else waiting:
                missing[later] -= 1
                if missing[later] == 0:
                    ready[later in accepted].append(later)
        yield delegated, group
        ready[delegated] = []
        delegated = not delegated


def _freed(subgraph: Subgraph, operator: int, written: set[int]) -> list[int]:
    """Who reads what an operator is the first to write, once per operand."""
    freed: list[int] = []
    for tensor in subgraph.operators[operator].outputs:
        if tensor not in written:
            written.add(tensor)
            freed += subgraph.consumers.get(tensor, ())
    return freed


def boundary(subgraph: Subgraph, operators: Collection[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tensors that a group of operators reads and writes, as the runtime lists them, ascending.

    Inputs are all that the group reads and doesn't write, constants included. Outputs are what it
    writes and an operator outside it or the subgraph's caller reads.
    """
    consumers, producers = subgraph.consumers, subgraph.producers
    inside = frozenset(operators)
    if len(inside) == len(subgraph.operators):
        outputs = producers.keys() & subgraph.output_set
        return tuple(sorted(consumers.keys() - producers.keys())), tuple(sorted(outputs))
    members = [subgraph.operators[index] for index in inside]
    read = {tensor for operator in members for tensor in operator.inputs}
    written = {tensor for operator in members for tensor in operator.outputs} - {OMITTED}
    outputs = {tensor for tensor in written if not inside.issuperset(consumers.get(tensor, ()))}
    outputs |= written & subgraph.output_set
    return tuple(sorted(read - written - {OMITTED})), tuple(sorted(outputs))


def crossing(subgraph: Subgraph, operators: Collection[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The boundary without constants: what has to be handed over at every run."""
    # Building asks for it, the audit, and audits with other parameters.
    key = "crossing", tuple(operators)
    known: tuple[tuple[int, ...], tuple[int, ...]] | None = subgraph.remembered.get(key)
    if known is None:
        inputs, outputs = boundary(subgraph, operators)
        tensors = subgraph.tensors
        known = tuple([tensor for tensor in inputs if not tensors[tensor].constant]), outputs
        subgraph.remembered[key] = known
    return known


def control_edges(model: Model, subgraph: Subgraph, side_effects: Collection[int]) -> Sequence[ControlEdge]:
    """Edges that order operators beside data: those of the model's own metadata, wherever it has any.

    Without it, an edge from each operator that may have side effects to the next such one.
    """
    if model.control_dependencies is not None:
        return model.control_dependencies.get(subgraph.index, ())
    return list(pairwise(sorted(side_effects)))


def first_n_largest_partitions(
    partitions: Sequence[Partition], limit: int | None, minimum: int, sort: str = "libstdc++"
) -> list[Partition]:
    """The `limit` partitions with the most operators, none with fewer than `minimum`, in execution order.

    `limit` None keeps any number. Which of several equals are kept is up to the `sort` of the C++
    library that the delegate is built with; see `tie_at_limit`.
    """
    sizes = [len(partition.operators) for partition in partitions]
    kept = {index for index in order(sizes, sort)[:limit] if sizes[index] >= minimum}
    return [partition for index, partition in enumerate(partitions) if index in kept]


def tie_at_limit(partitions: Sequence[Partition], limit: int | None, minimum: int) -> bool:
    """True where another C++ library's sort may have `first_n_largest_partitions` choose other equals.

    Sorts keep equals in order only in short lists.
    """
    sizes = sorted((len(partition.operators) for partition in partitions), reverse=True)
    if limit is None or not 0 < limit < len(sizes) or len(sizes) <= STABLE:
        return False
    return sizes[limit - 1] == sizes[limit] >= minimum


def read_through_fp16(subgraph: Subgraph, operators: Collection[int], sources: Mapping[int, int]) -> Subgraph:
    """The subgraph in which these operators read, for each tensor in `sources`, its source instead."""
    if not sources:
        return subgraph
    changed = list(subgraph.operators)
    for index in operators:
        inputs = tuple(sources.get(tensor, tensor) for tensor in changed[index].inputs)
        changed[index] = replace(changed[index], inputs=inputs)
    return replace(subgraph, operators=tuple(changed))

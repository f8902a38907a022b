"""The partitioner against a plain restatement of the runtime's, and by the rules it must keep."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.auditing.partition import (
    Partition,
    boundary,
    control_edges,
    crossing,
    first_n_largest_partitions,
    partition,
    read_through_fp16,
    tie_at_limit,
)
from analyzer.model.graph import OMITTED, Model, Operator, Subgraph, Tensor
from tests.auditing.reference_partitioner import delegated_groups

Edges = list[tuple[int, int]]
Wiring = list[tuple[list[int], list[int]]]


def subgraph(
    wiring: Wiring,
    inputs: tuple[int, ...] = (),
    outputs: tuple[int, ...] = (),
    constants: tuple[int, ...] = (),
) -> Subgraph:
    """A subgraph of operators given as (tensors read, tensors written)."""
    count = 1 + max((tensor for reads, writes in wiring for tensor in (*reads, *writes)), default=-1)
    return Subgraph(
        index=0,
        name="main",
        tensors=tuple(Tensor(i, f"t{i}", "FLOAT32", (1,), constant=i in constants) for i in range(count)),
        operators=tuple(
            Operator(i, "ADD", 1, tuple(reads), tuple(writes), {}) for i, (reads, writes) in enumerate(wiring)
        ),
        inputs=inputs,
        outputs=outputs,
    )


def chain(length: int) -> Wiring:
    return [([i], [i + 1]) for i in range(length)]


def groups(graph: Subgraph, accepted: set[int], edges: Edges | None = None) -> list[list[int]]:
    return [list(found.operators) for found in partition(graph, accepted, edges or [])]


def sized(*sizes: int) -> list[Partition]:
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    return [Partition(tuple(range(s, s + size))) for s, size in zip(starts, sizes, strict=True)]


#: Two branches of three operators from tensor 0, joined by the last operator.
BRANCHES: Wiring = [([0], [1]), ([1], [2]), ([2], [3]), ([0], [4]), ([4], [5]), ([5], [6]), ([3, 6], [7])]


@pytest.mark.parametrize(
    ("wiring", "accepted", "expected"),
    [
        ([], set(), []),
        (chain(4), set(), []),
        (chain(4), {0, 1, 2, 3}, [[0, 1, 2, 3]]),
        (chain(5), {0, 1, 3, 4}, [[0, 1], [3, 4]]),
        # Operators of other branches join although refused ones stand between them in the file.
        (BRANCHES, {0, 1, 2, 3, 5, 6}, [[0, 1, 2, 3], [5, 6]]),
        # Operator 0 decides which kind begins: a refused one leaves all others for one group, ...
        ([([0], [1]), ([0], [2]), ([1], [3]), ([2, 3], [4])], {1, 2, 3}, [[1, 2, 3]]),
        # ... an accepted one forms a group before the refused operator 1 frees operator 2.
        ([([0], [1]), ([0], [2]), ([2], [3])], {0, 2}, [[0], [2]]),
        # Omitted operands, an operand used twice, no operand at all.
        ([([OMITTED, 0, 0], [1]), ([1, 1], [OMITTED, 2]), ([], [3])], {0, 1, 2}, [[0, 1, 2]]),
        # Omitted outputs make nothing ready.
        ([([1], [2]), ([0], [OMITTED, 1])], {0}, [[0]]),
        # The first writer makes a tensor ready.
        ([([0], [1]), ([1], [2]), ([2], [1]), ([1], [3])], {1, 3}, [[1, 3]]),
        # The file's order does not have to be an execution order.
        ([([1], [2]), ([0], [1])], {0, 1}, [[0, 1]]),
    ],
)
def test_groups(wiring: Wiring, accepted: set[int], expected: list[list[int]]) -> None:
    assert groups(subgraph(wiring), accepted) == expected


@pytest.mark.parametrize(
    ("wiring", "edges"),
    [
        ([([1], [2]), ([2], [1])], []),
        ([([0, 1], [1])], []),
        (chain(2), [(1, 0)]),
        (chain(2), [(0, 0)]),
        (chain(2), [(0, 2)]),
        (chain(2), [(-1, 1)]),
    ],
)
def test_a_graph_that_the_runtime_refuses_has_no_partitions(wiring: Wiring, edges: Edges) -> None:
    assert groups(subgraph(wiring), set(range(len(wiring))), edges) == []


def test_control_edges_hold_operators_back() -> None:
    graph = subgraph([([0], [1]), ([0], [2]), ([0], [3])])
    assert groups(graph, {0, 2}) == [[0, 2]]
    assert groups(graph, {0, 2}, [(0, 1), (1, 2), (1, 2)]) == [[0], [2]]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [(None, [(1, 4), (4, 6)]), ({}, []), ({0: ((2, 3),)}, [(2, 3)]), ({1: ((2, 3),)}, [])],
)
def test_metadata_replaces_the_chain_of_side_effects(
    metadata: dict[int, tuple[tuple[int, int], ...]] | None, expected: Edges
) -> None:
    model = Model("m.tflite", 0, 3, "", (subgraph(chain(7)),), control_dependencies=metadata)
    assert list(control_edges(model, model.subgraphs[0], {6, 1, 4})) == expected


@pytest.mark.parametrize(
    ("sizes", "limit", "minimum", "kept"),
    [
        ((), 3, 0, []),
        ((1, 4, 2), None, 0, [0, 1, 2]),
        ((1, 4, 2), 2, 0, [1, 2]),
        ((1, 4, 2), 2, 3, [1]),
        ((1, 1, 1), 2, 2, []),
        ((2, 2, 3, 2), 2, 0, [0, 2]),
    ],
)
def test_largest(sizes: tuple[int, ...], limit: int | None, minimum: int, kept: list[int]) -> None:
    found = sized(*sizes)
    assert first_n_largest_partitions(found, limit, minimum) == [found[i] for i in kept]


@pytest.mark.parametrize(("sort", "kept"), [("libstdc++", 35), ("libc++", 45)])
def test_the_librarys_sort_decides_between_equals(sort: str, kept: int) -> None:
    """A vector quantizer's subgraph: the accelerator that ships with LiteRT takes the 46th of its equals."""
    found = sized(7, *[9] * 45, 2, 3)
    assert first_n_largest_partitions(found, 1, 0, sort) == [found[kept]]


@pytest.mark.parametrize(
    ("sizes", "limit", "minimum", "tie"),
    [
        ((1,) * 17, 3, 0, True),
        ((1,) * 16, 3, 0, False),
        ((1,) * 17, 17, 0, False),
        ((1,) * 17, None, 0, False),
        ((1,) * 17, 3, 2, False),
        ((1,) * 17 + (3, 4), 2, 0, False),
        ((1,) * 17 + (3, 4), 3, 0, True),
    ],
)
def test_tie_at_limit(sizes: tuple[int, ...], limit: int | None, minimum: int, tie: bool) -> None:
    assert tie_at_limit(sized(*sizes), limit, minimum) == tie


def test_folding_after_the_limit_joins_what_waited_for_a_dequantize() -> None:
    # Operator 0 needs no weights; operator 2 reads the float16 constant 1 through operator 1.
    graph = subgraph([([0], [2]), ([1], [3]), ([2, 3], [4]), ([4], [5]), ([5], [6])], constants=(1,))
    assert groups(graph, {0, 2, 4}) == [[0], [2], [4]]
    assert groups(read_through_fp16(graph, {0, 2, 4}, {3: 1}), {0, 2, 4}) == [[0, 2], [4]]


def test_fold_leaves_other_operators_alone() -> None:
    graph = subgraph([([1], [3]), ([2, 3], [4]), ([3, 4], [5])])
    folded = read_through_fp16(graph, [1], {3: 1})
    assert [operator.inputs for operator in folded.operators] == [(1,), (2, 1), (3, 4)]
    assert folded.consumers[3] == [2] and graph.consumers[3] == [1, 2]


def test_boundary() -> None:
    wiring = [([0, 8, OMITTED], [1, 2]), ([1, 9], [3]), ([3, 1], [4, OMITTED]), ([4], [5])]
    graph = subgraph(wiring, inputs=(0,), outputs=(3, 5), constants=(8, 9))
    assert boundary(graph, (0, 1)) == ((0, 8, 9), (1, 3))
    assert crossing(graph, (0, 1)) == ((0,), (1, 3))
    assert boundary(graph, (2,)) == ((1, 3), (4,))
    assert boundary(graph, range(4)) == ((0, 8, 9), (3, 5))


@st.composite
def any_graph(draw: st.DrawFn) -> tuple[Subgraph, set[int], Edges]:
    """Whatever a file can say: omitted and repeated operands, several writers, cycles, any edges."""
    tensors = draw(st.integers(1, 8))
    operands = st.lists(st.integers(OMITTED, tensors - 1), max_size=3)
    wiring = draw(st.lists(st.tuples(operands, operands), max_size=9))
    numbers = st.integers(0, max(0, len(wiring) - 1))
    edges = draw(st.lists(st.tuples(numbers, numbers), max_size=3))
    accepted = draw(st.sets(numbers)) & set(range(len(wiring)))
    return subgraph(wiring), accepted, edges


@st.composite
def proper_graph(draw: st.DrawFn) -> tuple[Subgraph, set[int], Edges]:
    """Every tensor has one writer at most, and operators stand in an execution order."""
    count = draw(st.integers(0, 14))
    wiring: Wiring = []
    made = 3
    for _ in range(count):
        reads = draw(st.lists(st.integers(OMITTED, made - 1), max_size=3))
        writes = draw(st.integers(0, 2))
        wiring.append((reads, list(range(made, made + writes))))
        made += writes
    wiring.append(([made - 1], [made]))
    numbers = st.integers(0, count)
    edges = draw(st.lists(st.tuples(numbers, numbers).filter(lambda edge: edge[0] < edge[1]), max_size=4))
    outputs = tuple(draw(st.sets(st.integers(3, made))))
    return subgraph(wiring, outputs=outputs), draw(st.sets(numbers)), edges


@given(any_graph() | proper_graph())
def test_same_groups_as_the_runtime(case: tuple[Subgraph, set[int], Edges]) -> None:
    graph, accepted, edges = case
    expected = [sorted(group.operators) for group in delegated_groups(graph, accepted, edges)]
    assert groups(graph, accepted, edges) == expected


@given(proper_graph())
def test_same_boundaries_as_the_runtime(case: tuple[Subgraph, set[int], Edges]) -> None:
    graph, accepted, edges = case
    for group in delegated_groups(graph, accepted, edges):
        inputs, outputs = boundary(graph, group.operators)
        assert (set(inputs), set(outputs)) == (group.inputs, group.outputs)


@given(proper_graph(), st.integers(0, 4), st.integers(0, 3))
def test_partitioning_what_is_kept_again_changes_nothing(
    case: tuple[Subgraph, set[int], Edges], limit: int, minimum: int
) -> None:
    graph, accepted, edges = case
    found = first_n_largest_partitions(partition(graph, accepted, edges), limit, minimum)
    kept = [list(one.operators) for one in found]
    again = delegated_groups(graph, {operator for group in kept for operator in group}, edges)
    assert kept == [sorted(group.operators) for group in again]


@given(proper_graph())
def test_every_accepted_operator_is_in_exactly_one_partition(case: tuple[Subgraph, set[int], Edges]) -> None:
    graph, accepted, edges = case
    found = groups(graph, accepted, edges)
    assert sorted(operator for group in found for operator in group) == sorted(accepted)
    # Nothing hangs on the order in which acceptance and edges are told.
    assert found == [list(each.operators) for each in partition(graph, sorted(accepted)[::-1], edges[::-1])]


class Counted(tuple[int, ...]):
    """Counts how often somebody walks through it."""

    walks = 0

    def __iter__(self) -> Iterator[int]:
        Counted.walks += 1
        return super().__iter__()


def test_what_the_caller_reads_is_gathered_once_however_many_partitions_ask() -> None:
    graph = subgraph(chain(50), outputs=Counted(range(50)))
    assert [boundary(graph, [index])[1] for index in range(49)] == [(index + 1,) for index in range(49)]
    assert Counted.walks <= 1


def test_long_models() -> None:
    count = 10_000
    line = subgraph(chain(count))
    assert len(partition(line, range(0, count, 2))) == count // 2
    # A ladder in reverse file order: every sweep of a naive partitioner would place one operator.
    rungs = subgraph([([i, i - 1] if i else [i], [i + 1]) for i in reversed(range(count))])
    assert len(partition(rungs, range(count), [(i + 1, i) for i in range(count - 1)])) == 1

"""Which operators two models have in common."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from analyzer.report.compare import edit_script
from analyzer.report.compare.operator_matching import Pair, pairs
from analyzer.report.document import contents
from analyzer.report.document.audit_document import Model, Operator
from tests.report import sample_document as sample


def model(*described: str) -> Model:
    """Operators as `KIND name shape`, the last two may be missing."""
    words = [(*one.split(), "", "")[:3] for one in described]
    nodes = [
        Operator(
            subgraph=0, index=index, op=kind, version=1, output=name or None, supported=True, delegated=True
        )
        for index, (kind, name, _) in enumerate(words)
    ]
    audit = sample.audit("gpu", "GPU", nodes, lambda node: (True, ()))
    tensors = [
        contents.Tensor(index=index, name=name, dtype="FLOAT32", shape=(int(shape or 1),), bytes=4)
        for index, (_, name, shape) in enumerate(words)
    ]
    graph = contents.Graph(
        subgraph=0,
        operators=tuple(
            contents.Operator(
                index=index,
                op=kind,
                custom=None,
                version=1,
                macs=None,
                inputs=(),
                outputs=(contents.Operand(name="output", tensor=index),),
                options={},
            )
            for index, (kind, _, _) in enumerate(words)
        ),
        tensors=tuple(tensors),
    )
    return Model(path="m", bytes=1, operators=len(nodes), audits=(audit,), graphs=(graph,))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(["CONV a", "ADD b"], ["CONV a", "ADD b"], [(0, 0), (1, 1)], id="the same"),
        pytest.param(["CONV a", "ADD b"], ["ADD b", "CONV a"], [(1, 0), (0, 1)], id="in another order"),
        pytest.param(["CONV x", "ADD y"], ["CONV a", "ADD b"], [(0, 0), (1, 1)], id="other names"),
        pytest.param(["CONV a", "ADD b"], ["CONV a", "MUL", "ADD b"], [(0, 0), (None, 1), (1, 2)], id="new"),
        pytest.param(["CONV a", "MUL", "ADD b"], ["CONV a", "ADD b"], [(0, 0), (1, None), (2, 1)], id="gone"),
        pytest.param(["MUL a"], ["ADD a"], [(0, None), (None, 0)], id="another kind under the name"),
        pytest.param(["CONV x 4", "CONV y 8"], ["CONV a 8"], [(0, None), (1, 0)], id="shapes tell"),
        pytest.param(["CONV x 4", "ADD y 4"], ["CONV a 8", "ADD b 8"], [(0, 0), (1, 1)], id="resolution"),
        pytest.param([], ["ADD b"], [(None, 0)], id="from nothing"),
        pytest.param([], [], [], id="nothing"),
    ],
)  # fmt: skip
def test_pairs(before: Sequence[str], after: Sequence[str], expected: list[Pair]) -> None:
    assert pairs(model(*before), model(*after)) == expected


def test_names_that_are_numbers_are_not_believed() -> None:
    """An operator in front moves every number by one."""
    kinds = ["CONV", "RELU", "ADD", "MUL"] * 5
    before = model(*(f"{kind} {number}" for number, kind in enumerate(kinds)))
    after = model(*(f"{kind} {number}" for number, kind in enumerate(["PAD", *kinds])))
    assert pairs(before, after) == [(None, 0), *((number, number + 1) for number in range(20))]


def test_blocks_that_repeat_are_found_all_the_same() -> None:
    kinds = ["CONV", "RELU", "ADD", "MUL", "CONV"] * 200
    changed = [kind for place, kind in enumerate(kinds) if place % 97] + ["MEAN"]
    found = pairs(model(*kinds), model(*changed))
    assert sum(None not in pair for pair in found) == len(changed) - 1


def test_operators_of_another_subgraph_are_others() -> None:
    one = model("CONV a")
    nodes = tuple(replace(node, subgraph=1) for node in one.audits[0].operators)
    other = replace(one, audits=(replace(one.audits[0], operators=nodes),), graphs=())
    assert pairs(one, other) == [(0, None), (None, 0)]


def longest(before: str, after: str) -> int:
    """The length of the longest common subsequence, the plain way."""
    row = [0] * (len(after) + 1)
    for one in before:
        above = row
        row = [0]
        for place, other in enumerate(after):
            row.append(above[place] + 1 if one == other else max(above[place + 1], row[-1]))
    return row[-1]


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_as_much_as_possible_stays(before: str, after: str) -> None:
    found = edit_script.kept(before, after, 24)
    assert len(found) == longest(before, after)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(before[x] == after[y] for x, y in found.items())


def test_sequences_that_have_little_in_common_keep_nothing() -> None:
    assert edit_script.kept("abcd", "efgh", 7) == {}
    assert edit_script.kept("abcx", "efgx", 6) == {3: 3}

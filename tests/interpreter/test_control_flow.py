"""Operators that call other subgraphs."""

from __future__ import annotations

import pytest

from analyzer.errors import ModelError
from analyzer.model import read_bytes
from tests.building import Description, model, operator, subgraph, tensor
from tests.interpreter.preparing import prepared, runtime, stop

BOOL = "BOOL"


def main(calls: Description, *tensors: Description) -> Description:
    return subgraph(list(tensors), [calls], name="main")


def branch(name: str, *body: Description, shape: list[int]) -> Description:
    tensors = [tensor("a", [1]), tensor("s", [1], "INT32"), tensor("r", shape)]
    return subgraph(tensors, list(body), inputs=["a"], outputs=["r"], name=name)


def relu() -> Description:
    return operator("RELU", ["a"], ["r"])


def widened() -> Description:
    return operator("CONCATENATION", ["a", "a"], ["r"])


def decided(*branches: Description) -> bytes:
    call = operator("IF", ["c", "x"], ["y"], {"then_subgraph_index": 1, "else_subgraph_index": 2})
    graph = main(call, tensor("c", [1], BOOL), tensor("x", [1, 8]), tensor("y", [9]))
    return model(subgraphs=[graph, *branches])


def test_branches_get_the_arguments_shapes() -> None:
    result = prepared(decided(branch("then", relu(), shape=[1]), branch("else", relu(), shape=[1])))
    assert result.stops == {}
    assert [list(g.tensors[0].shape) for g in result.subgraphs[1:]] == [[1, 8], [1, 8]]
    assert result.subgraphs[0].tensors[2].shape == (1, 8)


def test_branches_that_differ_leave_the_size_open() -> None:
    result = prepared(decided(branch("then", relu(), shape=[1]), branch("else", widened(), shape=[1])))
    assert (stop(result).kind, stop(result).rule) == ("dynamic", "runtime/if/branch-shapes")


@pytest.mark.parametrize("body", [relu(), widened(), operator("RELU", ["a", "a"], ["r"])])
@pytest.mark.parametrize("shapes", [{}, {"x": (1, 4)}])
def test_operators_are_seen_as_they_were_left(body: Description, shapes: dict[str, tuple[int, ...]]) -> None:
    read = read_bytes(decided(branch("then", relu(), shape=[1]), branch("else", body, shape=[1])), "m")
    result, contexts = runtime().prepare_operators(read, shapes)
    for graph, seen in zip(result.subgraphs, contexts, strict=True):
        assert [context.operator for context in seen] == list(graph.operators)
        for context in seen:
            assert context.subgraph is graph
            assert [id(t) for t in context.inputs] == [id(graph.tensors[i]) for i in context.operator.inputs]
            assert [id(t) for t in context.outputs] == [
                id(graph.tensors[i]) for i in context.operator.outputs
            ]


def test_a_branch_that_fails_fails_the_caller() -> None:
    wrong = operator("RELU", ["a", "a"], ["r"])
    result = prepared(decided(branch("then", relu(), shape=[1]), branch("else", wrong, shape=[1])))
    assert (stop(result).kind, stop(result).operator) == ("failure", 0)
    assert "RELU, operator 0" in stop(result).message


def test_an_open_size_in_a_branch_is_the_callers() -> None:
    open_ = operator("RESHAPE", ["a", "s"], ["r"])
    result = prepared(decided(branch("then", relu(), shape=[1]), branch("else", open_, shape=[1])))
    assert (stop(result).kind, stop(result).rule) == ("dynamic", "runtime/reshape/shape.known")
    assert result.stops[2].operator == 0


def loop(body: Description, condition: Description | None = None) -> bytes:
    call = operator("WHILE", ["x"], ["y"], {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    graph = main(call, tensor("x", [2]), tensor("y", [9]))
    decides = condition or subgraph(
        [tensor("a", [1]), tensor("zero", [], data=bytes(4)), tensor("r", [1], BOOL)],
        [operator("LESS", ["a", "zero"], ["r"])],
        inputs=["a"],
        outputs=["r"],
        name="cond",
    )
    return model(subgraphs=[graph, decides, body])


def test_a_loop_condition_has_to_be_one_bool() -> None:
    assert stop(prepared(loop(branch("body", relu(), shape=[1])))).rule == "runtime/while/condition"


@pytest.mark.parametrize(("body", "kind"), [(relu(), None), (widened(), "dynamic")])
def test_a_loop_keeps_the_shapes_of_its_variables(body: Description, kind: str | None) -> None:
    condition = subgraph(
        [
            tensor("a", [1]),
            tensor("i", [], "INT32", data=bytes(4)),
            tensor("r", [], BOOL),
            tensor("b", [1], BOOL),
        ],
        [operator("LESS", ["i", "i"], ["r"])],
        inputs=["a"],
        outputs=["r"],
        name="cond",
    )
    result = prepared(loop(branch("body", body, shape=[1]), condition))
    if kind is None:
        assert result.stops == {}
        assert result.subgraphs[0].tensors[1].shape == (2,)
        # The condition reads none of the variables: the runtime forgets its input.
        assert result.subgraphs[1].inputs == (-1,)
    else:
        assert (stop(result).kind, stop(result).rule) == (kind, "runtime/while/loop-shape")
        assert "its body changes the shape of a from [2] to [4]" in stop(result).message


@pytest.mark.parametrize(
    ("index", "rule", "words"),
    [
        (7, "runtime/if/subgraph", "IF, operator 0: it calls subgraph 7, the model has 1"),
        (0, "runtime/if/recursion", "IF, operator 0: it calls subgraph 0, which is being prepared already"),
    ],
)
def test_a_call_needs_a_subgraph_of_its_own(index: int, rule: str, words: str) -> None:
    call = operator("IF", ["c"], [], {"then_subgraph_index": index, "else_subgraph_index": index})
    result = prepared(model(subgraphs=[main(call, tensor("c", [1], BOOL))]))
    assert stop(result).rule == rule
    assert stop(result).message == f"The CPU can't prepare {words}"


def test_a_call_needs_as_many_arguments_as_the_subgraph_takes() -> None:
    call = operator("IF", ["c"], ["y"], {"then_subgraph_index": 1, "else_subgraph_index": 1})
    graph = main(call, tensor("c", [1], BOOL), tensor("y", [1]))
    issue = stop(prepared(model(subgraphs=[graph, branch("then", relu(), shape=[1])])))
    assert (issue.kind, issue.rule) == ("failure", "runtime/if/arguments")
    assert (issue.expected, issue.actual) == ("1 arguments and 1 results", "0 arguments and 1 results")
    assert f"subgraph 1 (then) has {issue.expected}, it is called for {issue.actual}" in issue.message


@pytest.mark.parametrize("name", ["IF", "WHILE"])
def test_an_argument_that_is_read_and_left_out_ends_the_app(name: str) -> None:
    options = {
        "IF": {"then_subgraph_index": 1, "else_subgraph_index": 1},
        "WHILE": {"cond_subgraph_index": 2, "body_subgraph_index": 1},
    }
    inputs: dict[str, list[str | int]] = {"IF": ["c", -1], "WHILE": [-1]}
    call = operator(name, inputs[name], ["y"], options[name])
    graph = main(call, tensor("c", [1], BOOL), tensor("y", [1]))
    decides = subgraph(
        [tensor("a", [1]), tensor("r", [1], BOOL)], [operator("LESS", ["a", "a"], ["r"])], inputs=["a"]
    )
    issue = stop(prepared(model(subgraphs=[graph, branch("body", relu(), shape=[1]), decides])))
    assert (issue.rule, issue.severity) == (f"runtime/{name.lower()}/argument", "crash")
    assert "it leaves out a, which the subgraph reads" in issue.message


def nested(depth: int, *arguments: str) -> bytes:
    """Subgraphs of which each calls the next one with every argument: `x`, or `xx` of twice the size."""
    graphs = []
    for index in range(depth):
        tensors = [tensor("c", [1], BOOL), *(tensor(name, [1]) for name in ("x", "xx", "y"))]
        tensors += [tensor(f"y{number}", [1]) for number in range(len(arguments))]
        branches = {"then_subgraph_index": index + 1, "else_subgraph_index": index + 1}
        called = arguments if index < depth - 1 else ()
        operators = [
            operator("CONCATENATION", ["x", "x"], ["xx"]),
            *(operator("IF", ["c", "c", name], [f"y{i}"], branches) for i, name in enumerate(called)),
            operator("RELU", ["x"], ["y"]),
        ]
        graphs.append(subgraph(tensors, operators, inputs=["c", "x"], outputs=["y"], name=f"g{index}"))
    return model(subgraphs=graphs)


def test_subgraphs_that_are_called_alike_are_prepared_once() -> None:
    assert prepared(nested(60, "x", "x", "x", "x")).stops == {}


@pytest.mark.parametrize(
    ("depth", "arguments"), [(30, ("x", "xx", "x")), (2000, ("x",))], ids=["wide", "deep"]
)
def test_calls_that_nobody_waits_for(depth: int, arguments: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="its subgraphs call each other too"):
        prepared(nested(depth, *arguments))


def test_an_initializer_is_only_prepared_for_itself() -> None:
    call = operator("CALL_ONCE", [], [], {"init_subgraph_index": 1})
    graph = main(call)
    wrong = subgraph(
        [tensor("a", [1]), tensor("r", [1])], [operator("RELU", ["a", "a"], ["r"])], inputs=[], outputs=[]
    )
    result = prepared(model(subgraphs=[graph, wrong]))
    assert list(result.stops) == [1]
    assert result.side_effects == {0: (0,)}


def test_after_a_stop_no_further_subgraph_is_prepared() -> None:
    first = main(
        operator("RESHAPE", ["x", "s"], ["y"]), tensor("x", [2]), tensor("s", [1], "INT32"), tensor("y", [2])
    )
    second = main(operator("RELU", ["x", "x"], ["y"]), tensor("x", [2]), tensor("y", [2]))
    assert list(prepared(model(subgraphs=[first, second])).stops) == [0]

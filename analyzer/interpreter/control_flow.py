"""Operators that call other subgraphs: what they pass on, and what comes back.

Source: kernels/if.cc, while.cc, stablehlo_case.cc, stablehlo_composite.cc, control_flow_common.h
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.expressions.vocabulary import Context
from analyzer.interpreter import failures
from analyzer.interpreter.state import GraphState
from analyzer.model.graph import OMITTED, PrepareIssue, Tensor

if TYPE_CHECKING:
    from analyzer.interpreter.allocate import Allocation

Call = Callable[["Allocation", GraphState, Context], PrepareIssue | None]

#: Types whose tensors stay as they are where they are passed on; all others lie in the caller's memory.
_BY_HANDLE = frozenset({"RESOURCE", "VARIANT"})


def _if(allocation: Allocation, graph: GraphState, context: Context) -> PrepareIssue | None:
    options = context.operator.options
    names = ("then_subgraph_index", "else_subgraph_index")
    return _branch(allocation, graph, context, [options[name] for name in names], context.operator.inputs[1:])


def _case(allocation: Allocation, graph: GraphState, context: Context) -> PrepareIssue | None:
    """The kernel takes every subgraph but the first for a branch, whatever the options say."""
    branches = list(range(1, len(allocation.model.subgraphs)))
    return _branch(allocation, graph, context, branches, context.operator.inputs[1:])


def _composite(allocation: Allocation, graph: GraphState, context: Context) -> PrepareIssue | None:
    decomposition = context.operator.options["decomposition_subgraph_index"]
    return _branch(allocation, graph, context, [decomposition], context.operator.inputs)


def _branch(
    allocation: Allocation,
    graph: GraphState,
    context: Context,
    branches: Sequence[int],
    arguments: Sequence[int],
) -> PrepareIssue | None:
    """Prepare subgraphs of which one will run; their outputs have to agree on shapes."""
    outputs = context.operator.outputs
    for index in branches:
        stop = _call_issue(allocation, context, index, len(arguments), len(outputs))
        if stop is not None:
            return stop
    for index in branches:
        _drop_unused_inputs(allocation.graph(index))
    for index in branches:
        stop = _pass(graph, context, arguments, allocation.graph(index))
        if stop is not None:
            return stop
    called = []
    for index in branches:
        called.append(allocation.run(index))
        stop = _failed(called[-1], context)
        if stop is not None:
            return stop
    for callee in called:
        if callee.stop is not None:
            return _dynamic(graph, context, failures.called(context, callee.stop, callee.file))
    for first, *others in zip(*(_results(callee) for callee in called), strict=True):
        if any(other.shape != first.shape for other in others):
            return _dynamic(graph, context, failures.call("branch-shapes", context, None, _sizes(first)))
    _return(graph, context, called[0])
    return None


def _while(allocation: Allocation, graph: GraphState, context: Context) -> PrepareIssue | None:
    operator = context.operator
    condition, body = operator.options["cond_subgraph_index"], operator.options["body_subgraph_index"]
    count = len(operator.inputs)
    stop = _call_issue(allocation, context, condition, count, 1) or _call_issue(
        allocation, context, body, count, count
    )
    if stop is not None:
        return stop
    decision = allocation.graph(condition)
    _drop_unused_inputs(decision)
    stop = (
        _pass(graph, context, operator.inputs, decision)
        or _failed(allocation.run(condition), context)
        or _undecided(decision, context)
    )
    if stop is not None:
        return stop
    loop = allocation.graph(body)
    stop = _pass(graph, context, operator.inputs, loop)
    if stop is not None:
        return stop
    _drop_passed_through(graph, loop, context)
    stop = _failed(allocation.run(body), context)
    if stop is not None:
        return stop
    if loop.stop is not None:
        return _dynamic(graph, context, failures.called(context, loop.stop, loop.file))
    for before, after in _variables(loop):
        if before.dtype != after.dtype:
            return failures.call(
                "loop-type", context, before.dtype, after.dtype, variable=failures.name(before)
            )
        # A scalar may become a vector of one element, or the other way round.
        if before.shape != after.shape and sum((*before.shape[:1], *after.shape[:1])) != 1:
            sizes = _sizes(before), _sizes(after)
            return _dynamic(
                graph, context, failures.call("loop-shape", context, *sizes, variable=failures.name(before))
            )
    _return(graph, context, loop)
    return None


def _call_issue(
    allocation: Allocation, context: Context, index: int, inputs: int, outputs: int
) -> PrepareIssue | None:
    """The issue of a call to no subgraph, to one in progress, or with other numbers of tensors; else None."""
    subgraphs = allocation.model.subgraphs
    if not 0 <= index < len(subgraphs):
        count = len(subgraphs)
        return failures.call("subgraph", context, f"0 to {count - 1}", str(index), count=count)
    if allocation.is_running(index):
        return failures.call("recursion", context, None, None, called=index)
    callee = subgraphs[index]
    if (len(callee.inputs), len(callee.outputs)) != (inputs, outputs):
        taken, given = _arguments(len(callee.inputs), len(callee.outputs)), _arguments(inputs, outputs)
        return failures.call("arguments", context, taken, given, called=f"{index} ({callee.name})")
    return None


def _arguments(inputs: int, outputs: int) -> str:
    return f"{inputs} arguments and {outputs} results"


def _sizes(tensor: Tensor) -> str:
    return str(list(tensor.shape))


def _drop_unused_inputs(graph: GraphState) -> None:
    """The runtime forgets inputs that nobody reads."""
    read, returned = graph.file.consumers, graph.file.output_set
    for position, index in enumerate(graph.inputs):
        if index != OMITTED and index not in read and index not in returned:
            graph.inputs[position] = OMITTED
            graph.changed = True


def _pass(
    caller: GraphState, context: Context, arguments: Sequence[int], graph: GraphState
) -> PrepareIssue | None:
    """Copy shapes and types of the arguments to a subgraph's inputs."""
    for argument, index in zip(arguments, graph.inputs, strict=True):
        if index == OMITTED:
            continue
        if argument == OMITTED:
            return failures.call("argument", context, None, None, wanted=failures.name(graph.tensors[index]))
        given, taken = caller.tensors[argument], graph.tensors[index]
        dynamic = taken.dynamic and given.dtype in _BY_HANDLE
        if (taken.shape, taken.dtype, taken.dynamic) != (given.shape, given.dtype, dynamic):
            graph.put(replace(taken, shape=given.shape, dtype=given.dtype, dynamic=dynamic))
    return None


def _drop_passed_through(graph: GraphState, loop: GraphState, context: Context) -> None:
    """The runtime forgets a loop's outputs that only pass through and that nobody reads."""
    operator = context.operator
    read, returned = graph.file.consumers, graph.file.output_set
    outputs = list(operator.outputs)
    for position, (before, after) in enumerate(zip(loop.inputs, loop.file.outputs, strict=True)):
        output = outputs[position]
        if before != after or output == OMITTED or output in read or output in returned:
            continue
        if loop.tensors[before].dtype not in ("STRING", *_BY_HANDLE):
            outputs[position] = OMITTED
    if tuple(outputs) != operator.outputs:
        graph.operators[operator.index] = replace(operator, outputs=tuple(outputs))
        graph.changed = True


def _failed(called: GraphState, context: Context) -> PrepareIssue | None:
    stop = called.stop
    return (
        failures.called(context, stop, called.file) if stop is not None and stop.kind == "failure" else None
    )


def _undecided(decision: GraphState, context: Context) -> PrepareIssue | None:
    """A loop's condition is one BOOL."""
    result = decision.tensors[decision.file.outputs[0]]
    if result.dynamic or (result.dtype == "BOOL" and result.shape in ((), (1,))):
        return None
    return failures.call("condition", context, "one BOOL", f"{result.dtype} {_sizes(result)}")


def _results(graph: GraphState) -> list[Tensor]:
    return [graph.tensors[index] for index in graph.file.outputs]


def _variables(loop: GraphState) -> Iterator[tuple[Tensor, Tensor]]:
    """A loop's variables as they go into its body and as they come out of it."""
    for before, after in zip(loop.file.inputs, loop.file.outputs, strict=True):
        yield loop.tensors[before], loop.tensors[after]


def _return(graph: GraphState, context: Context, called: GraphState) -> None:
    """Give the caller's outputs the shapes of the called subgraph's."""
    outputs = graph.operators[context.operator.index].outputs
    for index, result in zip(outputs, _results(called), strict=True):
        if index != OMITTED:
            graph.resize(graph.tensors[index], result.shape)


def _dynamic(graph: GraphState, context: Context, stop: PrepareIssue) -> PrepareIssue:
    for index in graph.operators[context.operator.index].outputs:
        if index != OMITTED:
            graph.put(replace(graph.tensors[index], dynamic=True))
    return stop


def _once(allocation: Allocation, graph: GraphState, context: Context) -> PrepareIssue | None:
    """The initializer is only prepared when it runs."""
    index = context.operator.options["init_subgraph_index"]
    return _call_issue(allocation, context, index, 0, 0)


CALLS: Mapping[str, Call] = {
    "once": _once,
    "if": _if,
    "case": _case,
    "while": _while,
    "composite": _composite,
}

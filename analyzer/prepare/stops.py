"""Findings of the runtime's rule pack -> why preparing stopped, told with the tensors' own names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Operator, Stop, Subgraph, Tensor
from analyzer.prepare.shapes import Shape
from analyzer.rules.catalogue import Place
from analyzer.rules.graph_rules import CALLS, CONSTANT_OUTPUT, NEGATIVE_SIZE, SIZELESS_OUTPUT
from analyzer.rules.judge import Finding
from analyzer.vocabulary import Context

#: More operators than this say nothing more of where a size comes from.
_LONGEST_CHAIN = 6


def stop(kind: str, finding: Finding, context: Context, places: Mapping[str, Place]) -> Stop:
    """Why an operator ends the preparing of its subgraph."""
    operator = context.operator
    if kind == "dynamic":
        tensor = _output(context)
        subject = f"{_name(tensor)} ({_title(operator)}) has a size that is only known at run time"
        message = f"{subject}: {_cause(finding, context, places)}"
    else:
        tensor = _operand(finding, context, places) or _output(context)
        message = f"The CPU can't prepare {_title(operator)}: {finding.message}"
    return Stop(
        kind=kind,
        rule=finding.rule,
        message=message,
        fix=finding.fix,
        source=finding.source,
        operator=operator.index,
        tensor=None if tensor is None else tensor.index,
        expected=finding.expected,
        actual=finding.actual,
    )


def sizeless_output(subgraph: Subgraph) -> Stop | None:
    """Why a subgraph is dynamic whose own outputs are, though no operator made them so."""
    for index in subgraph.outputs:
        if index != OMITTED and subgraph.tensors[index].dynamic:
            tensor = subgraph.tensors[index]
            return Stop(
                kind="dynamic",
                rule=f"runtime/{SIZELESS_OUTPUT.id}",
                message=f"{_name(tensor)}, an output, is {tensor.dtype}, which has no size while empty.",
                fix=SIZELESS_OUTPUT.fix,
                source=SIZELESS_OUTPUT.source,
                tensor=index,
            )
    return None


def impossible_shape(context: Context, output: Tensor, shape: Shape) -> Stop:
    """The kernel computes a shape that its output can't have."""
    operator = context.operator
    rule = CONSTANT_OUTPUT if output.constant else NEGATIVE_SIZE
    return Stop(
        kind="failure",
        rule=f"runtime/{rule.id}",
        message=f"The CPU can't prepare {_title(operator)}: {_name(output)} can't be of shape {list(shape)}",
        fix=rule.fix,
        source=rule.source,
        operator=operator.index,
        tensor=output.index,
        expected=str(list(output.shape)) if output.constant else None,
        actual=str(list(shape)),
    )


def called(context: Context, inner: Stop, subgraph: Subgraph) -> Stop:
    """An operator can't be prepared, or has no sizes, because a subgraph that it calls hasn't."""
    return replace(
        inner,
        message=f"{_title(context.operator)}, calls subgraph {subgraph.index}. {inner.message}",
        operator=context.operator.index,
        tensor=_index(_output(context)),
    )


def branches_differ(context: Context, first: Tensor) -> Stop:
    return _of_call(
        "dynamic",
        "branch-shapes",
        context,
        "its branches give results of different shapes",
        actual=str(list(first.shape)),
    )


def loop_shape(context: Context, before: Tensor, after: Tensor) -> Stop:
    return _of_call(
        "dynamic",
        "loop-shape",
        context,
        f"its body changes the shape of {_name(before)} from {list(before.shape)} to {list(after.shape)}",
        expected=str(list(before.shape)),
        actual=str(list(after.shape)),
    )


def loop_type(context: Context, before: Tensor, after: Tensor) -> Stop:
    return _of_call(
        "failure",
        "loop-type",
        context,
        f"its body changes the type of {_name(before)} from {before.dtype} to {after.dtype}",
        expected=before.dtype,
        actual=after.dtype,
    )


def condition(context: Context, result: Tensor) -> Stop:
    return _of_call(
        "failure",
        "condition",
        context,
        f"its condition gives {result.dtype} {list(result.shape)} instead of one BOOL",
        expected="one BOOL",
        actual=f"{result.dtype} {list(result.shape)}",
    )


def no_subgraph(context: Context, index: int, count: int) -> Stop:
    return _of_call(
        "failure",
        "subgraph",
        context,
        f"it calls subgraph {index}, the model has {count}",
        expected=f"0 to {count - 1}",
        actual=str(index),
    )


def recursive(context: Context, index: int) -> Stop:
    return _of_call(
        "failure",
        "recursion",
        context,
        f"it calls subgraph {index}, which is being prepared already",
    )


def wrong_arguments(context: Context, subgraph: Subgraph, inputs: int, outputs: int) -> Stop:
    return _of_call(
        "failure",
        "arguments",
        context,
        f"subgraph {subgraph.index} ({subgraph.name}) takes {len(subgraph.inputs)} arguments and gives "
        f"{len(subgraph.outputs)} results, it is called with {inputs} and for {outputs}",
        expected=f"{len(subgraph.inputs)} and {len(subgraph.outputs)}",
        actual=f"{inputs} and {outputs}",
    )


def _of_call(
    kind: str,
    rule: str,
    context: Context,
    what: str,
    expected: str | None = None,
    actual: str | None = None,
) -> Stop:
    operator, output = context.operator, _output(context)
    if kind == "dynamic":
        message = f"{_name(output)} ({_title(operator)}) has a size that is only known at run time: {what}"
    else:
        message = f"The CPU can't prepare {_title(operator)}: {what}"
    known, name = CALLS[rule], operator.name.lower().replace("_", "-")
    return Stop(
        kind=kind,
        rule=f"runtime/{name}/{rule}",
        message=message,
        fix=known.fix,
        source=known.source,
        operator=operator.index,
        tensor=_index(output),
        expected=expected,
        actual=actual,
    )


def _index(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.index


def _title(operator: Operator) -> str:
    return f"{operator.custom or operator.name}, operator {operator.index}"


def _name(tensor: Tensor | None) -> str:
    return "an output" if tensor is None else tensor.name or f"tensor {tensor.index}"


def _output(context: Context) -> Tensor | None:
    return next((tensor for tensor in context.outputs if tensor is not None), None)


def _operand(finding: Finding, context: Context, places: Mapping[str, Place]) -> Tensor | None:
    """The tensor that the finding's operand stands for."""
    if finding.operand is None or finding.operand not in places:
        return None
    side, position, _ = places[finding.operand]
    found = (
        context.inputs
        if side == "inputs"
        else context.outputs
        if side == "outputs"
        else context.intermediates
    )
    return found[position] if position < len(found) else None


def _cause(finding: Finding, context: Context, places: Mapping[str, Place]) -> str:
    """Where the operand comes from that decides the size."""
    tensor = _operand(finding, context, places)
    if tensor is None or not finding.rule.endswith((".known", ".constant")):
        return finding.message
    operand = f"its {finding.operand} operand {_name(tensor)}"
    subgraph = context.subgraph
    producers = subgraph.producers.get(tensor.index)
    if not producers:
        return f"{operand} is given at run time"
    operand = f"{operand} comes from {_title(subgraph.operators[producers[0]])}"
    if tensor.folded is not None:
        return f"{operand}, which is computed while preparing, but isn't a constant"
    chain = " -> ".join(_chain(subgraph, tensor))
    return f"{operand}, which isn't computed while preparing ({chain})"


def _chain(subgraph: Subgraph, tensor: Tensor) -> list[str]:
    """The operators that a tensor comes from, the first one first, as far as one leads to the next."""
    found: list[str] = []
    index: int | None = tensor.index
    while index is not None and len(found) < _LONGEST_CHAIN and (producers := subgraph.producers.get(index)):
        operator = subgraph.operators[producers[0]]
        found.insert(0, operator.custom or operator.name)
        computed = (i for i in operator.inputs if i in subgraph.producers)
        index = None if operator.name in ("SHAPE", "RANK") else next(computed, None)
    return found

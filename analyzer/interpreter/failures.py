"""Messages of what stopped Prepare, with the tensors' own names."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.expressions.vocabulary import Context
from analyzer.interpreter.kernels import Kernels
from analyzer.interpreter.shapes import Shape
from analyzer.model.graph import OMITTED, Operator, PrepareIssue, Subgraph, Tensor
from analyzer.rules.graph_rules import CALLS, CONSTANT_OUTPUT, NEGATIVE_SIZE, SIZELESS_OUTPUT, VAST_OUTPUT
from analyzer.rules.judging.judge import Finding
from analyzer.rules.pack import slug

#: More operators than this say nothing more of where a size comes from.
_LONGEST_CHAIN = 6


def failure(finding: Finding, context: Context, kernels: Kernels) -> PrepareIssue:
    """A kernel refuses its operator."""
    tensor = _operand(finding, context, kernels) or _output(context)
    issue = _found(finding, "failure", _unprepared(context.operator, finding.message), context, tensor)
    return replace(issue, severity="crash") if finding.severity == "crash" else issue


def dynamic(finding: Finding, context: Context, kernels: Kernels) -> PrepareIssue:
    """The sizes of an operator's outputs are only known at run time."""
    cause = _cause(finding, context, kernels)
    # Where the operand comes from says more than what was expected of it.
    told = finding if cause is None else replace(finding, expected=None, actual=None)
    message = _open_size(context, cause or finding.message)
    return _found(told, "dynamic", message, context, _output(context))


def _found(
    finding: Finding, kind: str, message: str, context: Context, tensor: Tensor | None
) -> PrepareIssue:
    return PrepareIssue(
        kind=kind,
        rule=finding.rule,
        message=message,
        fix=finding.fix,
        source=finding.source,
        operator=context.operator.index,
        tensor=_index(tensor),
        expected=finding.expected,
        actual=finding.actual,
    )


def call(
    rule: str, context: Context, expected: str | None, actual: str | None, **words: object
) -> PrepareIssue:
    """An operator calls a subgraph in a way that it can't, or whose results have no size; see `CALLS`."""
    known, operator = CALLS[rule], context.operator
    what = known.says.format(expected=expected, actual=actual, **words)
    return PrepareIssue(
        kind=known.kind,
        rule=f"runtime/{slug(operator.name)}/{rule}",
        message=_open_size(context, what) if known.kind == "dynamic" else _unprepared(operator, what),
        fix=known.fix,
        source=known.source,
        operator=operator.index,
        tensor=_index(_output(context)),
        expected=expected,
        actual=actual,
        severity="crash" if known.severity == "crash" else "fails",
    )


def called(context: Context, inner: PrepareIssue, subgraph: Subgraph) -> PrepareIssue:
    """An operator can't be prepared, or has no sizes, because a subgraph that it calls hasn't."""
    return replace(
        inner,
        message=f"{_title(context.operator)}, calls subgraph {subgraph.index}. {inner.message}",
        operator=context.operator.index,
        tensor=_index(_output(context)),
    )


def sizeless_output(subgraph: Subgraph) -> PrepareIssue | None:
    """The issue of a subgraph whose outputs are dynamic though no operator made them so."""
    for index in subgraph.outputs:
        if index != OMITTED and subgraph.tensors[index].dynamic:
            tensor = subgraph.tensors[index]
            return PrepareIssue(
                kind="dynamic",
                rule=f"runtime/{SIZELESS_OUTPUT.id}",
                message=f"{name(tensor)}, an output, is {tensor.dtype}, which has no size while empty.",
                fix=SIZELESS_OUTPUT.fix,
                source=SIZELESS_OUTPUT.source,
                tensor=index,
            )
    return None


def impossible_shape(context: Context, output: Tensor, shape: Shape) -> PrepareIssue:
    """The kernel computes a shape that its output can't have."""
    negative = any(size < 0 for size in shape)
    rule = CONSTANT_OUTPUT if output.constant else NEGATIVE_SIZE if negative else VAST_OUTPUT
    return PrepareIssue(
        kind="failure",
        rule=f"runtime/{rule.id}",
        message=_unprepared(context.operator, f"{name(output)} can't be of shape {list(shape)}"),
        fix=rule.fix,
        source=rule.source,
        operator=context.operator.index,
        tensor=output.index,
        expected=str(list(output.shape)) if output.constant else None,
        actual=str(list(shape)),
    )


def name(tensor: Tensor) -> str:
    """A tensor's name in messages."""
    return tensor.name or f"tensor {tensor.index}"


def _unprepared(operator: Operator, what: str) -> str:
    return f"The CPU can't prepare {_title(operator)}: {what}"


def _open_size(context: Context, what: str) -> str:
    output = _output(context)
    subject = "an output" if output is None else name(output)
    return f"{subject} ({_title(context.operator)}) has a size that is only known at run time: {what}"


def _title(operator: Operator) -> str:
    return f"{operator.custom or operator.name}, operator {operator.index}"


def _index(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.index


def _output(context: Context) -> Tensor | None:
    return next((tensor for tensor in context.outputs if tensor is not None), None)


def _operand(finding: Finding, context: Context, kernels: Kernels) -> Tensor | None:
    """The tensor that the finding's operand stands for."""
    place = kernels.of(context.operator).places.get(finding.operand or "")
    if place is None:
        return None
    side, position, _ = place
    operands: Sequence[Tensor | None] = getattr(context, side)
    return operands[position] if position < len(operands) else None


def _cause(finding: Finding, context: Context, kernels: Kernels) -> str | None:
    """The origin of the operand that decides the size; None where no operand does."""
    tensor = _operand(finding, context, kernels)
    if tensor is None or not finding.rule.endswith((".known", ".constant")):
        return None
    operand = f"its {finding.operand} operand {name(tensor)}"
    subgraph = context.subgraph
    producers = subgraph.producers.get(tensor.index)
    if not producers:
        return f"{operand} is given at run time"
    operand = f"{operand} comes from {_title(subgraph.operators[producers[0]])}"
    origin = _open_input(subgraph) if tensor.index in subgraph.computed_from_shapes else ""
    if tensor.computed_values is not None:
        return f"{operand}, which is computed while preparing, but isn't a constant{origin}"
    chain = " -> ".join(_chain(subgraph, tensor, kernels))
    return f"{operand}, which isn't computed while preparing ({chain}){origin}"


def _open_input(subgraph: Subgraph) -> str:
    """Whose dimensions the file leaves open: the first such input, with the number of others."""
    inputs = [subgraph.tensors[index] for index in subgraph.inputs]
    open_inputs = [tensor for tensor in inputs if -1 in (tensor.shape_signature or ())]
    if not open_inputs:
        return ""
    shape = ", ".join("?" if size < 0 else str(size) for size in open_inputs[0].shape_signature or ())
    others = f" and {len(open_inputs) - 1} more" if len(open_inputs) > 1 else ""
    return f"; the file leaves the shape of input {name(open_inputs[0])} open, [{shape}]{others}"


def _chain(subgraph: Subgraph, tensor: Tensor, kernels: Kernels) -> list[str]:
    """The operators that a tensor comes from, the first one first, as far as one leads to the next."""
    names: list[str] = []
    index: int | None = tensor.index
    while index is not None and len(names) < _LONGEST_CHAIN and (producers := subgraph.producers.get(index)):
        operator = subgraph.operators[producers[0]]
        names.insert(0, operator.custom or operator.name)
        computed = (i for i in operator.inputs if i in subgraph.producers)
        # What is computed from nothing but sizes doesn't hang on where its input comes from.
        index = None if kernels.of(operator).folds_always else next(computed, None)
    return names

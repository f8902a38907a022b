"""Sets the outputs of an operator that is prepared: shapes, types, contents, memory."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.expressions.context import is_trait
from analyzer.expressions.vocabulary import Context, Undefined, elements
from analyzer.interpreter import failures
from analyzer.interpreter.kernels import Kernel
from analyzer.interpreter.limits import countable, fits
from analyzer.interpreter.shapes import Shape, ShapeFunction
from analyzer.interpreter.shapes.common import int32
from analyzer.interpreter.state import GraphState
from analyzer.model.graph import PrepareIssue, Tensor
from analyzer.rules.judging.traits import shapes, traits

#: What shape functions run into where operators aren't what they should be; kernels let some of that pass.
_UNKNOWABLE = (Undefined, ArithmeticError, LookupError, ValueError)


def grow(graph: GraphState, context: Context) -> None:
    """Mark the outputs of an operator as of a size that only running can tell."""
    for tensor in context.outputs:
        if tensor is not None:
            graph.put(replace(graph.tensors[tensor.index], dynamic=True))


def settle(graph: GraphState, kernel: Kernel, context: Context) -> PrepareIssue | None:
    """Give the operator's outputs their shapes, types, values and arena.

    Most have them from the start, as those of others with the same traits and shapes had.
    """
    if kernel.persistent:  # which is put anew each time
        return _settle(graph, kernel, context)
    alike = traits(context), shapes(context)
    if alike in kernel.settled:
        return None
    context.beyond = False
    impossible = _settle(graph, kernel, context)
    if impossible is None and _is_told(context) and None not in alike and graph.still_has(context):
        kernel.settled.keep(alike, True)
    return impossible


def _is_told(context: Context) -> bool:
    """True where traits and shapes alone tell what Prepare does."""
    operator = context.operator
    return not context.beyond and operator.custom is None and all(map(is_trait, operator.options.values()))


def _settle(graph: GraphState, kernel: Kernel, context: Context) -> PrepareIssue | None:
    if kernel.shape is not None:
        impossible = _resize(graph, kernel, context, _sizes(kernel.shape, context))
        if impossible is not None:
            return impossible
    if kernel.types:
        set_types(graph, kernel, context)
    if kernel.fold is not None and (kernel.folds_always or _all_known(context)):
        _fold(graph, kernel, context)
    if kernel.persistent:
        for tensor in _kept(kernel, context):
            kept = graph.tensors[tensor.index]
            graph.put(replace(kept, persistent=True, dynamic=False, constant=False))
    return None


def _kept(kernel: Kernel, context: Context) -> list[Tensor]:
    """The tensors that preparing the operator puts into the persistent arena.

    Source: tflite/kernels/dequantize.cc::Prepare; tflite/kernels/lstm.cc::basic::Prepare
    """
    kept: Sequence[Tensor | None] = ()
    if kernel.persistent == "always" or (kernel.persistent == "constant-input" and _first_constant(context)):
        kept = context.outputs[:1]
    elif kernel.persistent == "basic-state" and context.operator.options["kernel_type"] == "BASIC":
        kept = [tensor for place, tensor in enumerate(context.inputs) if place in (1, 4)]
    return [tensor for tensor in kept if tensor is not None]


def _sizes(function: ShapeFunction, context: Context) -> Sequence[Shape | None]:
    try:
        return function(context)
    except _UNKNOWABLE:
        # A size that we can't compute, because it is read from too large a constant: the file's stays.
        return ()


def _resize(
    graph: GraphState, kernel: Kernel, context: Context, sizes: Sequence[Shape | None]
) -> PrepareIssue | None:
    for tensor, shape in zip(context.outputs, sizes, strict=False):
        if tensor is None or shape is None:
            continue
        if kernel.counted and not countable(shape, kernel.counted):
            return failures.impossible_shape(context, tensor, shape)
        if tensor.shape != shape:
            kept = shape if kernel.checks_overflow else tuple(map(int32, shape))
            if (tensor.constant and not kernel.persistent) or not fits(kept, tensor.dtype):
                return failures.impossible_shape(context, tensor, shape)
            graph.put(replace(tensor, shape=kept))
    return None


def set_types(graph: GraphState, kernel: Kernel, context: Context) -> None:
    """Give the operator's outputs their types, which happens even where their sizes stay open."""
    last = len(kernel.types) - 1
    for position, tensor in enumerate(context.outputs):
        if tensor is None:
            continue
        word = kernel.types[min(position, last)]
        if isinstance(word, int):
            source = context.inputs[word] if word < len(context.inputs) else None
            dtype = tensor.dtype if source is None else source.dtype
        elif word.startswith("options."):
            dtype = str(context.operator.options[word[8:]])
        else:
            dtype = word
        if dtype and dtype != tensor.dtype:
            graph.put(replace(graph.tensors[tensor.index], dtype=dtype))


def _all_known(context: Context) -> bool:
    return all(t is not None and (t.constant or t.computed_values is not None) for t in context.inputs)


def _first_constant(context: Context) -> bool:
    first = context.inputs[0] if context.inputs else None
    return first is not None and first.constant


def _fold(graph: GraphState, kernel: Kernel, context: Context) -> None:
    assert kernel.fold is not None
    output = context.outputs[0] if context.outputs else None
    if output is None:
        return
    output = graph.tensors[output.index]
    try:
        # Where nothing is computed, not even the dimensions that are not 0 are gone through.
        values = kernel.fold(context, output) if elements(output.shape) else ()
    except _UNKNOWABLE:
        # Known to the runtime, too large for us to keep.
        values = ()
    if values is not None:
        graph.put(replace(output, computed_values=values, dynamic=False))

"""Shapes of operators that go element by element."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.expressions.vocabulary import Context, Undefined, elements
from analyzer.interpreter.shapes.common import Shape, ShapeFunction, broadcast, shape, tensor
from analyzer.model.graph import DTYPE_BITS


def like_first(context: Context) -> Sequence[Shape]:
    return (shape(context, 0),)


def like_both(context: Context) -> Sequence[Shape]:
    return (broadcast(shape(context, 0), shape(context, 1)),)


def select(context: Context) -> Sequence[Shape | None]:
    """SELECT: the condition may have a lower rank than the values.

    Source: tflite/kernels/select.cc::SelectPrepare
    """
    return (None if _single(context) else shape(context, 1),)


def select_v2(context: Context) -> Sequence[Shape | None]:
    """Source: tflite/kernels/select.cc::SelectPrepare."""
    if _single(context):
        return (None,)
    condition, x, y = shape(context, 0), shape(context, 1), shape(context, 2)
    return (x if condition == x == y else broadcast(broadcast(condition, x), y),)


def _single(context: Context) -> bool:
    """With one element everywhere the kernel leaves the output's shape as the file has it."""
    output = context.outputs[0]
    return output is not None and all(
        elements(sizes) == 1 for sizes in (*(shape(context, i) for i in range(3)), output.shape)
    )


def bitcast(context: Context) -> Sequence[Shape]:
    """Source: tflite/kernels/bitcast.cc::CalculateShape."""
    source, output = tensor(context, 0), context.outputs[0]
    if output is None:
        raise Undefined("the output is left out")
    bits = DTYPE_BITS[source.dtype], DTYPE_BITS[output.dtype]
    if bits[0] is None or bits[1] is None:
        raise Undefined(f"{source.dtype} or {output.dtype} has no fixed size")
    # Half bytes count as bytes.
    before, after = max(1, bits[0] // 8), max(1, bits[1] // 8)
    if before > after:
        return ((*source.shape, before // after),)
    return (source.shape[:-1] if before < after else source.shape,)


FUNCTIONS: dict[str, ShapeFunction] = {
    "like-first": like_first,
    "like-both": like_both,
    "select": select,
    "select-v2": select_v2,
    "bitcast": bitcast,
}

"""Values that CPU kernels compute in Prepare: name in `rules/cpu-kernels.toml` -> function.

A function gets the operator and its output, whose shape is the prepared one. None: nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from analyzer.expressions.vocabulary import MAX_VALUES, Context, Undefined, elements, known_values
from analyzer.interpreter.shapes.common import Shape, axis, numbers, options, shape, tensor
from analyzer.interpreter.shapes.strided import cuts
from analyzer.model.graph import Tensor

Value = int | float | bool
Values = tuple[Value, ...]
Fold = Callable[[Context, Tensor], Values | None]

#: A REDUCE_PROD with more elements than this is computed when it runs.
_LARGEST_PRODUCT = 8


def _few(output: Tensor) -> None:
    """Raises: Undefined where there are more values than we keep."""
    if elements(output.shape) > MAX_VALUES:
        raise Undefined(f"more than {MAX_VALUES} values")


def _shape(context: Context, output: Tensor) -> Values:
    return shape(context, 0)


def _rank(context: Context, output: Tensor) -> Values:
    return (len(shape(context, 0)),)


def _same(context: Context, output: Tensor) -> Values:
    return known_values(tensor(context, 0))


def _strided_slice(context: Context, output: Tensor) -> Values:
    _few(output)
    values, taken = known_values(tensor(context, 0)), cuts(context)
    sizes = tuple(cut.size for cut in taken)
    places = [[cut.first + i * cut.step for i in range(cut.count)] for cut in taken]
    return tuple(_at(values, sizes, place) for place in product(*places))


def _at(values: Sequence[Value], sizes: Shape, place: Sequence[int]) -> Value:
    index = 0
    for size, position in zip(sizes, place, strict=True):
        if not 0 <= position < size:
            # The kernel leaves such an element unwritten.
            raise Undefined(f"there is no element {list(place)}")
        index = index * size + position
    return values[index]


def _gather(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/gather.cc::Prepare."""
    _few(output)
    source, positions = tensor(context, 0), numbers(context, 1)
    at = axis(options(context)["axis"], len(source.shape))
    batch = options(context).get("batch_dims", 0)
    if batch:
        raise Undefined("batches")
    values = known_values(source)
    outer, size, inner = elements(source.shape[:at]), source.shape[at], elements(source.shape[at + 1 :])
    gathered: list[Value] = []
    for block in range(outer):
        for position in positions:
            if not 0 <= position < size:
                raise Undefined(f"there is no element {position}")
            start = (block * size + position) * inner
            gathered += values[start : start + inner]
    return tuple(gathered)


def _concatenation(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/concatenation.cc::EvalImpl."""
    _few(output)
    parts = [(tensor(context, i).shape, known_values(tensor(context, i))) for i in range(len(context.inputs))]
    first = parts[0][0]
    if not first:
        return tuple(values[0] for _, values in parts)
    at = axis(options(context)["axis"], len(first))
    outer = elements(first[:at])
    joined: list[Value] = []
    for block in range(outer):
        for part_shape, values in parts:
            length = elements(part_shape[at:])
            joined += values[block * length : (block + 1) * length]
    return tuple(joined)


def _multiplication(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/mul.cc::EvalImpl."""
    _few(output)
    a, b = tensor(context, 0), tensor(context, 1)
    if options(context)["fused_activation_function"] != "NONE" or a.dtype not in (
        "INT32",
        "INT64",
        "FLOAT32",
    ):
        raise Undefined("not a plain product")
    first, second = known_values(a), known_values(b)
    return tuple(
        first[_broadcast_index(place, a.shape)] * second[_broadcast_index(place, b.shape)]
        for place in product(*(range(size) for size in output.shape))
    )


def _broadcast_index(place: Sequence[int], sizes: Shape) -> int:
    index = 0
    for size, position in zip(sizes, place[len(place) - len(sizes) :], strict=True):
        index = index * size + (0 if size == 1 else position)
    return index


def _product(context: Context, output: Tensor) -> Values | None:
    """Source: tflite/kernels/reduce.cc::PrepareProd."""
    if elements(output.shape) > _LARGEST_PRODUCT:
        return None
    source = tensor(context, 0)
    gone = {axis(position, len(source.shape)) for position in numbers(context, 1)} if source.shape else set()
    kept = [size for i, size in enumerate(source.shape) if i not in gone]
    products: list[Value] = [1] * elements(kept)
    if elements(source.shape) == 0:
        return tuple(products)
    values = known_values(source)
    for index, place in enumerate(product(*(range(size) for size in source.shape))):
        at = 0
        for i, position in enumerate(place):
            if i not in gone:
                at = at * source.shape[i] + position
        products[at] = products[at] * values[index]
    return tuple(products)


def _tile(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/tile.cc::EvalImpl."""
    _few(output)
    source = tensor(context, 0)
    values = known_values(source)
    places = product(*(range(size) for size in output.shape))
    return tuple(
        _at(values, source.shape, [a % b for a, b in zip(p, source.shape, strict=True)]) for p in places
    )


def _range(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/range.cc::EvalImpl."""
    _few(output)
    start, delta = known_values(tensor(context, 0))[0], known_values(tensor(context, 2))[0]
    return tuple(start + i * delta for i in range(output.shape[0]))


def _broadcast_args(context: Context, output: Tensor) -> Values:
    """Source: tflite/kernels/broadcast_args.cc::EvalImpl."""
    first, second = numbers(context, 0), numbers(context, 1)
    rank = max(len(first), len(second))
    pairs = zip((1,) * (rank - len(first)) + first, (1,) * (rank - len(second)) + second, strict=True)
    return tuple(b if a == 1 else a for a, b in pairs)


FOLDS: Mapping[str, Fold] = {
    "shape": _shape,
    "rank": _rank,
    "same": _same,
    "strided-slice": _strided_slice,
    "gather": _gather,
    "concatenation": _concatenation,
    "multiplication": _multiplication,
    "product": _product,
    "tile": _tile,
    "range": _range,
    "broadcast-args": _broadcast_args,
}

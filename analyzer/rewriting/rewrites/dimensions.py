"""Stretches of operators on more than four dimensions, between views, are done in four."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from msgspec import Struct
from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Operator, Tensor
from analyzer.rewriting.draft import Patch
from analyzer.rewriting.rewrite import rewrite
from analyzer.rewriting.rewrites.ranks import BROADCASTING
from analyzer.rewriting.rewrites.views import VIEWS
from analyzer.rewriting.site import Site

_MOST = 4
_REDUCING = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD")
_ELEMENTWISE = frozenset(
    (
        *BROADCASTING,
        *("ABS", "CAST", "COS", "DEQUANTIZE", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU"),
        *("LOG", "LOGICAL_NOT", "LOGISTIC", "NEG", "QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "ROUND"),
        *("RSQRT", "SIGN", "SIN", "SQRT", "SQUARE", "TANH"),
    )
)
#: Operators that are looked through from one place on.
_LONGEST = 400


class _Stretch(Struct):
    """Operators that hand each other tensors of many dimensions, and how these are aligned."""

    operators: dict[int, Operator]
    #: Tensor -> the number of the tensors that it is aligned with.
    aligned: dict[int, int]


@rewrite(*VIEWS, title="Stretches of operators on more than four dimensions are done in four")
def stretch_of_rank_four(site: Site) -> Patch | None:
    site.require(_is_long(site.output()))
    stretch = _stretch(site)
    site.require(min(stretch.operators) == site.operator.index)
    groups = {number: _grouped(site, stretch, number) for number in {*stretch.aligned.values()}}
    shapes = {index: _Merged(site, index, groups[number]) for index, number in stretch.aligned.items()}
    made = {
        index: (_lowered(site, operator, shapes, stretch, groups),)
        for index, operator in stretch.operators.items()
    }
    stated = site.graph.stated.tensors
    altered = {index: merged.of(stated[index]) for index, merged in shapes.items()}
    return site.patch(made, altered)


def _is_long(tensor: Tensor) -> bool:
    return len(tensor.shape) > _MOST


def _stretch(site: Site) -> _Stretch:
    """All that is reached through tensors of many dimensions. Raises: Unfit"""
    graph = site.graph
    operators: dict[int, Operator] = {}
    aligned: dict[int, int] = {}
    waiting = [site.operator]
    while waiting:
        operator = waiting.pop()
        if operator.index in operators:
            continue
        operators[operator.index] = operator
        site.require(len(operators) <= _LONGEST, OMITTED not in operator.inputs)
        long = [i for i in _data(site, operator) if _is_long(site.tensor(i)) and not site.tensor(i).constant]
        for index in long:
            _require_inner(site, index)
            aligned.setdefault(index, index)
            writer = graph.producer(index)
            site.require(writer is not None)
            waiting += [each for each in (writer, *graph.readers(index)) if each is not None]
        if operator.name not in VIEWS:
            joined = {aligned[index] for index in long}
            aligned = {index: min(joined) if own in joined else own for index, own in aligned.items()}
    return _Stretch(operators, aligned)


def _require_inner(site: Site, index: int) -> None:
    """Raises: Unfit for a tensor whose shape others know."""
    graph, tensor = site.graph, site.tensor(index)
    quantization = tensor.quantization
    site.require(not graph.leaves(index), index not in graph.subgraph.input_set, not tensor.variable)
    site.require(quantization is None or (quantization.scale_count <= 1 and quantization.details is None))
    site.require(tensor.sparsity is None, 0 not in tensor.shape)


def _data(site: Site, operator: Operator) -> list[int]:
    """Tensors whose dimensions an operator brings together. Raises: Unfit for one of another kind."""
    single = operator.name in _REDUCING or operator.name in VIEWS
    site.require(single or operator.name in _ELEMENTWISE, len(operator.outputs) == 1)
    if operator.name in _REDUCING:
        site.require(operator.options["keep_dims"])
    inputs = operator.inputs[:1] if single else operator.inputs
    if operator.name in VIEWS:
        source, target = site.tensor(inputs[0]), site.tensor(operator.outputs[0])
        site.require(source.dtype == target.dtype, not source.constant)
    return [*inputs, *operator.outputs]


def _grouped(site: Site, stretch: _Stretch, number: int) -> list[list[int]]:
    """Neighbouring dimensions as four at most. Raises: Unfit where they can't be taken together."""
    tensors = [site.tensor(index) for index, own in stretch.aligned.items() if own == number]
    rank = len(tensors[0].shape)
    shapes = [tensor.shape for tensor in tensors]
    shut: set[int] = set()
    for tensor in tensors:
        shut |= site.graph.open_axes(tensor.index)
    reduced = []
    for operator in stretch.operators.values():
        if operator.name in VIEWS or stretch.aligned.get(operator.outputs[0]) != number:
            continue
        for index in operator.inputs:
            tensor = site.tensor(index)
            if operator.name in _REDUCING and index != operator.inputs[0]:
                reduced.append({axis % rank for axis in site.whole(tensor)})
            elif index not in stretch.aligned:
                site.require(tensor.constant, len(tensor.shape) <= rank)
                shapes.append((1,) * (rank - len(tensor.shape)) + tensor.shape)
    site.require(all(len(shape) == rank for shape in shapes))
    return _merged(site, shapes, shut, reduced)


def _merged(
    site: Site, shapes: Sequence[Sequence[int]], shut: set[int], reduced: Sequence[set[int]]
) -> list[list[int]]:
    rank = len(shapes[0])
    full = [max(shape[axis] for shape in shapes) for axis in range(rank)]

    def joins(left: int, right: int) -> bool:
        alike = all((shape[left] == 1) == (shape[right] == 1) for shape in shapes)
        return alike and not {left, right} & shut and all((left in a) == (right in a) for a in reduced)

    groups = [[axis] for axis in range(rank) if axis == 0 or full[axis] > 1 or axis in shut]
    while len(groups) > _MOST:
        pairs = [*range(1, len(groups) - 1), 0]
        place = next((i for i in pairs if joins(groups[i][-1], groups[i + 1][0])), None)
        if place is None and full[0] == 1 and 0 not in shut and groups[0] == [0]:
            groups = groups[1:]
            continue
        site.require(place is not None)
        assert place is not None
        groups[place : place + 2] = [groups[place] + groups[place + 1]]
    return [groups[0], *[[]] * (_MOST - len(groups)), *groups[1:]]


class _Merged:
    """A tensor's shape with dimensions taken together."""

    def __init__(self, site: Site, index: int, groups: Sequence[Sequence[int]]) -> None:
        shape, is_open = site.tensor(index).shape, site.graph.open_axes(index)
        self.shape = tuple(prod(shape[axis] for axis in group) for group in groups)
        self.sizes = tuple(
            -1 if is_open & {*group} else size for group, size in zip(groups, self.shape, strict=True)
        )

    def of(self, tensor: Tensor) -> Tensor:
        signature = self.sizes if -1 in self.sizes else None
        return replace(tensor, shape=self.shape, shape_signature=signature)


def _lowered(
    site: Site,
    operator: Operator,
    shapes: dict[int, _Merged],
    stretch: _Stretch,
    groups: dict[int, list[list[int]]],
) -> Operator:
    """An operator on the tensors in their new shapes."""
    target = operator.outputs[0]
    if operator.name in VIEWS:
        return _view(site, operator, shapes)
    into = groups[stretch.aligned[target]]
    rank = len(site.tensor(target).shape)
    if operator.name in _REDUCING:
        axes = {axis % rank for axis in site.whole(site.tensor(operator.inputs[1]))}
        places = [place for place, group in enumerate(into) if axes & {*group}]
        site.require(bool(places))
        constant = site.constant("INT32", [len(places)], places, f"{site.tensor(target).name}/axes")
        return replace(operator, inputs=(operator.inputs[0], constant))
    inputs = []
    for index in operator.inputs:
        if index not in shapes:
            shape = site.tensor(index).shape
            padded = (1,) * (rank - len(shape)) + shape
            merged = [prod(padded[axis] for axis in group) for group in into]
            index = site.viewed_constant(site.tensor(index), merged)
        inputs.append(index)
    return replace(operator, inputs=tuple(inputs))


def _view(site: Site, operator: Operator, shapes: dict[int, _Merged]) -> Operator:
    source, target = operator.inputs[0], operator.outputs[0]
    if target in shapes:
        sizes = shapes[target].sizes
    else:
        is_open = site.graph.open_axes(target)
        sizes = tuple(-1 if a in is_open else size for a, size in enumerate(site.tensor(target).shape))
    site.require(sizes.count(-1) <= 1)
    shape = site.constant("INT32", [len(sizes)], sizes, f"{site.tensor(target).name}/shape")
    made = site.make("RESHAPE", [source, shape], [target], {"new_shape": sizes})
    return replace(made, index=operator.index) if operator.name == "RESHAPE" else made

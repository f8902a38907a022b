"""A subgraph as rewrites see it: prepared, and with what an app may still resize told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from math import inf

from msgspec import Struct

from analyzer.errors import ModelError
from analyzer.interpreter import Interpreter
from analyzer.interpreter.resize_inputs import TensorKey
from analyzer.model.graph import OPEN, Model, Operator, Prepared, Subgraph, Tensor
from analyzer.rewriting.arithmetic import Arithmetic, Unknown, Values
from analyzer.rewriting.open_inputs import open_inputs, resized

#: What open sizes are tried with, by their dimension: apart from each other, so that one isn't taken for
#: another, and far from the file's, so that what is rounded or limited shows that it hangs on them; one more
#: than the file's (None), for remainders of a division; small ones, and equal ones, for graphs that don't
#: take these.
_TRIED = (
    (10007, 10009, 10037, 10039, 10061),
    (20011, 20021, 20023, 20029, 20047),
    None,
    (3, 5, 7, 11, 13),
    (3,) * 5,
)


class Unfit(Exception):
    """The pattern of a rewrite isn't there, or what it hangs on can't be told."""


class Graph(Struct, frozen=True, dict=True):
    """One subgraph by now."""

    #: As in the file, with what was rewritten.
    stated: Subgraph
    #: As the interpreter has it, with the file's sizes.
    subgraph: Subgraph
    #: The same with other sizes for what is open, several times; nothing where nothing is.
    resized: tuple[Subgraph, ...] = ()
    #: Sizes aren't known from the outputs of this operator on.
    known_to: int | None = None
    #: Tensors that a signature names among its outputs.
    named: frozenset[int] = frozenset()
    #: All subgraphs of the model.
    others: tuple[Subgraph, ...] = ()

    @cached_property
    def _unknown(self) -> frozenset[int]:
        if self.known_to is None:
            return frozenset()
        later = self.subgraph.operators[self.known_to :]
        return frozenset(index for operator in later for index in operator.outputs)

    def open_axes(self, index: int) -> frozenset[int]:
        """Dimensions whose size an app may choose. Raises: Unfit where that can't be told."""
        tensor = self.subgraph.tensors[index]
        if index in self._unknown or tensor.dynamic:
            raise Unfit
        others = [each.tensors[index] for each in self.resized]
        if any(len(other.shape) != len(tensor.shape) or other.dynamic for other in others):
            raise Unfit
        sizes = zip(tensor.shape, *(other.shape for other in others), strict=True)
        return frozenset(axis for axis, tried in enumerate(sizes) if len({*tried}) > 1)

    def sized(self) -> list[Subgraph]:
        """With the file's own sizes, and with others where an app may choose."""
        return [self.subgraph, *self.resized]

    def of_one_shape(self, index: int, other: int) -> bool:
        """Whether two tensors have the same shape, whatever is resized. Raises: Unfit"""
        open_alike = self.open_axes(index) == self.open_axes(other)
        return open_alike and all(
            each.tensors[index].shape == each.tensors[other].shape for each in self.sized()
        )

    @cached_property
    def _arithmetic(self) -> list[Arithmetic]:
        return [Arithmetic(subgraph, self._unknown) for subgraph in self.sized()]

    def values(self, index: int) -> list[Values]:
        """A tensor's elements, with each of these sizes. Raises: Unfit where running alone can tell."""
        try:
            return [arithmetic.values(index) for arithmetic in self._arithmetic]
        except Unknown:
            raise Unfit from None

    def leaves(self, index: int) -> bool:
        """Whether a tensor is an output of the subgraph."""
        return index in self.subgraph.output_set or index in self.named

    def producer(self, index: int) -> Operator | None:
        """The one operator that writes a tensor."""
        writers = self.subgraph.producers.get(index, ())
        return self.subgraph.operators[writers[0]] if len(writers) == 1 else None

    def readers(self, index: int) -> list[Operator]:
        """Operators that read a tensor, each once."""
        return [self.subgraph.operators[i] for i in dict.fromkeys(self.subgraph.consumers.get(index, ()))]


def graphs(interpreter: Interpreter, prepared: Prepared) -> list[Graph]:
    """The subgraphs that an app enters; what others call keeps the shape that its callers rely on."""
    model = prepared.model
    opened = open_inputs(model)
    others = _resized(interpreter, model, opened)
    unknown = bool(opened) and (prepared.refused is not None or not others)
    entered = {0, *(signature.subgraph for signature in model.signatures)}
    made = []
    for index in sorted(entered):
        subgraph = prepared.subgraphs[index]
        stops = [each.stops.get(index) for each in (prepared, *others)]
        places = [stop.operator or 0 for stop in stops if stop is not None]
        made.append(
            Graph(
                model.subgraphs[index],
                subgraph,
                tuple(other.subgraphs[index] for other in others),
                0 if unknown else min(places, default=None),
                frozenset(
                    output
                    for signature in model.signatures
                    if signature.subgraph == index
                    for output in signature.outputs.values()
                ),
                prepared.subgraphs,
            )
        )
    return made


def _resized(interpreter: Interpreter, model: Model, opened: Mapping[TensorKey, Tensor]) -> list[Prepared]:
    """The model with other sizes for what is open, those times that it is prepared furthest."""
    made = []
    for tried in _TRIED if opened else ():
        shapes = {place: _other(tensor, tried) for place, tensor in opened.items()}
        with suppress(ModelError):
            made.append(interpreter.prepare(resized(model, shapes)))
    kept = [each for each in made if each.refused is None]
    furthest = max(map(_reached, kept), default=0.0)
    return [each for each in kept if _reached(each) == furthest]


def _reached(prepared: Prepared) -> float:
    """The operator at which it stops."""
    return min((stop.operator or 0 for stop in prepared.stops.values()), default=inf)


def _other(tensor: Tensor, tried: Sequence[int] | None) -> tuple[int, ...]:
    """The shape with these sizes where an app may choose."""
    pairs = zip(tensor.shape, tensor.shape_signature or (), strict=True)
    return tuple(
        size if wanted != OPEN else size + 1 if tried is None else _apart(size, tried[axis % len(tried)])
        for axis, (size, wanted) in enumerate(pairs)
    )


def _apart(size: int, tried: int) -> int:
    """A size that isn't near the file's."""
    return tried if size < tried // 2 or tried * 2 < size else tried * 4 + 1

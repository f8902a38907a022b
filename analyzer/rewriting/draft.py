"""A model while it is rewritten: what the file has, and what stands in its place by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Model, Operator, OperatorCode, Subgraph, Tensor
from analyzer.rewriting.amend import Amendment

#: The index of an operator, and the buffer of a tensor, that no file has.
NEW = -1


class Patch(Struct, frozen=True):
    """Changes to one subgraph that belong together."""

    subgraph: int
    #: Tensors that come in, with indices from the subgraph's number of tensors on.
    tensors: tuple[Tensor, ...] = ()
    #: Operator -> what stands in its place; those with an index of the subgraph were made of that operator.
    operators: Mapping[int, tuple[Operator, ...]] = {}
    #: Tensor -> what it becomes.
    altered: Mapping[int, Tensor] = {}
    #: Tensor -> the one that every operator reads in its place.
    read_instead: Mapping[int, int] = {}

    def touches(self, subgraph: Subgraph) -> set[int]:
        """Operators that change: two patches that share one can't both be applied."""
        readers = (reader for index in self.read_instead for reader in subgraph.consumers.get(index, ()))
        return {*self.operators, *readers}

    def readers(self, subgraph: Subgraph) -> set[int]:
        """Operators that read what another operator wrote and is a constant now, or in another shape."""
        return {reader for index in self.altered for reader in subgraph.consumers.get(index, ())}

    def circular(self, instead: Mapping[int, int]) -> bool:
        """Whether, beside what others read instead, a tensor would stand for itself, as in a circle."""
        return any(
            tensor in instead or tensor == _final(source, instead)
            for tensor, source in self.read_instead.items()
        )


class Draft(Struct, frozen=True):
    """The model as it is by now, and where its operators come from."""

    model: Model
    #: For each operator of each subgraph, the file's operator that it is or was made of.
    origins: tuple[tuple[int | None, ...], ...]
    #: How many buffers the file has, and those that came in since.
    file_buffers: int
    buffers: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, model: Model, amendment: Amendment) -> Draft:
        origins = tuple(tuple(range(len(subgraph.operators))) for subgraph in model.subgraphs)
        return cls(model, origins, amendment.buffers)

    def apply(self, patches: Sequence[Patch]) -> Draft:
        """The model with patches that touch different operators."""
        draft = self
        for index in sorted({patch.subgraph for patch in patches}):
            draft = draft._applied(index, [patch for patch in patches if patch.subgraph == index])
        return draft

    def _applied(self, index: int, patches: Sequence[Patch]) -> Draft:
        subgraph = self.model.subgraphs[index]
        tensors, buffers = list(subgraph.tensors), list(self.buffers)
        operators: dict[int, tuple[Operator, ...]] = {}
        read_instead: dict[int, int] = {}

        def stored(tensor: Tensor) -> Tensor:
            if tensor.buffer != NEW:
                return tensor
            assert tensor.data is not None
            buffers.append(bytes(tensor.data))
            return replace(tensor, buffer=self.file_buffers + len(buffers) - 1)

        for patch in patches:
            moved = len(tensors) - len(subgraph.tensors)
            tensors += [replace(stored(tensor), index=tensor.index + moved) for tensor in patch.tensors]
            for place, tensor in patch.altered.items():
                tensors[place] = stored(tensor)
            read_instead |= patch.read_instead
            for place, instead in patch.operators.items():
                operators[place] = tuple(
                    _renumbered(operator, len(subgraph.tensors), moved) for operator in instead
                )
        made = [
            _reading(operator, read_instead)
            for old in subgraph.operators
            for operator in operators.get(old.index, (old,))
        ]
        known = self.origins[index]
        origins = tuple(None if operator.index == NEW else known[operator.index] for operator in made)
        numbered = tuple(
            operator if operator.index == place else replace(operator, index=place)
            for place, operator in enumerate(made)
        )
        changed = replace(subgraph, tensors=tuple(tensors), operators=numbered)
        return replace(
            self,
            model=self.with_subgraph(changed),
            origins=(*self.origins[:index], origins, *self.origins[index + 1 :]),
            buffers=tuple(buffers),
        )

    def with_subgraph(self, changed: Subgraph) -> Model:
        """The model with a subgraph changed; codes that nothing uses any more give way to one that is used.

        The interpreter wants a kernel for every code, used or not.
        """
        known, place = self.model.subgraphs, changed.index
        graphs = (*known[:place], changed, *known[place + 1 :])
        used = dict.fromkeys(
            OperatorCode(operator.name, operator.version, operator.custom)
            for subgraph in graphs
            for operator in subgraph.operators
        )
        spare = next(iter(used), None)
        codes = [code if code in used or spare is None else spare for code in self.model.operator_codes]
        new = [code for code in used if code not in codes]
        return replace(self.model, subgraphs=graphs, operator_codes=(*codes, *new))

    def grown(self, before: Draft) -> Counter[str]:
        """Operators that there are more of than before, by name; negative for those that are gone."""
        now, then = _names(self.model), _names(before.model)
        now.subtract(then)
        return Counter({name: count for name, count in now.items() if count})


def _names(model: Model) -> Counter[str]:
    return Counter(operator.key for subgraph in model.subgraphs for operator in subgraph.operators)


def _renumbered(operator: Operator, own: int, moved: int) -> Operator:
    """With the patch's own tensors where they come to lie."""
    if not moved:
        return operator
    operands = [
        tuple(index + moved if index >= own else index for index in indices)
        for indices in (operator.inputs, operator.outputs)
    ]
    return replace(operator, inputs=operands[0], outputs=operands[1])


def _reading(operator: Operator, instead: Mapping[int, int]) -> Operator:
    if instead.keys().isdisjoint(operator.inputs):
        return operator
    return replace(operator, inputs=tuple(_final(index, instead) for index in operator.inputs))


def _final(index: int, instead: Mapping[int, int]) -> int:
    while index != OMITTED and index in instead:
        index = instead[index]
    return index

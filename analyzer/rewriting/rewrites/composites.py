"""Operators that are written out elsewhere in the file, or in terms of others."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from analyzer.model.graph import OMITTED, Operator, Subgraph
from analyzer.rewriting.draft import NEW, Patch
from analyzer.rewriting.rewrite import ANY, rewrite
from analyzer.rewriting.site import Site, alike


@rewrite("STABLEHLO_COMPOSITE", title="STABLEHLO_COMPOSITE becomes the operators that it is made of")
def composite_written_out(site: Site) -> Patch | None:
    number = site.option("decomposition_subgraph_index")
    site.require(0 <= number < len(site.graph.others), number != site.graph.subgraph.index)
    parts = site.graph.others[number]
    own = site.operator
    site.require(len(parts.inputs) == len(own.inputs), len(parts.outputs) == len(own.outputs))
    border = [*zip(parts.inputs, own.inputs, strict=True), *zip(parts.outputs, own.outputs, strict=True)]
    places = dict(border)
    site.require(len(places) == len(border), not any(OMITTED in pair for pair in border))
    # The parts write this graph's tensors from then on, and read them.
    site.require(all(alike(parts.tensors[inner], site.tensor(outer)) for inner, outer in border))
    site.require(all(index in parts.producers for index in parts.outputs))
    return site.replaced(*(_moved(site, parts, operator, places) for operator in parts.operators))


def _moved(site: Site, parts: Subgraph, operator: Operator, places: dict[int, int]) -> Operator:
    """An operator of the other subgraph on tensors of this one."""
    site.require(operator.custom is None, not operator.intermediates)
    for index in (*operator.inputs, *operator.outputs):
        if index != OMITTED and index not in places:
            tensor = parts.tensors[index]
            places[index] = site.copy(tensor, f"{site.output().name}/{tensor.name}")
    return replace(
        operator,
        index=NEW,
        inputs=tuple(OMITTED if index == OMITTED else places[index] for index in operator.inputs),
        outputs=tuple(OMITTED if index == OMITTED else places[index] for index in operator.outputs),
    )


@rewrite(ANY, title="A tensor that an operator reads twice is parted by a RESHAPE")
def same_operand_parted(site: Site) -> Patch | None:
    inputs = list(site.operator.inputs)
    times = Counter(index for index in inputs if index != OMITTED)
    site.require(times.total() > len(times), site.operator.name != "WHILE")
    # A copy of a state isn't the state.
    site.require(not any(site.tensor(index).holds_state for index, count in times.items() if count > 1))
    made: list[Operator] = []
    seen: set[int] = set()
    for place, index in enumerate(inputs):
        again = index in seen
        seen.add(index)
        if index != OMITTED and again and not site.tensor(index).constant:
            axes = site.graph.open_axes(index)
            inputs[place] = site.add(site.tensor(index), site.tensor(index).shape, "again", axes)
            made.append(site.reshape(index, inputs[place], axes))
    site.require(bool(made))
    return site.replaced(*made, replace(site.operator, inputs=tuple(inputs)))


@rewrite("RELU_0_TO_1", title="RELU_0_TO_1 becomes RELU and MINIMUM")
def relu_0_to_1_apart(site: Site) -> Patch | None:
    source, output = site.input(), site.output()
    site.require(source.dtype == output.dtype == "FLOAT32", len(output.shape) > 0)
    axes = site.graph.open_axes(output.index)
    positive = site.add(output, output.shape, "positive", axes)
    most = site.constant("FLOAT32", [1] * len(output.shape), [1.0], f"{output.name}/most")
    return site.replaced(
        site.make("RELU", [source.index], [positive]),
        site.make("MINIMUM", [positive, most], [output.index]),
    )

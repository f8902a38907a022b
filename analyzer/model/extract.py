"""Models made of another one: some of its operators alone, or all of it with inputs of other sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.model.flatbuffer import Bytes, Flatbuffer
from analyzer.model.graph import OMITTED, Signature, Subgraph
from analyzer.model.write import build

#: Fields of a model that are about the whole of it, and of no part.
_WHOLE = ("signature_defs", "metadata", "metadata_buffer")


class Cut(Struct, frozen=True):
    """Operators of one subgraph, in order, with the tensors that cross their border."""

    subgraph: int
    operators: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    #: Whether any of them calls other subgraphs.
    calls: bool = False


def around(subgraph: Subgraph, wanted: Sequence[int]) -> Cut:
    """A cut of some operators, and of those that compute constants for them."""
    inside = set(wanted)
    waiting = list(wanted)
    while waiting:
        for index in subgraph.operators[waiting.pop()].inputs:
            for producer in subgraph.producers.get(index, ()):
                if producer not in inside and _constant(subgraph, producer):
                    inside.add(producer)
                    waiting.append(producer)
    operators = tuple(sorted(inside))
    made = {index for number in operators for index in subgraph.operators[number].outputs}
    read = {index for number in operators for index in subgraph.operators[number].inputs}
    entering = sorted(index for index in read - made if arrives(subgraph, index))
    wanted_outside = {
        index for operator in subgraph.operators if operator.index not in inside for index in operator.inputs
    } | set(subgraph.outputs)
    leaving = {
        index
        for number in wanted
        for index in subgraph.operators[number].outputs
        if index in wanted_outside or index not in subgraph.consumers
    }
    calls = any(list(subgraph.operators[number].called_subgraphs()) for number in operators)
    return Cut(subgraph.index, operators, tuple(entering), tuple(sorted(leaving - {OMITTED})), calls)


def _constant(subgraph: Subgraph, number: int) -> bool:
    """True for an operator that reads constants alone."""
    inputs = subgraph.operators[number].inputs
    return all(index == OMITTED or subgraph.tensors[index].constant for index in inputs)


def arrives(subgraph: Subgraph, index: int) -> bool:
    """Whether a tensor that no operator of a cut writes has to be brought to it."""
    return index != OMITTED and not subgraph.tensors[index].constant and not subgraph.tensors[index].variable


def write(
    data: Bytes, cut: Cut, shapes: Mapping[int, tuple[int, ...]], signatures: Sequence[Signature] = ()
) -> bytes:
    """The model that a cut makes out of a file's bytes; `shapes` are what tensors are known to have."""
    model = contents(data)
    for name in _WHOLE:
        model.pop(name, None)
    graph = model["subgraphs"][cut.subgraph]
    # The first one is where a model is entered, which nothing calls.
    model["subgraphs"] = [graph, *(model["subgraphs"][1:] if cut.calls else [])]
    graph["operators"] = [graph["operators"][number] for number in cut.operators]
    graph["inputs"], graph["outputs"] = list(cut.inputs), list(cut.outputs)
    for index, shape in shapes.items():
        graph["tensors"][index] |= {"shape": list(shape), "shape_signature": None}
    _empty_unused(model, graph)
    if signatures:
        model["signature_defs"] = [*map(signature_def, signatures)]
    return build(model)


def signature_def(signature: Signature) -> dict[str, Any]:
    """A signature as the schema has it."""
    inputs, outputs = (
        [{"name": name, "tensor_index": index} for name, index in named.items()]
        for named in (signature.inputs, signature.outputs)
    )
    return {
        "signature_key": signature.key,
        "subgraph_index": signature.subgraph,
        "inputs": inputs,
        "outputs": outputs,
    }


def resize(data: Bytes, subgraph: int, shapes: Mapping[int, tuple[int, ...]]) -> bytes:
    """The model of a file's bytes with tensors of one subgraph in the shapes given, and no size left open.

    For runtimes that resize nothing themselves.
    """
    model = contents(data)
    for graph in model["subgraphs"]:
        for tensor in graph.get("tensors", ()):
            tensor.pop("shape_signature", None)
    tensors = model["subgraphs"][subgraph]["tensors"]
    for index, shape in shapes.items():
        tensors[index]["shape"] = list(shape)
    return build(model)


def contents(data: Bytes, file: Flatbuffer | None = None) -> dict[str, Any]:
    """All tables of a model as `build` takes them; `file` reads the bytes its own way."""
    file = file or Flatbuffer(data)
    model: dict[str, Any] = _present(file.decode("Model", file.root()))
    for buffer in model.get("buffers", ()):
        _take_in(file, buffer, "data", "offset", "size")
        buffer.pop("offset", None)
        buffer.pop("size", None)
    for graph in model.get("subgraphs", ()):
        for operator in graph.get("operators", ()):
            large = "large_custom_options"
            _take_in(file, operator, "custom_options", f"{large}_offset", f"{large}_size")
    return model


def _take_in(file: Flatbuffer, table: dict[str, Any], field: str, offset: str, size: str) -> None:
    """Have a table hold what it keeps behind the flatbuffer, where another file has something else."""
    if table.get(offset, 0) > 1:
        table[field] = file.outside(table.pop(offset), table.pop(size, 0))


def _present(value: Any) -> Any:
    """A table without the fields that its file leaves out: an empty vector isn't an absent one."""
    if isinstance(value, Mapping):
        return {name: _present(field) for name, field in value.items() if field is not None and field != ()}
    if isinstance(value, tuple) and value and isinstance(value[0], Mapping):
        return [_present(table) for table in value]
    return value


def _empty_unused(model: dict[str, Any], graph: dict[str, Any]) -> None:
    """Leave out the weights that nothing in a cut reads; other subgraphs keep theirs."""
    used = {index for operator in graph["operators"] for index in operator.get("inputs", ())}
    for index, tensor in enumerate(graph["tensors"]):
        if index not in used and index not in graph["outputs"]:
            tensor["buffer"] = 0
    kept = {
        tensor.get("buffer", 0) for subgraph in model["subgraphs"] for tensor in subgraph.get("tensors", ())
    }
    for number, buffer in enumerate(model["buffers"]):
        if number not in kept:
            buffer.pop("data", None)

"""The document made small for embedding: what an operator is once a model, each finding once a document.

`scripts/data.js` unpacks it; so does anything else that follows these lines:
an audit's `operators` become `placements`, one entry for each entry of the model's `nodes`, of the
columns `PLACEMENT`; `findings` in there are positions in the document's `findings`. A model's `graphs`
become `operands`, an entry a node: its inputs and outputs (-1 for an operand that is left out), and positions
in the document's `kinds` and `options`; and `tensors`, an entry a subgraph of names, shapes and, where there
is something to say, quantization: a shape is a position in the document's `shapes`, a name are positions in
its `names`, to be joined by semicolons, as converters do where they fuse. Each of `names` begins with so many
characters of the one before it. A node's `output` is then left out. `layers`, an entry a node, are positions
in the document's `layers`: what the source calls them, which the JSON format doesn't say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

import msgspec

from analyzer.report.document.audit_document import Audit, Document, Model, Operator
from analyzer.report.document.contents import Graph, Operand, Quantization, Tensor
from analyzer.report.document.contents import Operator as Described
from analyzer.report.wording.layers import source_layers

#: The columns of `nodes`: the same for every delegate.
NODE = ("subgraph", "index", "op", "version", "custom", "output", "macs")
#: The columns of `placements`, the last where it is known; 1 there stands for `delegate`.
PLACEMENT = ("supported", "folded", "delegated", "partition", "lost", "findings", "placement")

_ACTIVE = "<>&\u2028\u2029" + "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_MARKS = ("constant", "variable", "sparse", "dynamic")


class _Once:
    """Values that occur many times and are stored once."""

    def __init__(self) -> None:
        self._found: dict[object, int] = {}

    def position(self, value: object) -> int:
        return self._found.setdefault(value, len(self._found))

    def values(self) -> list[Any]:
        return list(self._found)


class _Stores:
    """Tables of values that all models of a document share."""

    def __init__(self, document: Document) -> None:
        self.names = {name: position for position, name in enumerate(sorted(_parts(document)))}
        self.findings, self.kinds, self.options, self.shapes = _Once(), _Once(), _Once(), _Once()
        self.layers = _Once()


def embed(document: Document) -> bytes:
    """JSON that is safe inside a script element."""
    stores = _Stores(document)
    models = [_model(model, stores) for model in document.models]
    embedded = _fields(document) | {
        "node": NODE,
        "placement": PLACEMENT,
        "models": models,
        "findings": stores.findings.values(),
        "kinds": stores.kinds.values(),
        "layers": stores.layers.values(),
        "names": list(_shortened(stores.names)),
        "options": [msgspec.Raw(options) for options in stores.options.values()],
        "shapes": stores.shapes.values(),
    }
    return inert(msgspec.json.encode(embedded))


def _parts(document: Document) -> set[str]:
    """The parts that names of tensors are joined from."""
    graphs = (graph for model in document.models for graph in model.graphs or ())
    return {part for graph in graphs for tensor in graph.tensors for part in tensor.name.split(";")}


def _shortened(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    before = ""
    for name in names:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, name, strict=False)))
        yield same, name[same:]
        before = name


def inert(json: bytes) -> bytes:
    """JSON without characters that mean something in HTML or turn the direction of its source.

    All of them only ever occur inside JSON's strings.
    """
    for char in _ACTIVE:
        json = json.replace(char.encode(), b"\\u%04x" % ord(char))
    return json


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)


def _model(model: Model, stores: _Stores) -> dict[str, Any]:
    fields = _fields(model) | {"audits": [_audit(audit, stores) for audit in model.audits]}
    contents = _contents(fields.pop("graphs"), stores)
    # The page shows them, and programs that want them ask for everything.
    del fields["signatures"]
    operators = model.audits[0].operators if model.audits else ()
    # With tensors, the name of the output is said already.
    columns = NODE if not contents else (*NODE[:-2], None, NODE[-1])
    layers = [*_layers(model, operators, stores)]
    return fields | {"nodes": [_values(node, columns) for node in operators], "layers": layers} | contents


def _layers(model: Model, operators: Sequence[Operator], stores: _Stores) -> Iterator[list[int]]:
    """The layers of each node."""
    graphs = () if isinstance(model.graphs, msgspec.UnsetType) else model.graphs
    described = [(graph, operator) for graph in graphs for operator in graph.operators]
    for place, node in enumerate(operators):
        output, constants = node.output or "", list[str]()
        if described:
            graph, operator = described[place]
            first, *_ = (*_tensors(graph, operator.outputs[:1]), None)
            output = first.name if first else ""
            constants = [tensor.name for tensor in _tensors(graph, operator.inputs) if tensor.constant]
        yield [stores.layers.position(layer) for layer in source_layers(output, constants)]


def _tensors(graph: Graph, operands: Sequence[Operand]) -> Iterator[Tensor]:
    return (graph.tensors[each.tensor] for each in operands if each.tensor is not None)


def _audit(audit: Audit, stores: _Stores) -> dict[str, Any]:
    placements = [_placement(node, stores) for node in audit.operators]
    known = {name: value for name, value in _fields(audit).items() if value is not msgspec.UNSET}
    fields = known | {"placements": placements}
    del fields["operators"]
    return fields


def _placement(node: Operator, stores: _Stores) -> list[Any]:
    positions = [stores.findings.position(finding) for finding in node.findings]
    values = [
        int(node.supported),
        int(node.folded),
        int(node.delegated),
        node.partition,
        node.lost,
        positions,
    ]
    if not node.placement:
        return values
    return [*values, 1 if node.placement == "delegate" else node.placement]


def _values(node: Operator, names: Sequence[str | None]) -> list[Any]:
    return [None if name is None else getattr(node, name) for name in names]


def _contents(graphs: Sequence[Graph] | msgspec.UnsetType, stores: _Stores) -> dict[str, Any]:
    if isinstance(graphs, msgspec.UnsetType):
        return {}
    return {
        "operands": [_operands(operator, stores) for graph in graphs for operator in graph.operators],
        "tensors": [[_tensor(tensor, stores) for tensor in graph.tensors] for graph in graphs],
    }


def _operands(operator: Described, stores: _Stores) -> list[Any]:
    kind = stores.kinds.position((_names(operator.inputs), _names(operator.outputs)))
    options = stores.options.position(msgspec.json.encode(operator.options))
    return [_indices(operator.inputs), _indices(operator.outputs), kind, options]


def _names(operands: Sequence[Operand]) -> tuple[str, ...]:
    return tuple(operand.name for operand in operands)


def _indices(operands: Sequence[Operand]) -> list[int]:
    return [-1 if operand.tensor is None else operand.tensor for operand in operands]


def _tensor(tensor: Tensor, stores: _Stores) -> list[Any]:
    marks = tuple(mark for mark in _MARKS if getattr(tensor, mark))
    shape = stores.shapes.position((tensor.dtype, tensor.shape, tensor.bytes, marks))
    name = [stores.names[part] for part in tensor.name.split(";")]
    return [name, shape, *([_quantization(tensor.quantization)] if tensor.quantization else [])]


def _quantization(quantization: Quantization) -> list[Any]:
    """Scales come from 32 bits: more than nine digits say nothing. Nothing is said after the last value."""
    scale = None if quantization.scale is None else float(f"{quantization.scale:.9g}")
    values = [quantization.scales, scale, quantization.zero_point, quantization.axis, quantization.details]
    while values and values[-1] is None:
        values.pop()
    return values

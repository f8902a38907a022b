"""Model -> Inspection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer import __version__
from analyzer.auditing.macs import MacCounter
from analyzer.expressions.vocabulary import size_bytes
from analyzer.interpreter import Interpreter
from analyzer.model import graph as model_graph
from analyzer.model.graph import OMITTED, Model, Prepared
from analyzer.report.document import contents, description, inspection, number_types
from analyzer.report.document.audit_document import Tool
from analyzer.rules.registry import Packs


class Inspector:
    """Tells what models are; what can be compiled is compiled once."""

    def __init__(self, packs: Packs) -> None:
        self._runtime = Interpreter(packs)
        self._catalogue = packs.catalogue
        self._macs = MacCounter(packs.catalogue)

    def inspect(self, model: Model, everything: bool = False) -> inspection.Inspection:
        """The inspection of one model; `everything`: with every operator and tensor."""
        prepared, contexts = self._runtime.prepare_operators(model)
        macs = {
            (subgraph.index, context.operator.index): self._macs.count(context)
            for subgraph, seen in zip(prepared.subgraphs, contexts, strict=True)
            for context in seen
        }
        tensors = [tensor for subgraph in prepared.subgraphs for tensor in subgraph.tensors]
        return inspection.Inspection(
            tool=Tool(name="delegate-analyzer", version=__version__),
            path=model.path,
            bytes=model.size,
            schema_version=model.schema_version,
            identifier=model.identifier,
            description=model.description,
            min_runtime_version=_min_runtime_version(model),
            remarks=model.remarks,
            operators=len(macs),
            macs=_total(macs.values()),
            numbers=number_types.numbers(prepared.subgraphs),
            sizes=number_types.sizes(prepared.subgraphs, _largest_activation(tensors)),
            kinds=tuple(_kinds(prepared, macs)),
            subgraphs=tuple(_subgraphs(prepared)),
            signatures=description.signatures(prepared),
            variables=sum(tensor.variable for tensor in tensors),
            sparse=sum(tensor.sparsity is not None for tensor in tensors),
            metadata=tuple(inspection.Entry(name=n, bytes=len(data)) for n, data in model.metadata.items()),
            external_buffers=tuple(
                inspection.Entry(name=buffer.group, bytes=buffer.length) for buffer in model.external_buffers
            ),
            graphs=description.graphs(prepared, self._catalogue, macs) if everything else (),
        )


def _total(counts: Any) -> int | None:
    """The sum; None where some are unknown and none is known."""
    known = [count for count in counts if count is not None]
    return sum(known) if known or not counts else None


def _min_runtime_version(model: Model) -> str | None:
    stored = model.metadata.get("min_runtime_version")
    text = "" if stored is None else bytes(stored[:64]).split(b"\0")[0].decode("utf-8", "replace")
    return text or None


def _largest_activation(tensors: Sequence[model_graph.Tensor]) -> contents.Tensor | None:
    sized = [(size_bytes(tensor) or 0, tensor) for tensor in tensors if not tensor.constant]
    largest = max(sized, key=lambda entry: entry[0], default=(0, None))[1]
    return None if largest is None else description.tensor(largest)


def _kinds(prepared: Prepared, macs: description.Macs) -> Iterator[inspection.Kind]:
    """Kinds of operators, those with the most MACs first, then the most frequent."""
    members: dict[tuple[str, str | None], list[tuple[model_graph.Subgraph, model_graph.Operator]]] = {}
    for subgraph in prepared.subgraphs:
        for operator in subgraph.operators:
            members.setdefault((operator.name, operator.custom), []).append((subgraph, operator))
    seen: set[tuple[int, int]] = set()
    kinds = [
        inspection.Kind(
            op=name,
            custom=custom,
            count=len(operators),
            versions=tuple(sorted({operator.version for _, operator in operators})),
            macs=_total([macs[subgraph.index, operator.index] for subgraph, operator in operators]),
            weights=sum(_weights(subgraph, operator, seen) for subgraph, operator in operators),
        )
        for (name, custom), operators in members.items()
    ]
    yield from sorted(kinds, key=lambda kind: (-(kind.macs or 0), -kind.count, kind.op, kind.custom or ""))


def _weights(
    subgraph: model_graph.Subgraph, operator: model_graph.Operator, seen: set[tuple[int, int]]
) -> int:
    read = [subgraph.tensors[index] for index in operator.inputs if index != OMITTED]
    return sum(len(tensor.data or b"") for tensor in number_types.unseen(read, seen))


def _subgraphs(prepared: Prepared) -> Iterator[inspection.Subgraph]:
    for subgraph in prepared.subgraphs:
        stop = prepared.refused or prepared.stops.get(subgraph.index)
        yield inspection.Subgraph(
            index=subgraph.index,
            name=subgraph.name,
            operators=len(subgraph.operators),
            tensors=len(subgraph.tensors),
            stops=None if stop is None else stop.message,
        )

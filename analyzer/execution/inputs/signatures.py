"""The ways into a model: its signatures, or its first subgraph where it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from analyzer.errors import UsageError
from analyzer.execution.request import Entry
from analyzer.model.graph import Model, Subgraph

Value = TypeVar("Value")


def entries(model: Model, signature: str | None = None) -> list[Entry]:
    """Every way in, or the one that is named. Raises: UsageError."""
    entries = [
        Entry(
            signature_def.key,
            signature_def.subgraph,
            tuple(signature_def.inputs.items()),
            tuple(signature_def.outputs.items()),
        )
        for signature_def in model.signatures
    ] or [main(model.subgraphs[0])]
    if signature is None:
        return entries
    named = [entry for entry in entries if entry.key == signature]
    if not named:
        known = ", ".join(entry.key for entry in entries if entry.key is not None) or "none"
        raise UsageError(f"--signature {signature}: {model.path} has no such signature; it has {known}")
    return named


def main(subgraph: Subgraph) -> Entry:
    """The subgraph's own inputs and outputs under the names of their tensors."""
    return Entry(None, subgraph.index, _named(subgraph, subgraph.inputs), _named(subgraph, subgraph.outputs))


def computed(model: Model, entry: Entry) -> tuple[int, ...]:
    """Outputs that an operator computes; the rest are constants, inputs or variables handed through."""
    subgraph = model.subgraphs[entry.subgraph]
    return tuple(
        index
        for _, index in entry.outputs
        if index in subgraph.producers
        and index not in subgraph.inputs
        and not subgraph.tensors[index].variable
    )


def by_name(model: Model, entry: Entry, given: Mapping[str, Value]) -> dict[str, Value]:
    """Values by names of an entry's inputs, given by these or by the names of their tensors."""
    tensors = model.subgraphs[entry.subgraph].tensors
    names = {tensors[index].name: name for name, index in entry.inputs}
    names |= {name: name for name, _ in entry.inputs}
    return {names.get(name, name): value for name, value in given.items()}


def _named(subgraph: Subgraph, indices: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Tensors by name; where several share one, by name and index."""
    names = [subgraph.tensors[index].name for index in indices]
    return tuple(
        (name if names.count(name) == 1 and name else f"{name}#{index}", index)
        for name, index in zip(names, indices, strict=True)
    )

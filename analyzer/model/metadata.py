"""A model's metadata on inputs and outputs, for libraries that prepare the ones and read the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.model.flatbuffer import Flatbuffer
from analyzer.model.graph import Model
from analyzer.model.vtable import Malformed

_ENTRY, _IDENTIFIER = "TFLITE_METADATA", b"M001"
_NORMALIZATION, _LABELS = "NormalizationOptions", "TENSOR_AXIS_LABELS"


class Described(Struct, frozen=True):
    """One input or output: (pixel - `mean`) / `std` is what it takes; empty where nothing is said.

    `labels` is the file, in an archive behind the model, that names what its last axis tells apart.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: str | None = None


def inputs(model: Model, subgraph: int) -> dict[int, Described]:
    """By tensor index, as far as the model says anything that can be read."""
    return _described(model, subgraph, "input_tensor_metadata", model.subgraphs[subgraph].inputs)


def outputs(model: Model, subgraph: int) -> dict[int, Described]:
    return _described(model, subgraph, "output_tensor_metadata", model.subgraphs[subgraph].outputs)


def _described(model: Model, subgraph: int, kind: str, indices: Sequence[int]) -> dict[int, Described]:
    data = model.metadata.get(_ENTRY)
    if data is None or data[4:8] != _IDENTIFIER:
        return {}
    try:
        file = Flatbuffer(data)
        graphs = file.decode("ModelMetadata", file.root())["subgraph_metadata"]
    except Malformed:
        return {}
    tensors = graphs[subgraph][kind] if subgraph < len(graphs) else ()
    return {index: _tensor(tensor) for index, tensor in zip(indices, tensors, strict=False)}


def _tensor(fields: Mapping[str, Any]) -> Described:
    units = (table["options"] for table in fields["process_units"] if table["options_type"] == _NORMALIZATION)
    normalization: Mapping[str, Any] = next((options for options in units if options), {})
    files = [table for table in fields["associated_files"] if table["type"] == _LABELS and table["name"]]
    # Names in the model's own language before translated ones.
    files.sort(key=lambda table: bool(table["locale"]))
    return Described(
        tuple(normalization.get("mean", ())),
        tuple(normalization.get("std", ())),
        files[0]["name"] if files else None,
    )

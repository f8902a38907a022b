"""Writes a model's file again with some of its tables changed, and every other byte as it was.

New tables are put before the file, which moves as a whole: what they don't say anew they refer to, and
weights, names, metadata and tables that this program doesn't know stay byte for byte.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from analyzer.errors import ModelError
from analyzer.model import schema
from analyzer.model.extract import signature_def
from analyzer.model.flatbuffer import Bytes, Flatbuffer
from analyzer.model.graph import Model, Operator, OperatorCode, Quantization, Subgraph, Tensor
from analyzer.model.vtable import kind, refers
from analyzer.model.write import Kept, build_before

#: Flatbuffers count distances in 32 bits, and the runtime reads them with a sign.
_LARGEST = (1 << 31) - (1 << 24)
_PLACEHOLDER = 127
_SCHEMA = 3
#: Fields of a tensor in the schema -> in `Tensor`.
_TENSOR = {
    "shape": "shape",
    "type": "dtype",
    "buffer": "buffer",
    "name": "name",
    "quantization": "quantization",
    "is_variable": "variable",
    "sparsity": "sparsity",
    "shape_signature": "shape_signature",
    "has_rank": "has_rank",
}
_NOTHING = object()
#: How an archive begins to end, and each entry of its list.
END_OF_ZIP, _ENTRY_OF_ZIP = b"PK\5\6", b"PK\1\2"


class Amendment:
    """One file, and how tables of it are written anew."""

    def __init__(self, data: Bytes, model: Model) -> None:
        """Raises: ModelError for a file that can't be amended without loss."""
        self._data = data
        self._model = model
        self._file = Flatbuffer(data)
        if len(data) > _LARGEST:
            raise self._refused("is larger than 2 GB", "split it into several models")
        self._root = self._fields("Model", self._file.root())
        self._buffers = self._tables(self._root, "buffers")
        if any(self._outside("Buffer", place, "offset") for place in self._buffers):
            raise self._refused("keeps weights behind the flatbuffer", "convert it to one of less than 2 GB")
        graphs = [self._fields("SubGraph", place) for place in self._tables(self._root, "subgraphs")]
        operators = (place for graph in graphs for place in self._tables(graph, "operators"))
        if any(self._outside("Operator", place, "large_custom_options_offset") for place in operators):
            raise self._refused(
                "keeps options of custom operators behind the flatbuffer", "convert it with smaller ones"
            )
        if model.control_dependencies is not None:
            raise self._refused(
                "orders operators by their numbers", "convert it without control dependencies"
            )
        if model.schema_version != _SCHEMA:
            raise ModelError(
                model.path,
                f"it has schema version {model.schema_version}; the runtime reads only {_SCHEMA}",
                "convert it again with a current converter",
            )
        self._codes = model.operator_codes

    @property
    def buffers(self) -> int:
        """How many buffers the file has; those that come in are numbered from there."""
        return len(self._buffers)

    def written(
        self, after: Model, origins: Sequence[Sequence[int | None]], buffers: Sequence[bytes]
    ) -> bytes:
        """The file with the graphs of `after`.

        `origins` are for each operator of each subgraph the operator of the file that it is or was made of.
        """
        self._codes = after.operator_codes
        places = self._tables(self._root, "subgraphs")
        graphs = [
            Kept(place) if new is old else self._subgraph(place, old, new, origin)
            for place, old, new, origin in zip(
                places, self._model.subgraphs, after.subgraphs, origins, strict=True
            )
        ]
        known = self._tables(self._root, "operator_codes")
        codes = [
            Kept(place) if code == old else _code(code)
            for code, old, place in zip_longest(after.operator_codes, self._model.operator_codes, known)
        ]
        front = build_before(
            self._root
            | self._entries(after)
            | {
                "subgraphs": graphs,
                "operator_codes": codes,
                "buffers": [*map(Kept, self._buffers), *({"data": data} for data in buffers)],
            }
        )
        return front + _moved(self._data, len(front))

    def _entries(self, after: Model) -> dict[str, Any]:
        """Signatures and metadata, where they are others."""
        fields: dict[str, Any] = {}
        if after.signatures is not self._model.signatures:
            fields["signature_defs"] = [*map(signature_def, after.signatures)]
        if after.metadata is not self._model.metadata:
            places = self._tables(self._root, "metadata")
            fields["metadata"] = [
                Kept(place)
                for place in places
                if self._file.string(self._fields("Metadata", place)["name"].position) in after.metadata
            ]
        return fields

    def _subgraph(
        self, place: int, old: Subgraph, new: Subgraph, origins: Sequence[int | None]
    ) -> dict[str, Any]:
        fields = self._fields("SubGraph", place)
        tensors, operators = (self._tables(fields, key) for key in ("tensors", "operators"))
        quantizations = {
            id(tensor.quantization): self._fields("Tensor", tensors[tensor.index])["quantization"]
            for tensor in old.tensors
            if tensor.quantization is not None
        }
        return fields | {
            "tensors": [self._tensor(tensor, old, tensors, quantizations) for tensor in new.tensors],
            "operators": [
                self._operator(operator, origin, old, operators)
                for operator, origin in zip(new.operators, origins, strict=True)
            ],
            "inputs": new.inputs,
            "outputs": new.outputs,
        }

    def _tensor(
        self, tensor: Tensor, old: Subgraph, places: Sequence[int], quantizations: Mapping[int, Kept]
    ) -> dict[str, Any] | Kept:
        fields: dict[str, Any] = {}
        before = None
        if tensor.index < len(old.tensors):
            before = old.tensors[tensor.index]
            if tensor is before:
                return Kept(places[tensor.index])
            fields = self._fields("Tensor", places[tensor.index])
        for name, attribute in _TENSOR.items():
            value, was = getattr(tensor, attribute), getattr(before, attribute, _NOTHING)
            if value is was or value == was:
                continue
            if isinstance(value, Quantization):
                value = quantizations.get(id(value)) or _quantization(value)
            fields[name] = value
        return fields

    def _operator(
        self, operator: Operator, origin: int | None, old: Subgraph, places: Sequence[int]
    ) -> dict[str, Any] | Kept:
        code = OperatorCode(operator.name, operator.version, operator.custom)
        if origin is None:
            return _operands(operator) | _options(operator) | {"opcode_index": self._code_index(code)}
        before = old.operators[origin]
        operands, options = _operands(operator), operator.options is before.options
        known = code == OperatorCode(before.name, before.version, before.custom)
        if options and known and operands == _operands(before):
            return Kept(places[origin])
        fields = self._fields("Operator", places[origin]) | operands
        if not options:
            fields |= _options(operator)
        return fields if known else fields | {"opcode_index": self._code_index(code)}

    def _code_index(self, code: OperatorCode) -> int:
        return self._codes.index(code)

    def _fields(self, table: str, position: int) -> dict[str, Any]:
        """A table's fields, what they refer to left where it is."""
        row = self._file.row(kind(table), position)
        fields = schema.fields(table).values()
        vtable = position - struct.unpack_from("<i", self._data, position)[0]
        size = struct.unpack_from("<H", self._data, vtable)[0]
        if any(self._data[vtable + 4 + 2 * len(row) : vtable + size]):
            raise self._refused(f"has fields of {table} that this version doesn't know", "use a newer one")
        return {
            field.name: Kept(row[field.slot]) if refers(field) else row[field.slot]
            for field in fields
            if row[field.slot] is not None
        }

    def _outside(self, table: str, position: int, field: str) -> bool:
        """Whether a table says with this field that it keeps bytes behind the flatbuffer."""
        offset = self._file.row(kind(table), position)[schema.fields(table)[field].slot]
        return offset is not None and offset > 1

    def _tables(self, fields: Mapping[str, Any], key: str) -> list[int]:
        """The positions of a field's tables; none where the file hasn't got the field."""
        return self._places(fields[key].position) if key in fields else []

    def _places(self, vector: int) -> list[int]:
        """The positions of a vector's tables."""
        count = self._file.length(vector, 4)
        distances = struct.unpack_from(f"<{count}I", self._data, vector + 4)
        return [vector + 4 + 4 * i + distance for i, distance in enumerate(distances)]

    def _refused(self, problem: str, advice: str) -> ModelError:
        return ModelError(self._model.path, f"it {problem}, so it can't be rewritten without loss", advice)


def _operands(operator: Operator) -> dict[str, Any]:
    return {"inputs": operator.inputs, "outputs": operator.outputs}


def _options(operator: Operator) -> dict[str, Any]:
    table = operator.options_table
    if table is None:
        return {}
    second = table in schema.members("BuiltinOptions2").values()
    field = "builtin_options_2" if second else "builtin_options"
    return {f"{field}_type": table, field: operator.options}


def _code(code: OperatorCode) -> dict[str, Any]:
    number = schema.number("BuiltinOperator", code.name)
    return {
        "builtin_code": number,
        "deprecated_builtin_code": min(number, _PLACEHOLDER),
        "version": code.version,
        "custom_code": code.custom,
    }


def _quantization(quantization: Quantization) -> dict[str, Any]:
    assert quantization.details is None
    return {
        "min": quantization.minimum or None,
        "max": quantization.maximum or None,
        "scale": quantization.scales,
        "zero_point": quantization.zero_points,
        "quantized_dimension": quantization.axis,
    }


def _moved(data: Bytes, by: int) -> bytes:
    """The file's bytes for a place further on: those of an archive at its end count from the file's start."""
    moved = bytearray(data)
    try:
        for place in _places_of_zip(moved):
            (offset,) = struct.unpack_from("<I", moved, place)
            struct.pack_into("<I", moved, place, offset + by)
    except struct.error:  # what looks like an archive is none
        return bytes(data)
    return bytes(moved)


def _places_of_zip(data: bytearray) -> list[int]:
    """Where an archive at the end of a file counts bytes from the file's start; nothing where none does.

    Raises: struct.error for one that is cut off.
    """
    end = data.rfind(END_OF_ZIP)
    if end < 0:
        return []
    entries, _, at = struct.unpack_from("<HII", data, end + 10)
    places = [end + 16]
    for _ in range(entries):
        if data[at : at + 4] != _ENTRY_OF_ZIP:
            return []
        places.append(at + 42)
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))
    return places if entries else []

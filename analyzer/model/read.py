"""A .tflite file to a `Model`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from analyzer.errors import ModelError
from analyzer.model import schema
from analyzer.model.flatbuffer import Bytes, Flatbuffer, Malformed, kind, names
from analyzer.model.graph import (
    OMITTED,
    Model,
    Operator,
    OperatorCode,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)

#: Files up to this size are read: cheaper than a memory map.
_SMALL = 1 << 16

_AGAIN = "fetch or convert the file again"


def read(path: str | Path, name: str | None = None) -> Model:
    """Read a .tflite file, called `name` in the model and in messages.

    The model's constants are views of the file, which stays mapped as long as they live.

    Raises: ModelError
    """
    name = name or str(path)
    return read_bytes(_contents(path, name), name)


def read_bytes(data: bytes | memoryview, path: str) -> Model:
    """Read a model that is already in memory. Raises: ModelError"""
    return _read(data, path)


def _contents(path: str | Path, name: str) -> Bytes:
    try:
        with open(path, "rb") as file:
            head = file.read(_SMALL)
            return head if len(head) < _SMALL else mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError as error:
        raise ModelError(name, (error.strerror or str(error)).lower(), "check the path") from None


def _read(data: Bytes, path: str) -> Model:
    try:
        return _Reader(Flatbuffer(data)).model(path)
    except Malformed as problem:
        raise ModelError(path, str(problem), _AGAIN) from None


class _Reader:
    def __init__(self, file: Flatbuffer) -> None:
        self.file = file
        self.remarks: list[str] = []
        self.buffers: list[memoryview | None] = []
        self.codes: list[OperatorCode] = []

    def model(self, path: str) -> Model:
        file = self.file
        version, codes, subgraphs, description, buffers, _, metadata, signatures, _, _ = file.row(
            kind("Model"), file.root()
        )
        self.buffers = [self.buffer(*row) for row in file.tables(kind("Buffer"), buffers)]
        self.codes = [self.code(*row) for row in file.tables(kind("OperatorCode"), codes)]
        rows = file.tables(kind("SubGraph"), subgraphs)
        if not rows:
            raise Malformed("it has no subgraph")
        return Model(
            path=path,
            size=file.size,
            schema_version=version,
            description=file.string(description) or "",
            subgraphs=tuple(self.subgraph(index, *row) for index, row in enumerate(rows)),
            operator_codes=tuple(self.codes),
            signatures=tuple(self.signature(*row) for row in file.tables(kind("SignatureDef"), signatures)),
            metadata={},
            remarks=tuple(self.remarks),
        )

    def buffer(self, data: int | None, offset: int, size: int) -> memoryview | None:
        if data is not None:
            return self.file.bytes(data)
        return self.file.outside(offset, size) if offset > 1 else None

    def code(self, deprecated: int, custom: int | None, version: int, builtin: int) -> OperatorCode:
        name = names("BuiltinOperator")[max(deprecated, builtin)]
        return OperatorCode(name, version, self.file.string(custom))

    def signature(
        self, inputs: int | None, outputs: int | None, key: int | None, _: None, subgraph: int
    ) -> Signature:
        return Signature(
            self.file.string(key) or "", subgraph, self.tensor_map(inputs), self.tensor_map(outputs)
        )

    def tensor_map(self, position: int | None) -> dict[str, int]:
        rows = self.file.tables(kind("TensorMap"), position)
        return {self.file.string(name) or "": index for name, index in rows}

    def subgraph(
        self,
        index: int,
        tensors: int | None,
        inputs: int | None,
        outputs: int | None,
        operators: int | None,
        name: int | None,
        _: int,
    ) -> Subgraph:
        file = self.file
        found = self.tensors(file.tables(kind("Tensor"), tensors))
        return Subgraph(
            index,
            file.string(name) or "",
            tuple(found),
            tuple(self.operators(file.tables(kind("Operator"), operators), len(found))),
            self.indices(file.integers(inputs), len(found)),
            self.indices(file.integers(outputs), len(found)),
        )

    def indices(self, wanted: tuple[int, ...], count: int) -> tuple[int, ...]:
        for tensor in wanted:
            if not OMITTED <= tensor < count:
                raise Malformed(f"tensor {tensor} is named, the subgraph has {count} tensors")
        return wanted

    def tensors(self, rows: Sequence[Sequence[Any]]) -> Iterable[Tensor]:
        file, buffers, dtypes = self.file, self.buffers, names("TensorType")
        found = []
        for index, row in enumerate(rows):
            (
                shape,
                dtype,
                buffer,
                name,
                quantization,
                variable,
                sparsity,
                signature,
                has_rank,
                _,
                _,
            ) = row
            if buffer >= len(buffers) and buffer:
                raise Malformed(f"tensor {index} names buffer {buffer}, the file has {len(buffers)}")
            data = buffers[buffer] if buffer else None
            found.append(
                Tensor(
                    index,
                    file.string(name) or "",
                    dtypes[dtype],
                    file.integers(shape),
                    None if signature is None else file.integers(signature),
                    has_rank,
                    data is not None,
                    data,
                    buffer,
                    variable,
                    None if quantization is None else self.quantization(quantization),
                    None if sparsity is None else file.decode("SparsityParameters", sparsity),
                )
            )
        return found

    def quantization(self, position: int) -> Quantization:
        file = self.file
        minimum, maximum, scale, zero_point, details, fields, axis = file.row(
            kind("QuantizationParameters"), position
        )
        scales = file.numbers(scale, "f", 4)
        zero_points = file.numbers(zero_point, "q", 8)
        table = names("QuantizationDetails")[details] if details else None
        return Quantization(
            len(scales),
            len(zero_points),
            scales,
            zero_points,
            axis,
            file.numbers(minimum, "f", 4),
            file.numbers(maximum, "f", 4),
            table,
            file.decode(table, fields) if table and fields is not None else None,
        )

    def operators(self, rows: Sequence[Sequence[Any]], tensors: int) -> Iterable[Operator]:
        file, codes = self.file, self.codes
        found = []
        for index, row in enumerate(rows):
            code, inputs, outputs, _, _, custom, _, _, intermediates, offset, size, _, _, _ = row
            if code >= len(codes):
                raise Malformed(f"operator {index} names operator code {code}, the file has {len(codes)}")
            of = codes[code]
            table, options = self.options(of.name, row)
            found.append(
                Operator(
                    index,
                    of.name,
                    of.version,
                    self.indices(file.integers(inputs), tensors),
                    self.indices(file.integers(outputs), tensors),
                    options,
                    table,
                    of.custom,
                    self.buffer(custom, offset, size),
                    self.indices(file.integers(intermediates), tensors),
                )
            )
        return found

    def options(self, name: str, row: Sequence[Any]) -> tuple[str | None, dict[str, Any]]:
        """An operator's options from the table that the runtime looks at, all zeros if it is absent."""
        expected = schema.options_table(name)
        for union, slot in (("BuiltinOptions", 3), ("BuiltinOptions2", 11)):
            if row[slot + 1] is not None and names(union)[row[slot]] == expected:
                return expected, self.file.decode(expected, row[slot + 1])
        return None, schema.zeros(expected) if expected else {}

"""The flatbuffer's tables to a `Model`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from analyzer.model import schema
from analyzer.model.control_dependencies import Dependencies, control_dependencies
from analyzer.model.flatbuffer import OVER_BUDGET, Flatbuffer
from analyzer.model.graph import (
    OMITTED,
    ExternalBuffer,
    Model,
    Operator,
    OperatorCode,
    Quantization,
    Signature,
    Subgraph,
    Tensor,
)
from analyzer.model.vtable import Kind, Malformed, kind, names

Row = Sequence[Any]
#: The table that an operator's options come from, if there is one, and its fields.
Options = tuple[str | None, Mapping[str, Any]]

_CONTROL_DEPENDENCIES = "model_control_dependencies"
_ACTIVATION = "fused_activation_function"
_ACTIVATIONS = (None, *schema.members("ActivationFunctionType").values())


#: Characters of a name at most: less where there are so many operators that naming each would take more than
#: this in all, or a quarter of the file, which each delegate's part of an audit does over and over.
_LONGEST, _SHORTEST, _ALL_NAMES = 1000, 60, 1 << 20
#: How much a model may hold, far more than the largest known ones do. Rules are compiled for each code.
_MOST = {"operators": 500_000, "tensors": 1_500_000, "subgraphs": 10_000, "operator codes": 1_000}
#: Bytes of the file for each operator and tensor where there are more than a few: those that don't refer to
#: the same bytes over and over take more.
_LEAST_BYTES, _FEW = 24, 1000
_SPLIT = "cut it into several models"


_EMPTY = Quantization()


class Assembly:
    """Puts one file's tables together; the row of a table lists its values in the schema's slot order."""

    def __init__(self, file: Flatbuffer, identifier: str = "TFL3") -> None:
        self.file = file
        self.identifier = identifier
        self.remarks: list[str] = []
        self.buffers: list[memoryview | None] = []
        self.codes: list[OperatorCode] = []
        #: Characters of a name.
        self.longest = _LONGEST

    def root(self) -> Row:
        return self.file.row(kind("Model"), self.file.root())

    def model(self, path: str) -> Model:
        file = self.file
        version, codes, subgraphs, description, buffers, _, metadata, signatures, *external = self.root()
        self.buffers = [
            file.bytes(inside) if inside is not None else file.outside(offset, size) if offset > 1 else None
            for inside, offset, size in file.tables(kind("Buffer"), buffers)
        ]
        rows = self.subgraph_rows(subgraphs)
        if not rows:
            raise Malformed("has no subgraph")
        operators = self._counted(rows, codes)
        self.longest = max(_SHORTEST, min(_LONGEST, max(_ALL_NAMES, file.size // 4) // max(1, operators)))
        self.codes = [self.code(*row) for row in file.tables(kind("OperatorCode"), codes)]
        graphs = tuple(self.subgraph(index, row) for index, row in enumerate(rows))
        entries = self._metadata(metadata)
        return Model(
            path,
            file.size,
            version,
            file.string(description) or "",
            graphs,
            tuple(self.codes),
            self._signatures(signatures, graphs),
            entries,
            self._control_dependencies(entries, len(graphs)),
            self._external_buffers(*external),
            self.identifier,
            tuple(self.remarks),
        )

    def code(self, deprecated: int, custom: int | None, version: int, builtin: int) -> OperatorCode:
        # The one-byte field of old files; new operators leave 127 there.
        name = names("BuiltinOperator")[max(deprecated, builtin)]
        code = self.file.string(custom)
        return OperatorCode(name, version, None if code is None else _cut(code, self.longest))

    def subgraph_rows(self, position: int | None) -> Sequence[Row]:
        return self.file.tables(kind("SubGraph"), position)

    def _counted(self, subgraphs: Sequence[Row], codes: int | None) -> int:
        """How many operators there are. Raises: Malformed where there is more than can be audited."""
        tensors = operators = 0
        for row in subgraphs:
            tensors += 0 if row[0] is None else self.file.length(row[0], 4)
            operators += 0 if row[3] is None else self.file.length(row[3], 4)
        counts = operators, tensors, len(subgraphs), 0 if codes is None else self.file.length(codes, 4)
        if max(counts) <= _FEW:
            return operators
        for what, count in zip(_MOST, counts, strict=True):
            if count > _MOST[what]:
                raise Malformed(f"has {count:,} {what}, more than the {_MOST[what]:,} that are read", _SPLIT)
            if count > _FEW and count * _LEAST_BYTES > self.file.size:
                raise Malformed(OVER_BUDGET)
        return operators

    def subgraph(self, index: int, row: Row) -> Subgraph:
        file, longest = self.file, self.longest
        tensors, inputs, outputs, operators, name, _ = row
        made = self._tensors(self.tensor_rows(tensors), longest)
        count = len(made)
        return Subgraph(
            index,
            _cut(file.string(name) or "", longest),
            made,
            self._operators(file.tables(kind("Operator"), operators), count),
            tuple(_indices(file.integers(inputs), count)),
            tuple(_indices(file.integers(outputs), count)),
        )

    def tensor_rows(self, position: int | None) -> Sequence[Row]:
        return self.file.tables(kind("Tensor"), position)

    def _tensors(self, rows: Sequence[Row], longest: int) -> tuple[Tensor, ...]:
        file, buffers, dtypes = self.file, self.buffers, names("TensorType")
        made: list[Tensor] = []
        # Most tables of quantization are empty.
        empty = kind("QuantizationParameters").defaults
        stated = iter(self._quantized([row[4] for row in rows if row[4] is not None]))
        for row in rows:
            shape, dtype, buffer, name, quantized, variable, sparse, signature, ranked, variants, external = (
                row
            )
            if buffer and buffer >= len(buffers):
                raise Malformed(f"tensor {len(made)} names buffer {buffer}, the file has {len(buffers)}")
            data = buffers[buffer] if buffer else None
            called = "" if name is None else file.string(name) or ""
            made.append(
                Tensor(
                    len(made),
                    called if len(called) <= longest else _cut(called, longest),
                    dtypes[dtype],
                    file.integers(shape),
                    None if signature is None else file.integers(signature),
                    ranked,
                    data is not None,
                    data,
                    buffer,
                    variable,
                    None
                    if quantized is None
                    else _EMPTY
                    if (fields := next(stated)) is empty
                    else self._quantization(fields),
                    None if sparse is None else file.decode("SparsityParameters", sparse),
                    () if variants is None else file.decode_all("VariantSubType", variants),
                    external,
                )
            )
        return tuple(made)

    def _quantized(self, positions: Sequence[int]) -> Iterable[Row]:
        """The tables of quantization; where not all are sound each is read when it is come to."""
        file, of = self.file, kind("QuantizationParameters")
        budget = file.budget
        try:
            return file.rows(of, positions)
        except Malformed:
            file.budget = budget
        return (file.row(of, position) for position in positions)

    def _quantization(self, row: Row) -> Quantization:
        file = self.file
        minimum, maximum, scale, zero_point, details, fields, axis = row
        scales = () if scale is None else file.numbers(scale, "f", 4)
        zero_points = () if zero_point is None else file.numbers(zero_point, "q", 8)
        table = names("QuantizationDetails")[details] if details and fields is not None else None
        return Quantization(
            len(scales),
            len(zero_points),
            scales,
            zero_points,
            axis,
            () if minimum is None else file.numbers(minimum, "f", 4),
            () if maximum is None else file.numbers(maximum, "f", 4),
            table,
            file.member(table, fields) if table else None,
        )

    def _operators(self, rows: Iterable[Row], tensors: int) -> tuple[Operator, ...]:
        file, codes = self.file, [(code, *_without_options(code.name)) for code in self.codes]
        made: list[Operator] = []
        wanted: list[int] = []
        try:
            for row in rows:
                code, inputs, outputs, type, first, own, _, mutating, more, at, size, type2, second, _ = row
                if mutating is not None:
                    file.bytes(mutating)  # no part of the graph, but it has to be sound
                if code >= len(codes):
                    raise Malformed(
                        f"operator {len(made)} names operator code {code}, the file has {len(codes)}"
                    )
                of, expected, options = codes[code]
                if first is not None:
                    options = self._stated("BuiltinOptions", type, first, expected) or options
                if second is not None:
                    options = self._stated("BuiltinOptions2", type2, second, expected) or options
                wanted += (read := file.integers(inputs))
                wanted += (written := file.integers(outputs))
                wanted += (inner := () if more is None else file.integers(more))
                made.append(
                    Operator(
                        len(made),
                        of.name,
                        of.version,
                        read,
                        written,
                        options[1],
                        options[0],
                        of.custom,
                        None if own is None and at <= 1 else self._custom_options(own, at, size),
                        inner,
                    )
                )
        finally:
            # Of several faults the first one is told.
            _indices(wanted, tensors)
        return tuple(made)

    def _stated(self, union: str, type: int, position: int, expected: str | None) -> Options | None:
        """The options in a union; None where the runtime looks for another table."""
        table, of = _member(union, type)
        if of is None:
            self.file.outside(position, 1)
            return None
        fields = self.file.decode_as(of, position)
        if table != expected:
            return None
        if fields.get(_ACTIVATION) in _ACTIVATIONS:
            return table, fields
        # Source: tflite/core/api/flatbuffer_conversions.cc::ConvertActivation
        return table, {**fields, _ACTIVATION: "NONE"}

    def _custom_options(self, inside: int | None, offset: int, size: int) -> memoryview | None:
        if inside is not None:
            return self.file.options(inside)
        # In files beyond 2 GB, behind the flatbuffer.
        return self.file.outside(offset, size) if offset > 1 else None

    def _metadata(self, position: int | None) -> dict[str, memoryview]:
        """Entries that lack a name or data are passed over, as by the runtime."""
        entries = {}
        for name, buffer in self.file.tables(kind("Metadata"), position):
            key = self.file.string(name)
            data = self.buffers[buffer] if buffer < len(self.buffers) else None
            if key is not None and data is not None:
                entries[key] = data
        return entries

    def _control_dependencies(
        self, metadata: Mapping[str, memoryview], subgraphs: int
    ) -> Dependencies | None:
        if _CONTROL_DEPENDENCIES not in metadata:
            return None
        edges = control_dependencies(metadata[_CONTROL_DEPENDENCIES], subgraphs)
        if edges is None:
            self.remarks.append("its control dependencies are damaged; the runtime ignores them")
        return edges

    def _signatures(self, position: int | None, graphs: Sequence[Subgraph]) -> tuple[Signature, ...]:
        made = []
        for inputs, outputs, key, _, subgraph in self.file.tables(kind("SignatureDef"), position):
            signature = Signature(
                self.file.string(key) or "", subgraph, self._tensor_map(inputs), self._tensor_map(outputs)
            )
            lacks = _lacks(signature, graphs)
            if lacks:
                self.remarks.append(f"signature {signature.key!r} is for {lacks}")
            else:
                made.append(signature)
        return tuple(made)

    def _external_buffers(self, groups: int | None, position: int | None) -> tuple[ExternalBuffer, ...]:
        if position is None:
            return ()
        file = self.file
        files = [file.string(name) or "" for (name,) in file.tables(kind("ExternalBufferGroup"), groups)]
        return tuple(
            ExternalBuffer(
                id, files[group] if group < len(files) else "", offset, length, file.string(packing) or ""
            )
            for id, group, offset, length, packing in file.tables(kind("ExternalBuffer"), position)
        )

    def _tensor_map(self, position: int | None) -> dict[str, int]:
        rows = self.file.tables(kind("TensorMap"), position)
        return {self.file.string(name) or "": index for name, index in rows}


@cache
def _member(union: str, type: int) -> tuple[str, Kind | None]:
    """A union's table; no kind where the union is of a type that the schema doesn't know."""
    table = names(union)[type]
    return table, kind(table) if schema.is_table(table) else None


@cache
def _without_options(name: str) -> tuple[str | None, Options]:
    """The options table that an operator should have, and what it has without one."""
    expected = schema.options_table(name)
    return expected, (None, schema.zeros(expected) if expected else {})


def _lacks(signature: Signature, graphs: Sequence[Subgraph]) -> str:
    """The tensors that a signature names and that there aren't, in words."""
    if signature.subgraph >= len(graphs):
        return f"subgraph {signature.subgraph}, which the model lacks"
    last = max((*signature.inputs.values(), *signature.outputs.values()), default=-1)
    if last >= len(graphs[signature.subgraph].tensors):
        return f"tensor {last}, which subgraph {signature.subgraph} lacks"
    return ""


def _indices(wanted: Sequence[int], count: int) -> Sequence[int]:
    """Indices of tensors. Raises: Malformed where there is no such tensor."""
    if wanted and not (min(wanted) >= OMITTED and max(wanted) < count):
        tensor = next(tensor for tensor in wanted if not OMITTED <= tensor < count)
        raise Malformed(f"tensor {tensor} is wanted, the subgraph has {count} tensors")
    return wanted


def _cut(name: str, longest: int) -> str:
    """A name, without the end of one that nobody could read, and with a mark there."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"

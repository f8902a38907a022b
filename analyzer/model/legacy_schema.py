"""Models without the identifier TFL3: of schema versions 0 to 2, before there was one, or stripped of it.

Version 0 has no subgraphs; up to version 1 operators are numbered otherwise; up to version 2 tensors
hold their data themselves. Options and all else lie where they lie today.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analyzer.model import schema
from analyzer.model.flatbuffer import Flatbuffer
from analyzer.model.graph import OperatorCode
from analyzer.model.parse import Assembly, Row
from analyzer.model.vtable import Malformed, kind

_NEWEST = 3

_VERSION, _BUFFERS = 0, 4


def assembly(file: Flatbuffer) -> Assembly:
    """The assembly that puts such a file together."""
    root = file.row(kind("Model"), file.root())
    version = root[_VERSION]
    if version > _NEWEST:
        # A version 0 model starts with its tensors where later ones have their version.
        reader: Assembly = Older(file, 0)
    elif version == _NEWEST or root[_BUFFERS] is not None:
        reader = Assembly(file, "")
    else:
        reader = Older(file, version or 1)
    reader.remarks.append("it lacks the identifier TFL3, without which the runtime refuses it")
    return reader


class Older(Assembly):
    """Puts a file of schema version 0, 1 or 2 together."""

    def __init__(self, file: Flatbuffer, version: int) -> None:
        super().__init__(file, "")
        self.version = version
        self.graph: Row = ()

    def root(self) -> Row:
        if self.version:
            return [self.version, *super().root()[1:]]
        tensors, inputs, outputs, codes, operators = self.file.row(kind("Model@0"), self.file.root())
        if tensors is None or operators is None:
            raise Malformed("it has no tensors or no operators")
        self.graph = [tensors, inputs, outputs, operators, None, -1]
        return [0, codes, *[None] * 8]

    def subgraph_rows(self, position: int | None) -> Sequence[Row]:
        return [self.graph] if self.version == 0 else super().subgraph_rows(position)

    def code(self, deprecated: int, custom: int | None, version: int, builtin: int) -> OperatorCode:
        if self.version < 2:
            name = schema.members("BuiltinOperator@1").get(deprecated, f"BuiltinOperator@1:{deprecated}")
            return OperatorCode(name, 1, self.file.string(custom))
        return super().code(deprecated, custom, version, builtin)

    def tensor_rows(self, position: int | None) -> Sequence[Row]:
        """Today's rows: the data of each tensor that has any becomes a buffer of its own."""
        if not self.buffers:
            self.buffers.append(None)
        return [self._today(*row) for row in self.file.tables(kind("Tensor@2"), position)]

    def _today(self, shape: Any, dtype: int, data: int | None, name: Any, quantization: Any) -> Row:
        view = self.file.bytes(data) if data is not None else None
        buffer = len(self.buffers) if view else 0
        if view:
            self.buffers.append(view)
        return [shape, dtype, buffer, name, quantization, False, None, None, False, None, 0]

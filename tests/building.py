"""Builds models for tests, from what the schema says.

`build` turns nested dictionaries with the schema's own field names into bytes. The other functions
describe a model in the terms a test thinks in:

    model(
        [tensor("x", [1, 8, 8, 3]), tensor("w", [4, 3, 3, 3], data=bytes(432)), tensor("y", [1, 8, 8, 4])],
        [operator("CONV_2D", ["x", "w"], ["y"], {"stride_w": 1, "stride_h": 1})],
    )
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from analyzer.model import schema
from analyzer.model.write import build as build

Description = dict[str, Any]


def model(
    tensors: Sequence[Description] = (),
    operators: Sequence[Description] = (),
    *,
    inputs: Sequence[str | int] | None = None,
    outputs: Sequence[str | int] | None = None,
    subgraphs: Sequence[Description] = (),
    metadata: Mapping[str, bytes] = {},
    **fields: Any,
) -> bytes:
    """A model of one subgraph, or of several `subgraphs`; `fields` go into the schema's Model as they are."""
    graphs = list(subgraphs) or [subgraph(tensors, operators, inputs=inputs, outputs=outputs)]
    buffers: list[Description] = [{}]
    codes: list[Description] = []
    written = [_subgraph(graph, buffers, codes) for graph in graphs]
    entries = []
    for name, data in metadata.items():
        entries.append({"name": name, "buffer": len(buffers)})
        buffers.append({"data": data})
    whole = {
        "version": 3,
        "operator_codes": codes,
        "subgraphs": written,
        "buffers": buffers,
        "metadata": entries,
    }
    return build(whole | fields)


def subgraph(
    tensors: Sequence[Description],
    operators: Sequence[Description],
    *,
    inputs: Sequence[str | int] | None = None,
    outputs: Sequence[str | int] | None = None,
    name: str = "main",
) -> Description:
    """By default what nobody writes comes in, constants apart, and what nobody reads goes out."""
    if inputs is None:
        made = {output for operator in operators for output in operator["outputs"]}
        inputs = [
            t["name"]
            for t in tensors
            if t["name"] not in made and "data" not in t and not t.get("is_variable")
        ]
    if outputs is None:
        used = {operand for operator in operators for operand in operator["inputs"]}
        outputs = [o for operator in operators for o in operator["outputs"] if o not in used]
    return {"tensors": tensors, "operators": operators, "inputs": inputs, "outputs": outputs, "name": name}


def tensor(
    name: str,
    shape: Sequence[int] = (),
    type: str = "FLOAT32",
    *,
    data: bytes | None = None,
    scale: Sequence[float] = (),
    zero_point: Sequence[int] | None = None,
    axis: int = 0,
    **fields: Any,
) -> Description:
    """A tensor, constant where it has `data`; `fields` are the schema's own, such as `is_variable`."""
    made: Description = {"name": name, "shape": shape, "type": type} | fields
    if data is not None:
        made["data"] = data
    if scale:
        points = [0] * len(scale) if zero_point is None else zero_point
        made["quantization"] = {"scale": scale, "zero_point": points, "quantized_dimension": axis}
    return made


def operator(
    name: str,
    inputs: Sequence[str | int],
    outputs: Sequence[str | int],
    options: Mapping[str, Any] | None = {},
    *,
    version: int = 1,
    **fields: Any,
) -> Description:
    """An operator on tensors given by name or index (-1: left out).

    A `name` that the schema doesn't have is a custom operator's. `options` is written to the table that
    the operator uses; None leaves the table out.
    """
    return {
        "name": name,
        "version": version,
        "inputs": inputs,
        "outputs": outputs,
        "options": options,
    } | fields


def chain(*names: str, shape: Sequence[int] = (1, 8)) -> bytes:
    """A model of operators with one float32 input each, one after the other: `t0`, `t1` and so on."""
    tensors = [tensor(f"t{i}", shape) for i in range(len(names) + 1)]
    operators = [operator(name, [f"t{i}"], [f"t{i + 1}"]) for i, name in enumerate(names)]
    return model(tensors, operators, inputs=["t0"], outputs=[f"t{len(names)}"])


def named_chain(tensors: Iterable[str]) -> bytes:
    """Operators one after the other, between tensors of these names."""
    names = list(tensors)
    operators = [operator("NEG", [before], [after]) for before, after in pairwise(names)]
    return model([tensor(name, [1, 8]) for name in names], operators, inputs=[names[0]])


def _subgraph(graph: Description, buffers: list[Description], codes: list[Description]) -> Description:
    place = {tensor["name"]: index for index, tensor in enumerate(graph["tensors"])}

    def indices(operands: Iterable[str | int]) -> list[int]:
        return [place[operand] if isinstance(operand, str) else operand for operand in operands]

    return graph | {
        "tensors": [_tensor(tensor, buffers) for tensor in graph["tensors"]],
        "operators": [
            _operator(operator, codes)
            | {"inputs": indices(operator["inputs"]), "outputs": indices(operator["outputs"])}
            for operator in graph["operators"]
        ],
        "inputs": indices(graph["inputs"]),
        "outputs": indices(graph["outputs"]),
    }


def _tensor(tensor: Description, buffers: list[Description]) -> Description:
    written = dict(tensor)
    if "data" in written:
        written["buffer"] = len(buffers)
        buffers.append({"data": written.pop("data")})
    return written


def _operator(operator: Description, codes: list[Description]) -> Description:
    written = dict(operator)
    code = _code(written.pop("name"), written.pop("version"))
    if code not in codes:
        codes.append(code)
    options, table = written.pop("options"), schema.options_table(code["builtin_code"])
    if options is not None and table:
        second = table in schema.members("BuiltinOptions2").values()
        field = "builtin_options_2" if second else "builtin_options"
        written |= {f"{field}_type": table, field: options}
    return written | {"opcode_index": codes.index(code)}


def _code(name: str, version: int) -> Description:
    numbers = {member: number for number, member in schema.members("BuiltinOperator").items()}
    custom = {} if name in numbers else {"custom_code": name}
    builtin = "CUSTOM" if custom else name
    return {
        "builtin_code": builtin,
        "deprecated_builtin_code": min(numbers[builtin], 127),
        "version": version,
    } | custom

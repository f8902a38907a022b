"""Operators, tensors and entry points of a prepared model -> what is shown of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analyzer.expressions.vocabulary import size_bytes
from analyzer.model import flexbuffer, graph
from analyzer.model.graph import OMITTED, Prepared
from analyzer.report.document import contents
from analyzer.rules.catalogue import Catalogue, Entry

#: Texts, bytes and lists in options are shown up to this length.
_LONGEST = 128

#: (subgraph, operator) -> its multiply-accumulates.
Macs = Mapping[tuple[int, int], int | None]


def graphs(prepared: Prepared, catalogue: Catalogue, macs: Macs) -> tuple[contents.Graph, ...]:
    """Every operator with its operands, and every tensor."""
    return tuple(
        contents.Graph(
            subgraph=subgraph.index,
            operators=tuple(
                _operator(operator, macs.get((subgraph.index, operator.index)), catalogue)
                for operator in subgraph.operators
            ),
            tensors=tuple(map(tensor, subgraph.tensors)),
        )
        for subgraph in prepared.subgraphs
    )


def signatures(prepared: Prepared) -> tuple[contents.Signature, ...]:
    """Every entry point with its inputs and outputs."""
    subgraphs = prepared.subgraphs
    named = prepared.model.signatures
    if not named and subgraphs:
        first = subgraphs[0]
        return (_signature("", first, _by_name(first, first.inputs), _by_name(first, first.outputs)),)
    return tuple(
        _signature(signature.key, subgraphs[signature.subgraph], signature.inputs, signature.outputs)
        for signature in named
    )


def _by_name(subgraph: graph.Subgraph, indices: Sequence[int]) -> Mapping[str, int]:
    """Tensor indices by the tensors' names, which need not differ."""
    by_name: dict[str, int] = {}
    for index in indices:
        if index != OMITTED:
            name = subgraph.tensors[index].name
            by_name[name if name not in by_name else f"{name}:{index}"] = index
    return by_name


def _signature(
    key: str, subgraph: graph.Subgraph, inputs: Mapping[str, int], outputs: Mapping[str, int]
) -> contents.Signature:
    def ports(places: Mapping[str, int]) -> tuple[contents.Port, ...]:
        return tuple(
            contents.Port(name=name, tensor=tensor(subgraph.tensors[index])) for name, index in places.items()
        )

    return contents.Signature(key=key, subgraph=subgraph.index, inputs=ports(inputs), outputs=ports(outputs))


def tensor(tensor: graph.Tensor) -> contents.Tensor:
    """A tensor as it is shown."""
    signature = tensor.shape_signature or ()
    is_open = [size == -1 for size in signature] if len(signature) == len(tensor.shape) else []
    return contents.Tensor(
        index=tensor.index,
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tuple(None if any(is_open[i : i + 1]) else size for i, size in enumerate(tensor.shape)),
        bytes=size_bytes(tensor),
        constant=tensor.constant,
        variable=tensor.variable,
        sparse=tensor.sparsity is not None,
        dynamic=tensor.dynamic,
        quantization=_quantization(tensor.quantization),
    )


def _quantization(quantization: graph.Quantization | None) -> contents.Quantization | None:
    if quantization is None or not (quantization.scale_count or quantization.details):
        return None
    single = quantization.scale_count == 1
    return contents.Quantization(
        scales=quantization.scale_count,
        scale=quantization.scale_data[0] if single else None,
        zero_point=quantization.zero_point_data[0] if single and quantization.zero_point_count == 1 else None,
        axis=quantization.axis if quantization.scale_count > 1 else None,
        details=quantization.details,
    )


def _operator(operator: graph.Operator, macs: int | None, catalogue: Catalogue) -> contents.Operator:
    key = operator.key
    entry = catalogue.entries.get(key) or catalogue.entries.get(operator.name, Entry())
    options = flexbuffer.decode(operator) if operator.custom is not None else operator.options
    if options is None and operator.custom_options is not None:
        options = {"bytes": bytes(operator.custom_options)}
    return contents.Operator(
        index=operator.index,
        op=operator.name,
        custom=operator.custom,
        version=operator.version,
        macs=macs,
        inputs=_operands(operator.inputs, entry.inputs),
        outputs=_operands(operator.outputs, entry.outputs),
        options={name: _plain(value) for name, value in (options or {}).items()},
    )


def _operands(indices: Sequence[int], names: Sequence[str]) -> tuple[contents.Operand, ...]:
    return tuple(
        contents.Operand(name=_operand_name(names, position), tensor=None if index == OMITTED else index)
        for position, index in enumerate(indices)
    )


def _operand_name(names: Sequence[str], position: int) -> str:
    if position < len(names) and not names[position].endswith("*"):
        return names[position].rstrip("?")
    many = names[-1].rstrip("*") if names and names[-1].endswith("*") else "operand"
    return f"{many}[{position - len(names) + 1 if many != 'operand' else position}]"


def _plain(value: Any) -> Any:
    """An option's value as JSON has it: bytes as hexadecimal digits, what is long cut off."""
    if isinstance(value, bytes | memoryview):
        return _cut(bytes(value[:_LONGEST]).hex(), len(value) > _LONGEST)
    if isinstance(value, str):
        return _cut(value[:_LONGEST], len(value) > _LONGEST)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_plain, value[:_LONGEST]), *(["..."] if len(value) > _LONGEST else [])]
    return value


def _cut(text: str, cut: bool) -> str:
    return f"{text}..." if cut else text

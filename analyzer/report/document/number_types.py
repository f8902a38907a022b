"""Number types of a model: operators on floats and on integers, and the bytes of its constants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzer.expressions.vocabulary import elements
from analyzer.model.graph import OMITTED, Operator, Subgraph, Tensor
from analyzer.report.document import contents, inspection

_FLOATS = frozenset({"FLOAT32", "FLOAT16", "BFLOAT16", "FLOAT64"})
#: They only lead from one kind of numbers to the other.
_BRIDGES = frozenset({"QUANTIZE", "DEQUANTIZE", "FAKE_QUANT"})


def numbers(subgraphs: Sequence[Subgraph]) -> inspection.Numbers:
    """Counts of operators and tensors by the type of their numbers."""
    tensors = [tensor for subgraph in subgraphs for tensor in subgraph.tensors]
    scales = [
        tensor.quantization for tensor in tensors if tensor.quantization and tensor.quantization.scale_count
    ]
    blockwise = [
        quantization
        for quantization in (tensor.quantization for tensor in tensors)
        if quantization is not None and quantization.details == "BlockwiseQuantization"
    ]
    computing = Counter(kind for subgraph in subgraphs for kind in _computing(subgraph))
    return inspection.Numbers(
        kind=_kind(tensors, computing),
        integer_operators=computing["integer"],
        float_operators=computing["float"],
        activations=_by_type(tensor for tensor in tensors if not tensor.constant),
        constants=_by_type(tensor for tensor in tensors if tensor.constant),
        per_tensor=sum(quantization.scale_count == 1 for quantization in scales),
        per_channel=sum(quantization.scale_count > 1 for quantization in scales),
        blockwise=len(blockwise),
    )


def _by_type(tensors: Iterable[Tensor]) -> Mapping[str, int]:
    return dict(Counter(tensor.dtype for tensor in tensors).most_common())


def _computing(subgraph: Subgraph) -> Iterator[str]:
    """`integer` or `float` for each operator that computes on such numbers."""
    for operator in subgraph.operators:
        if operator.name not in _BRIDGES:
            read = [tensor for tensor in _operands(subgraph, operator) if not tensor.constant]
            if any(_integer(tensor) for tensor in read):
                yield "integer"
            elif any(tensor.dtype in _FLOATS for tensor in read):
                yield "float"


def _operands(subgraph: Subgraph, operator: Operator) -> Iterator[Tensor]:
    for index in (*operator.inputs, *operator.outputs):
        if index != OMITTED:
            yield subgraph.tensors[index]


def _integer(tensor: Tensor) -> bool:
    """True for a tensor of integers that stand for real numbers."""
    quantization = tensor.quantization
    scaled = quantization is not None and (quantization.scale_count > 0 or quantization.details is not None)
    return scaled and tensor.dtype not in _FLOATS


def _kind(tensors: Sequence[Tensor], computing: Mapping[str, int]) -> str:
    if computing["integer"]:
        return "mixed" if computing["float"] else "full-integer"
    constants = [tensor for tensor in tensors if tensor.constant]
    if any(_integer(tensor) for tensor in constants):
        return "dynamic-range"
    if any(tensor.dtype == "FLOAT16" for tensor in constants):
        return "float16-weights"
    return "float32" if computing["float"] else "none"


def sizes(subgraphs: Sequence[Subgraph], largest: contents.Tensor | None) -> inspection.Sizes:
    """Bytes of a model's constants by type; a buffer that several tensors share counts once."""
    seen: set[tuple[int, int]] = set()
    by_type: Counter[str] = Counter()
    parameters = 0
    for tensor in constants(subgraphs, seen):
        by_type[tensor.dtype] += len(tensor.data or b"")
        if tensor.dtype in _FLOATS or _integer(tensor):
            parameters += elements(tensor.shape)
    return inspection.Sizes(
        constants=sum(by_type.values()),
        parameters=parameters,
        constants_by_type=dict(by_type.most_common()),
        largest_activation=largest,
    )


def constants(subgraphs: Iterable[Subgraph], seen: set[tuple[int, int]]) -> Iterator[Tensor]:
    """Constants whose buffers aren't among those seen, which they join."""
    for subgraph in subgraphs:
        yield from unseen(subgraph.tensors, seen)


def unseen(tensors: Iterable[Tensor], seen: set[tuple[int, int]]) -> Iterator[Tensor]:
    """The constants among tensors whose buffers aren't among those seen, which they join."""
    for tensor in tensors:
        buffer = (tensor.buffer, len(tensor.data or b""))
        if tensor.constant and buffer not in seen:
            seen.add(buffer)
            yield tensor

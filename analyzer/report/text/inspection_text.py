"""An inspection as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzer.report.document.contents import Graph, Operator, Port, Signature, Tensor
from analyzer.report.document.inspection import Inspection, Kind, Numbers
from analyzer.report.wording import figures, labels
from analyzer.report.wording.hostile_text import after, columns, fill, plain, shorten

#: How many columns names of facts take.
_INDENT = 13
_NAME = 32


def render(inspection: Inspection, width: int) -> str:
    """The inspection as text; operators and tensors too, where it lists them."""
    blocks = [_head(inspection, width), _facts(inspection, width)]
    blocks += [_signature(signature, width) for signature in inspection.signatures]
    blocks += [_kinds(inspection)] if inspection.kinds else []
    blocks += [_subgraphs(inspection, width)]
    for graph in inspection.graphs:
        tensors = {tensor.index: tensor for tensor in graph.tensors}
        blocks += [_operators(graph, tensors, width), _tensors(graph, width)]
    return "\n\n".join(block for block in blocks if block)


def _head(inspection: Inspection, width: int) -> str:
    macs = [f"{figures.macs(inspection.macs)} MACs"] if inspection.macs else []
    about = ", ".join(
        [figures.count(inspection.operators, "operator"), *macs, figures.size(inspection.bytes)]
    )
    path = shorten(plain(inspection.path), width)
    return path + after(path, about, width)


def _facts(inspection: Inspection, width: int) -> str:
    sizes, numbers = inspection.sizes, inspection.numbers
    facts = [
        ("numbers", _numbers(numbers)),
        ("quantized", _listed(_scales(numbers))),
        ("constants", _constants(inspection)),
        ("activations", _types(numbers.activations)),
        ("largest", "" if sizes.largest_activation is None else _tensor(sizes.largest_activation)),
        ("also", _listed(_also(inspection))),
        ("file", _file(inspection)),
        ("description", plain(inspection.description)),
        (
            "metadata",
            _listed(f"{plain(entry.name)} {figures.size(entry.bytes)}" for entry in inspection.metadata),
        ),
        (
            "external",
            _listed(
                f"{plain(entry.name)} {figures.size(entry.bytes)}" for entry in inspection.external_buffers
            ),
        ),
        *(("remark", plain(remark)) for remark in inspection.remarks),
    ]
    return "\n".join(_fact(word, text, width) for word, text in facts if text)


def _fact(word: str, text: str, width: int) -> str:
    start = f"{word:<{_INDENT}}{text}"
    return fill(start, width, subsequent_indent=" " * _INDENT)


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _numbers(numbers: Numbers) -> str:
    integers = figures.count(numbers.integer_operators, "operator")
    floats = figures.count(numbers.float_operators, "operator")
    return {
        "float32": "floats throughout",
        "float16-weights": "float16 weights, computed on as floats",
        "dynamic-range": "dynamic range: integer weights, floats in between",
        "full-integer": f"full integer: {integers} on scaled integers, none on floats",
        "mixed": f"mixed: {integers} on scaled integers, {floats} on floats",
        "none": "neither floats nor scaled integers",
    }[numbers.kind]


def _scales(numbers: Numbers) -> Iterator[str]:
    words = (
        ("per tensor", numbers.per_tensor),
        ("per channel", numbers.per_channel),
        ("in blocks", numbers.blockwise),
    )
    for word, count in words:
        if count:
            yield f"{figures.count(count, 'tensor')} {word}"


def _constants(inspection: Inspection) -> str:
    sizes = inspection.sizes
    by_type = _listed(f"{dtype} {figures.size(size)}" for dtype, size in sizes.constants_by_type.items())
    parameters = figures.macs(sizes.parameters) or "0"
    return f"{figures.size(sizes.constants)}, {parameters} parameters" + (f": {by_type}" if by_type else "")


def _types(counts: Mapping[str, int]) -> str:
    return _listed(f"{count:,} {dtype}" for dtype, count in counts.items())


def _also(inspection: Inspection) -> Iterator[str]:
    if inspection.variables:
        yield figures.count(inspection.variables, "variable")
    if inspection.sparse:
        yield figures.count(inspection.sparse, "sparse tensor")


def _file(inspection: Inspection) -> str:
    runtime = (
        f", for runtime {plain(inspection.min_runtime_version)} or newer"
        if inspection.min_runtime_version
        else ""
    )
    identifier = "" if inspection.identifier else ", without the identifier TFL3"
    return f"schema version {inspection.schema_version}{runtime}{identifier}"


def _signature(signature: Signature, width: int) -> str:
    title = labels.signature(signature)
    where = f" (subgraph {signature.subgraph})" if signature.subgraph else ""
    name = min(
        _NAME, max((len(plain(port.name)) for port in (*signature.inputs, *signature.outputs)), default=0)
    )
    lines = [_port("in ", port, name, width) for port in signature.inputs]
    lines += [_port("out", port, name, width) for port in signature.outputs]
    return "\n".join([f"{title}{where}", *lines])


def _port(word: str, port: Port, name: int, width: int) -> str:
    tensor = port.tensor
    shown = shorten(plain(port.name), name)
    text = f"  {word}  {shown:<{name}}  {_shape(tensor)}  {tensor.dtype}{_quantized(tensor)}"
    return fill(text, width, subsequent_indent=" " * (name + 9))


def _shape(tensor: Tensor) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in tensor.shape)}]"


def _quantized(tensor: Tensor) -> str:
    quantization = tensor.quantization
    if quantization is None:
        return ""
    if quantization.scale is not None:
        zero = "" if quantization.zero_point is None else f", zero point {quantization.zero_point}"
        return f"  scale {quantization.scale:.6g}{zero}"
    if quantization.axis is not None:
        return f"  {quantization.scales} scales along dimension {quantization.axis}"
    return f"  {quantization.details}" if quantization.details else ""


def _tensor(tensor: Tensor) -> str:
    size = "" if tensor.bytes is None else f"  {figures.size(tensor.bytes)}"
    marks = [word for word, holds in _marks(tensor) if holds]
    said = f"  {', '.join(marks)}" if marks else ""
    name = plain(tensor.name) or "(no name)"
    return f"{name}  {_shape(tensor)}  {tensor.dtype}{size}{_quantized(tensor)}{said}"


def _marks(tensor: Tensor) -> Iterator[tuple[str, bool]]:
    yield "constant", tensor.constant
    yield "variable", tensor.variable
    yield "sparse", tensor.sparse
    yield "size known at run time only", tensor.dynamic


def _kinds(inspection: Inspection) -> str:
    headers = ["operator", "count", "versions", "MACs", "", "constants"]
    rows = [headers, *(_kind(kind, inspection.macs or 0) for kind in inspection.kinds)]
    sides = ["left", "right", "left", "right", "right", "right"]
    return columns(rows, sides)


def _kind(kind: Kind, macs: int) -> list[str]:
    share = figures.percent((kind.macs or 0) / macs) if macs and kind.macs else ""
    name = shorten(plain(kind.custom or kind.op), _NAME)
    known = "unknown" if kind.macs is None else figures.macs(kind.macs)
    versions = ", ".join(map(str, kind.versions))
    return [
        name,
        f"{kind.count:,}",
        versions,
        known,
        share,
        figures.size(kind.weights) if kind.weights else "",
    ]


def _subgraphs(inspection: Inspection, width: int) -> str:
    several = len(inspection.subgraphs) > 1
    lines = ["Subgraphs"] if several else []
    for subgraph in inspection.subgraphs:
        if several:
            operators = figures.count(subgraph.operators, "operator")
            counts = f"{operators}, {figures.count(subgraph.tensors, 'tensor')}"
            lines.append(f"  {subgraph.index}  {shorten(plain(subgraph.name), width - 40)}  {counts}")
        if subgraph.stops is not None:
            indent = "     " if several else ""
            lines.append(fill(plain(subgraph.stops), width, initial_indent=indent, subsequent_indent=indent))
    return "\n".join(lines)


def _operators(graph: Graph, tensors: Mapping[int, Tensor], width: int) -> str:
    title = f"Operators of subgraph {graph.subgraph}"
    return "\n".join([title, *(_operator(operator, tensors, width) for operator in graph.operators)])


def _operator(operator: Operator, tensors: Mapping[int, Tensor], width: int) -> str:
    macs = f"  {figures.macs(operator.macs)} MACs" if operator.macs else ""
    lines = [f"#{operator.index}  {plain(operator.custom or operator.op)} version {operator.version}{macs}"]
    for operand in operator.inputs:
        lines.append(_item("<", operand.name, _reference(operand.tensor, tensors), width))
    for operand in operator.outputs:
        lines.append(_item(">", operand.name, _reference(operand.tensor, tensors), width))
    options = _listed(f"{plain(name)} {plain(_value(value))}" for name, value in operator.options.items())
    lines += [_item(" ", "options", options, width)] if options else []
    return "\n".join(lines)


def _item(sign: str, word: str, text: str, width: int) -> str:
    return fill(f"    {sign} {word}  {text}", width, subsequent_indent=" " * 8)


def _reference(index: int | None, tensors: Mapping[int, Tensor]) -> str:
    if index is None:
        return "left out"
    tensor = tensors[index]
    kind = "  constant" if tensor.constant else ""
    return f"{index}: {plain(tensor.name)}  {_shape(tensor)}  {tensor.dtype}{kind}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _tensors(graph: Graph, width: int) -> str:
    lines = [f"Tensors of subgraph {graph.subgraph}"]
    for tensor in graph.tensors:
        text = f"{tensor.index:>4}  {_tensor(tensor)}"
        lines.append(fill(text, width, subsequent_indent=" " * 8))
    return "\n".join(lines)

"""An inspection as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analyzer.report.document.contents import Graph, Operator, Port, Signature, Tensor
from analyzer.report.document.inspection import Inspection, Kind, Numbers
from analyzer.report.wording import figures
from analyzer.report.wording.hostile_text import columns, fill, plain, shorten

#: How many columns names of facts take.
_INDENT = 13
_NAME = 32


def render(found: Inspection, width: int) -> str:
    """What the model is; its operators and tensors too, where the inspection lists them."""
    blocks = [_head(found, width), _facts(found, width)]
    blocks += [_signature(one, width) for one in found.signatures]
    blocks += [_kinds(found)] if found.kinds else []
    blocks += [_subgraphs(found, width)]
    for graph in found.graphs:
        tensors = {tensor.index: tensor for tensor in graph.tensors}
        blocks += [_operators(graph, tensors, width), _tensors(graph, width)]
    return "\n\n".join(block for block in blocks if block)


def _head(found: Inspection, width: int) -> str:
    macs = [f"{figures.macs(found.macs)} MACs"] if found.macs else []
    about = ", ".join([figures.count(found.operators, "operator"), *macs, figures.size(found.bytes)])
    path = shorten(plain(found.path), width)
    return f"{path}{'   ' if len(path) + len(about) + 3 <= width else chr(10)}{about}"


def _facts(found: Inspection, width: int) -> str:
    sizes, numbers = found.sizes, found.numbers
    facts = [
        ("numbers", _numbers(numbers)),
        ("quantized", _listed(_scales(numbers))),
        ("constants", _constants(found)),
        ("activations", _types(numbers.activations)),
        ("largest", "" if sizes.largest_activation is None else _tensor(sizes.largest_activation)),
        ("also", _listed(_also(found))),
        ("file", _file(found)),
        ("description", plain(found.description)),
        ("metadata", _listed(f"{plain(one.name)} {figures.size(one.bytes)}" for one in found.metadata)),
        (
            "external",
            _listed(f"{plain(one.name)} {figures.size(one.bytes)}" for one in found.external_buffers),
        ),
        *(("remark", plain(remark)) for remark in found.remarks),
    ]
    return "\n".join(_fact(word, text, width) for word, text in facts if text)


def _fact(word: str, text: str, width: int) -> str:
    start = f"{word:<{_INDENT}}{text}"
    return fill(start, width, subsequent_indent=" " * _INDENT, break_on_hyphens=False)


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


def _constants(found: Inspection) -> str:
    sizes = found.sizes
    by_type = _listed(f"{dtype} {figures.size(size)}" for dtype, size in sizes.constants_by_type.items())
    parameters = figures.macs(sizes.parameters) or "0"
    return f"{figures.size(sizes.constants)}, {parameters} parameters" + (f": {by_type}" if by_type else "")


def _types(counts: Mapping[str, int]) -> str:
    return _listed(f"{count:,} {dtype}" for dtype, count in counts.items())


def _also(found: Inspection) -> Iterator[str]:
    if found.variables:
        yield figures.count(found.variables, "variable")
    if found.sparse:
        yield figures.count(found.sparse, "sparse tensor")


def _file(found: Inspection) -> str:
    runtime = (
        f", for runtime {plain(found.min_runtime_version)} or newer" if found.min_runtime_version else ""
    )
    identifier = "" if found.identifier else ", without the identifier TFL3"
    return f"schema version {found.schema_version}{runtime}{identifier}"


def _signature(found: Signature, width: int) -> str:
    title = f"Signature {plain(found.key)}" if found.key else "Inputs and outputs"
    where = f" (subgraph {found.subgraph})" if found.subgraph else ""
    name = min(_NAME, max((len(plain(port.name)) for port in (*found.inputs, *found.outputs)), default=0))
    lines = [_port("in ", port, name, width) for port in found.inputs]
    lines += [_port("out", port, name, width) for port in found.outputs]
    return "\n".join([f"{title}{where}", *lines])


def _port(word: str, port: Port, name: int, width: int) -> str:
    tensor = port.tensor
    shown = shorten(plain(port.name), name)
    text = f"  {word}  {shown:<{name}}  {_shape(tensor)}  {tensor.dtype}{_quantized(tensor)}"
    return fill(text, width, subsequent_indent=" " * (name + 9), break_on_hyphens=False)


def _shape(tensor: Tensor) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in tensor.shape)}]"


def _quantized(tensor: Tensor) -> str:
    found = tensor.quantization
    if found is None:
        return ""
    if found.scale is not None:
        zero = "" if found.zero_point is None else f", zero point {found.zero_point}"
        return f"  scale {found.scale:.6g}{zero}"
    if found.axis is not None:
        return f"  {found.scales} scales along dimension {found.axis}"
    return f"  {found.details}" if found.details else ""


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


def _kinds(found: Inspection) -> str:
    headers = ["operator", "count", "versions", "MACs", "", "constants"]
    rows = [headers, *(_kind(kind, found.macs or 0) for kind in found.kinds)]
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


def _subgraphs(found: Inspection, width: int) -> str:
    several = len(found.subgraphs) > 1
    lines = ["Subgraphs"] if several else []
    for one in found.subgraphs:
        if several:
            counts = f"{figures.count(one.operators, 'operator')}, {figures.count(one.tensors, 'tensor')}"
            lines.append(f"  {one.index}  {shorten(plain(one.name), width - 40)}  {counts}")
        if one.stops is not None:
            indent = "     " if several else ""
            lines.append(fill(plain(one.stops), width, initial_indent=indent, subsequent_indent=indent))
    return "\n".join(lines)


def _operators(graph: Graph, tensors: Mapping[int, Tensor], width: int) -> str:
    title = f"Operators of subgraph {graph.subgraph}"
    return "\n".join([title, *(_operator(one, tensors, width) for one in graph.operators)])


def _operator(found: Operator, tensors: Mapping[int, Tensor], width: int) -> str:
    macs = f"  {figures.macs(found.macs)} MACs" if found.macs else ""
    lines = [f"#{found.index}  {plain(found.custom or found.op)} version {found.version}{macs}"]
    for operand in found.inputs:
        lines.append(_item("<", operand.name, _reference(operand.tensor, tensors), width))
    for operand in found.outputs:
        lines.append(_item(">", operand.name, _reference(operand.tensor, tensors), width))
    options = _listed(f"{plain(name)} {plain(_value(value))}" for name, value in found.options.items())
    lines += [_item(" ", "options", options, width)] if options else []
    return "\n".join(lines)


def _item(sign: str, word: str, text: str, width: int) -> str:
    return fill(f"    {sign} {word}  {text}", width, subsequent_indent=" " * 8, break_on_hyphens=False)


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
        lines.append(fill(text, width, subsequent_indent=" " * 8, break_on_hyphens=False))
    return "\n".join(lines)

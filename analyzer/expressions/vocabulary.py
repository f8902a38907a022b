"""What rules may ask: the closed list of names, their types and how each is answered.

Types are short texts: bool, int, float, str, dtype, tensor, operator, `enum:NAME` and `list[T]`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any

from analyzer.expressions import neighbours
from analyzer.expressions.context import Context as Context
from analyzer.expressions.context import Undefined as Undefined
from analyzer.expressions.context import has_few_numbers, is_moderate, scale, zero_point
from analyzer.memo import Memo
from analyzer.model.graph import DTYPE_BITS, Operator, Tensor

#: Constants with more elements than this have no `values`: rules look at sizes and axes, not at weights.
MAX_VALUES = 1024
#: Products go no further: no memory holds as much, and longer numbers take their time.
LARGEST = 2**200
#: The product of so many dimensions is no such number.
_FEW_DIMENSIONS = 6
#: Bytes of tensors, by their type and shape.
_BYTES: Memo[tuple[str, tuple[int, ...]], int] = Memo(10_000)

_FORMATS = {
    "INT8": "b",
    "UINT8": "B",
    "INT16": "h",
    "UINT16": "H",
    "INT32": "i",
    "UINT32": "I",
    "INT64": "q",
    "UINT64": "Q",
    "FLOAT16": "e",
    "FLOAT32": "f",
    "FLOAT64": "d",
    "BOOL": "?",
}


def product(numbers: Iterable[Any]) -> Any:
    found: Any = 1
    for number in numbers:
        found *= number
        if not -LARGEST < found < LARGEST:
            found = LARGEST if found > 0 else -LARGEST
    return found


def elements(shape: Sequence[int]) -> int:
    """How many elements a tensor of `shape` has."""
    if len(shape) > _FEW_DIMENSIONS:
        return int(product(shape))
    count = 1
    for size in shape:
        count *= size
    return count


def size_bytes(tensor: Tensor) -> int | None:
    """Bytes of the tensor's elements at run time; None where they have no fixed size, or none that can be."""
    key = tensor.dtype, tensor.shape
    known = _BYTES.get(key)
    if known is None:
        bits = DTYPE_BITS.get(tensor.dtype)
        if bits is None or min(tensor.shape, default=0) < 0:
            return None
        known = _BYTES.keep(key, (elements(tensor.shape) * bits + 7) // 8)
    return known


def values(tensor: Tensor) -> tuple[int | float | bool, ...]:
    """A constant's elements, flattened.

    Raises: Undefined where the tensor isn't constant, has no numbers or more than `MAX_VALUES`.
    """
    decoded: tuple[int | float | bool, ...] | None = tensor.__dict__.get("values")
    if decoded is not None:
        return decoded  # one after the other is asked for
    if tensor.data is None or not tensor.constant:
        raise Undefined(f"{tensor.name or 'tensor'} is not a constant")
    code = _FORMATS.get(tensor.dtype)
    if code is None:
        raise Undefined(f"{tensor.name or 'tensor'} is a constant of {tensor.dtype}")
    size = struct.calcsize("<" + code)
    count = min(elements(tensor.shape), len(tensor.data) // size)
    if count < 0 or count > MAX_VALUES:
        raise Undefined(f"{tensor.name or 'tensor'} has more than {MAX_VALUES} values")
    decoded = tensor.__dict__["values"] = struct.unpack_from(f"<{count}{code}", tensor.data)
    return decoded


def known_values(tensor: Tensor) -> tuple[int | float | bool, ...]:
    """A constant's elements, or those that Prepare computed.

    Raises: Undefined where there are none, or more than `MAX_VALUES`.
    """
    if tensor.computed_values is None:
        return values(tensor)
    if len(tensor.computed_values) != elements(tensor.shape):
        raise Undefined(f"{tensor.name or 'tensor'} was computed, but its values weren't kept")
    return tensor.computed_values


def words(tensor: Tensor) -> tuple[int, ...]:
    """Numbers as kernels read them that take any type for INT32: of a constant, all that its buffer holds.

    The last one takes in the zeros with which a file fills up what ends between two of them.

    Raises: Undefined where they aren't known.
    """
    if tensor.constant and tensor.data is not None:
        data = tensor.data
        return _int32(memoryview(bytes(data) + bytes(-len(data) % 4)) if len(data) % 4 else data)
    return tuple(int(value) for value in known_values(tensor))


def readable(tensor: Tensor) -> bool:
    """Whether `known_values` has an answer."""
    count = elements(tensor.shape)
    if tensor.computed_values is not None:
        return len(tensor.computed_values) == count
    return tensor.constant and tensor.data is not None and tensor.dtype in _FORMATS and count <= MAX_VALUES


def _moderate(context: Context, tensor: Tensor) -> bool:
    """True of moderate numbers, which is a trait unless a constant's tell."""
    if tensor.constant and tensor.dtype == "FLOAT32":
        context.beyond = True
    return is_moderate(tensor)


def _numbers(find: Callable[[Tensor], Any]) -> Callable[[Context, Tensor], Any]:
    """A look at a tensor's numbers, which belong to its shape where they are few."""

    def look(context: Context, tensor: Tensor) -> Any:
        if has_few_numbers(tensor):
            context.shaped = True
        else:
            context.beyond = True
        try:
            return find(tensor)
        except Undefined:
            context.beyond = True  # it says the tensor's name
            raise

    return look


def _single(numbers: tuple[Any, ...], tensor: Tensor) -> Any:
    if len(numbers) != 1:
        raise Undefined(f"{tensor.name or 'tensor'} has {len(numbers)} values, not one")
    return numbers[0]


def _scale_count(tensor: Tensor) -> int:
    return tensor.quantization.scale_count if tensor.quantization is not None else 0


def _counted(context: Context, count: int) -> int:
    """A number of scales or zero points, which is a trait where it is none or one."""
    if count > 1:
        context.shaped = True
    return count


def _block_size(context: Context, tensor: Tensor) -> int:
    fields = tensor.quantization.details_fields if tensor.quantization is not None else None
    return int((fields or {}).get("block_size", 0))


def _bytes(tensor: Tensor) -> int:
    found = size_bytes(tensor)
    if found is None:
        raise Undefined(f"{tensor.name or 'tensor'} is {tensor.dtype}, whose elements have no fixed size")
    return found


def _int32(data: memoryview | None) -> tuple[int, ...]:
    count = min(len(data or b"") // 4, MAX_VALUES)
    return struct.unpack_from(f"<{count}i", data) if data is not None and count else ()


def attributes(operator: Operator) -> Mapping[str, Any]:
    """What a custom operator or composite says of itself; a tensor among it stands for its elements.

    What is called a tensor and isn't one has none, as runtimes read it.
    """
    from analyzer.model.flexbuffer import decode  # few models need it

    found = decode(operator) or {}
    return {name: _attribute(name, value) for name, value in found.items()}


def _attribute(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("TENSOR_DATA", ())
    return () if name.startswith("_TENSOR_") else value


#: Attribute of a tensor -> (type, meaning, answer from the context and the tensor).
TENSOR: Mapping[str, tuple[str, str, Callable[[Context, Tensor], Any]]] = {
    "dtype": ("dtype", "element type, the schema's name", lambda c, t: t.dtype),
    "rank": ("int", "number of dimensions", lambda c, t: len(t.shape)),
    "shape": ("list[int]", "dimensions after propagation, never the shape signature", lambda c, t: t.shape),
    "signature": (
        "list[int]",
        "the file's shape_signature (-1: open dimension), empty where there is none",
        lambda c, t: t.shape_signature or (),
    ),
    "elements": ("int", "number of elements", lambda c, t: elements(t.shape)),
    "bytes": ("int", "bytes of all elements", lambda c, t: _bytes(t)),
    "data_bytes": (
        "int",
        "bytes of the constant's buffer",
        lambda c, t: len(t.data) if t.data is not None else 0,
    ),
    "index": ("int", "tensor index: two operands with one index are one tensor", lambda c, t: t.index),
    "name": ("str", "the tensor's name", lambda c, t: t.name),
    "constant": ("bool", "constant in the runtime's sense", lambda c, t: t.constant),
    "known": (
        "bool",
        "constant, or computed when the interpreter prepares the operators",
        lambda c, t: t.constant or t.computed_values is not None,
    ),
    "value": ("number", "the one element of a constant", _numbers(lambda t: _single(values(t), t))),
    "values": ("list[number]", "elements of a constant, flattened", _numbers(values)),
    "known_value": (
        "number",
        "the one element of a known tensor",
        _numbers(lambda t: _single(known_values(t), t)),
    ),
    "known_values": ("list[number]", "elements of a known tensor", _numbers(known_values)),
    "words": (
        "list[int]",
        "what is known of a tensor, as kernels read it that take any type for INT32: the whole buffer",
        _numbers(words),
    ),
    "readable": ("bool", "known, and few enough values to look at", _numbers(readable)),
    "moderate": (
        "bool",
        "a constant of FLOAT32, or a tensor of 8 bits, no number of which reaches 32768, whatever its sign",
        _moderate,
    ),
    "dynamic": ("bool", "its size is only known at run time", lambda c, t: t.dynamic),
    "persistent": ("bool", "kept in the persistent arena", lambda c, t: t.persistent),
    "variable": ("bool", "a variable that keeps its value between runs", lambda c, t: t.variable),
    "quantized": ("bool", "has at least one scale", lambda c, t: _scale_count(t) > 0),
    "per_channel": ("bool", "has more than one scale", lambda c, t: _scale_count(t) > 1),
    "blockwise": (
        "bool",
        "quantized in blocks",
        lambda c, t: t.quantization is not None and t.quantization.details == "BlockwiseQuantization",
    ),
    "scale": (
        "float",
        "the scale where there is exactly one scale and one zero point, else 0",
        lambda c, t: scale(t),
    ),
    "zero_point": (
        "int",
        "the zero point where there is exactly one scale and one zero point, else 0",
        lambda c, t: zero_point(t),
    ),
    "scales": ("list[float]", "all scales", lambda c, t: t.quantization.scales if t.quantization else ()),
    "zero_points": (
        "list[int]",
        "all zero points",
        lambda c, t: t.quantization.zero_points if t.quantization else (),
    ),
    "scale_count": ("int", "number of scales", lambda c, t: _counted(c, _scale_count(t))),
    "zero_point_count": (
        "int",
        "number of zero points",
        lambda c, t: _counted(c, t.quantization.zero_point_count) if t.quantization else 0,
    ),
    "axis": ("int", "the quantized dimension", lambda c, t: t.quantization.axis if t.quantization else 0),
    "block_size": (
        "int",
        "elements of a block that share a scale, 0 where the tensor isn't quantized in blocks",
        _block_size,
    ),
    "sparse": ("bool", "stored sparse", lambda c, t: t.sparsity is not None),
    "graph_input": ("bool", "an input of its subgraph", lambda c, t: t.index in c.subgraph.input_set),
    "graph_output": ("bool", "an output of its subgraph", lambda c, t: t.index in c.subgraph.output_set),
    "from_shape": (
        "bool",
        "computed from the sizes of tensors alone, by SHAPE and what follows from it",
        neighbours.is_from_shape,
    ),
    "producer": ("operator", "the operator that writes it first", neighbours.producer),
    "producers": (
        "list[operator]",
        "the operators that write it",
        lambda c, t: neighbours.around(c, "producers", t),
    ),
    "consumers": (
        "list[operator]",
        "the operators that read it, each once",
        lambda c, t: neighbours.around(c, "consumers", t),
    ),
    "writer": ("operator", "the operator of the partition that writes it", neighbours.writer),
    "readers": (
        "list[operator]",
        "the operators of the same partition that read it, each once",
        neighbours.readers,
    ),
    "sole_reader": (
        "operator",
        "the one that reads it in the partition, once",
        neighbours.sole_reader,
    ),
    "leaves_partition": (
        "bool",
        "read outside of the partition, or by the app",
        neighbours.leaves,
    ),
    "enters_partition": (
        "bool",
        "computed, but by no operator of the same partition",
        neighbours.enters,
    ),
}

#: Lists of operators around a tensor -> how many there are, which takes no look at them.
NUMBERS: Mapping[str, Callable[[Context, Tensor], int]] = {
    "producers": lambda c, t: neighbours.number_around(c, "producers", t),
    "consumers": lambda c, t: neighbours.number_around(c, "consumers", t),
    "readers": neighbours.number_reading,
}

#: Names every rule has, of the operator itself -> (type, meaning, answer from the context).
OPERATOR: Mapping[str, tuple[str, str, Callable[[Context], Any]]] = {
    "op": ("str", "the operator's schema name, such as CONV_2D or CUSTOM", attrgetter("operator.name")),
    "custom": ("str", "custom code, empty for builtin operators", lambda c: c.operator.custom or ""),
    "version": ("int", "operator version", attrgetter("operator.version")),
    "operator_index": ("int", "place of the operator in its subgraph", attrgetter("operator.index")),
    "inputs": ("list[tensor]", "all inputs, left-out ones included", attrgetter("inputs")),
    "outputs": ("list[tensor]", "all outputs", attrgetter("outputs")),
    "intermediates": ("list[tensor]", "all intermediates", attrgetter("intermediates")),
    "operands": (
        "list[tensor]",
        "inputs and outputs that are present",
        attrgetter("operands"),
    ),
    "graph_index": (
        "int",
        "place of its subgraph in the model: 0 is the one that the app calls, unless it asks for another",
        lambda c: c.subgraph.index,
    ),
    "graph_inputs": (
        "list[tensor]",
        "the inputs of its subgraph",
        lambda c: c.subgraph.input_tensors,
    ),
    "graph_dtypes": (
        "list[dtype]",
        "element types of what is computed in its subgraph, what is taken out of constants left aside",
        lambda c: c.subgraph.computed_dtypes,
    ),
    "graph_customs": (
        "list[str]",
        "codes of the custom operators in its subgraph",
        lambda c: c.subgraph.custom_codes,
    ),
    "consumers_accepted": (
        "bool",
        "the delegate takes every operator that reads an output",
        lambda c: c.consumers_accepted,
    ),
    "has_options": ("bool", "the file has an options table", lambda c: c.operator.options_table is not None),
    "custom_bytes": (
        "int",
        "bytes of a custom operator's own options",
        lambda c: len(c.operator.custom_options or b""),
    ),
    "custom_int32": (
        "list[int]",
        "a custom operator's own options read as 32-bit numbers, for those that keep a plain struct there",
        lambda c: _int32(c.operator.custom_options),
    ),
    "attributes": (
        "list[str]",
        "names of the options that a custom operator or composite brings itself, as a flexbuffer map",
        lambda c: [name for name, value in attributes(c.operator).items() if value is not None],
    ),
    "has_attributes": (
        "bool",
        "the file has a composite's attributes, were they none",
        lambda c: isinstance(c.operator.options.get("composite_attributes"), memoryview),
    ),
}

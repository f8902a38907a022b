"""Hypothesis strategies for operators as rules meet them, sane and insane."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from analyzer.expressions.vocabulary import Context
from analyzer.model import schema
from analyzer.model.graph import DTYPE_BITS, OMITTED, Operator, Quantization, Subgraph, Tensor
from analyzer.model.schema import Field

_BUILTINS = list(schema.members("BuiltinOperator").values())
_CUSTOMS = ("TFLite_Detection_PostProcess", "Convolution2DTransposeBias", "Mine", "")
#: Sizes that rules care about, and sizes that make no sense.
_SIZES = st.sampled_from([0, 1, 1, 2, 3, 4, 8, 224, 1025, 2**31 - 1, -1])
_DTYPES = st.sampled_from(["FLOAT32", "FLOAT16", "INT8", "UINT8", "INT32", "INT64", "BOOL", *DTYPE_BITS])
_FLOATS = st.floats(width=32)
_INTEGERS = st.sampled_from([0, 1, -1, 2, 3, 4, 2**31 - 1, -(2**31)])


@st.composite
def _quantization(draw: st.DrawFn) -> Quantization:
    scales = draw(st.lists(_FLOATS, max_size=3))
    points = draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3))
    return Quantization(
        scale_count=len(scales),
        zero_point_count=len(points),
        scale_data=scales,
        zero_point_data=points,
        axis=draw(_INTEGERS),
        details=draw(st.sampled_from([None, "BlockwiseQuantization"])),
    )


@st.composite
def _tensor(draw: st.DrawFn, index: int) -> Tensor:
    shape = tuple(draw(st.lists(_SIZES, max_size=6)))
    constant = draw(st.booleans())
    numbers = draw(st.lists(_INTEGERS, max_size=5))
    return Tensor(
        index=index,
        name=draw(st.sampled_from(["", "x"])),
        dtype=draw(_DTYPES),
        shape=shape,
        shape_signature=draw(st.sampled_from([None, (), (-1,) * len(shape)])),
        constant=constant,
        data=memoryview(struct.pack(f"<{len(numbers)}i", *numbers))
        if constant and draw(st.booleans())
        else None,
        variable=draw(st.booleans()),
        quantization=draw(st.none() | _quantization()),
        sparsity=draw(st.sampled_from([None, {}])),
        dynamic=draw(st.booleans()),
        persistent=draw(st.booleans()),
        computed_values=draw(st.none() | st.lists(_INTEGERS, max_size=5).map(tuple)),
    )


@st.composite
def _operator(draw: st.DrawFn, index: int, tensors: int) -> Operator:
    name = draw(st.sampled_from(_BUILTINS))
    custom = draw(st.sampled_from(_CUSTOMS)) if name == "CUSTOM" else None
    operands = st.lists(st.integers(OMITTED, tensors - 1), max_size=8).map(tuple)
    table = schema.options_table(name)
    fields = schema.fields(table).values() if table else ()
    return Operator(
        index=index,
        name=name,
        version=draw(st.integers(0, 12)),
        inputs=draw(operands),
        outputs=draw(st.lists(st.integers(OMITTED, tensors - 1), max_size=4).map(tuple)),
        options={field.name: draw(_option(field)) for field in fields},
        options_table=draw(st.sampled_from([None, table])),
        custom=custom,
        custom_options=draw(st.none() | st.binary(max_size=40).map(_view)) if custom is not None else None,
        intermediates=draw(operands),
    )


def _view(data: bytes) -> memoryview:
    return memoryview(data)


def _option(field: Field) -> st.SearchStrategy[Any]:
    if field.form in ("table", "union"):
        return st.none()
    one = {
        "bool": st.booleans(),
        "string": st.sampled_from(["", "x"]),
        "float32": _FLOATS,
    }.get(field.type, _INTEGERS)
    if field.form == "enum":
        one = st.sampled_from([*schema.members(field.type).values(), "99"])
    return st.lists(one, max_size=4).map(tuple) if field.vector else one


@st.composite
def subgraphs(draw: st.DrawFn, operators: int = 3) -> Subgraph:
    """A few operators that read and write a few tensors in any way."""
    count = draw(st.integers(1, 6))
    return Subgraph(
        index=0,
        name="main",
        tensors=tuple(draw(_tensor(index)) for index in range(count)),
        operators=tuple(draw(_operator(index, count)) for index in range(draw(st.integers(1, operators)))),
        inputs=draw(st.lists(st.integers(0, count - 1), max_size=2).map(tuple)),
        outputs=draw(st.lists(st.integers(0, count - 1), max_size=2).map(tuple)),
    )


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """An operator in such a subgraph."""
    subgraph = draw(subgraphs())
    return Context(subgraph, draw(st.sampled_from(subgraph.operators)))

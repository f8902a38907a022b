"""The types that a model is read into. They know nothing of the file format or of any delegate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from analyzer.memo import worked_out_once

#: The index of an operand that the file leaves out.
OMITTED = -1
#: A size in `shape_signature` that an app may choose.
OPEN = -1

#: Operators whose results don't follow from their inputs, or can't be told from outside.
_UNFORESEEABLE = frozenset(
    ("CALL", "CUSTOM", "IF", "MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "WHILE")
)

#: Operators that give zeros of one operand twice.
_CANCELLING = ("SUB", "SQUARED_DIFFERENCE")

#: Endings and names of the options that name subgraphs, as the schema has them.
_SUBGRAPH_ENDINGS = ("subgraph_index", "subgraph_indices")
_SUBGRAPH_NAMES = ("subgraph",)

#: Bits per element; None where elements have no fixed size.
DTYPE_BITS: Mapping[str, int | None] = {
    "FLOAT32": 32,
    "FLOAT16": 16,
    "INT32": 32,
    "UINT8": 8,
    "INT64": 64,
    "STRING": None,
    "BOOL": 8,
    "INT16": 16,
    "COMPLEX64": 64,
    "INT8": 8,
    "FLOAT64": 64,
    "COMPLEX128": 128,
    "UINT64": 64,
    "RESOURCE": None,
    "VARIANT": None,
    "UINT32": 32,
    "UINT16": 16,
    "INT4": 4,
    "BFLOAT16": 16,
    "INT2": 2,
    "UINT4": 4,
    "FLOAT8_E4M3FN": 8,
    "FLOAT8_E5M2": 8,
}


class Quantization(Struct, frozen=True, dict=True):
    """The mapping of a tensor's integers to real numbers.

    `scale_data` and `zero_point_data` are views of the file (float32 and int64, little-endian):
    a per-channel table is decoded only when somebody asks for it. `details` is the name of the
    schema's `QuantizationDetails` table (`BlockwiseQuantization`, ...), `details_fields` its fields.
    """

    scale_count: int = 0
    zero_point_count: int = 0
    scale_data: Sequence[float] = ()
    zero_point_data: Sequence[int] = ()
    axis: int = 0
    minimum: Sequence[float] = ()
    maximum: Sequence[float] = ()
    details: str | None = None
    details_fields: Mapping[str, Any] | None = None

    @worked_out_once
    def scales(self) -> tuple[float, ...]:
        return tuple(self.scale_data)

    @worked_out_once
    def zero_points(self) -> tuple[int, ...]:
        return tuple(self.zero_point_data)


class Tensor(Struct, frozen=True, dict=True):
    """A tensor as the file states it (or, in a `Prepared` subgraph, as Prepare left it)."""

    index: int
    name: str
    dtype: str
    #: The file's `shape`; an open dimension stands as the file's placeholder, normally 1.
    shape: tuple[int, ...]
    #: The file's `shape_signature` (-1 where a dimension is open); None where the file has none.
    shape_signature: tuple[int, ...] | None = None
    #: The file's `has_rank`; an empty shape of an unranked tensor says nothing.
    has_rank: bool = False
    #: What the runtime calls constant: buffer not 0, with a `data` vector (an empty one counts)
    #: or with an offset greater than 1.
    constant: bool = False
    #: The constant's bytes, a view of the file; None where the tensor has none.
    data: memoryview | None = None
    buffer: int = 0
    variable: bool = False
    quantization: Quantization | None = None
    #: The schema's SparsityParameters table as decoded fields; None where the tensor is dense.
    sparsity: Mapping[str, Any] | None = None
    #: The schema's VariantSubType tables: what the elements of a VARIANT or RESOURCE tensor are.
    variant_tensors: tuple[Mapping[str, Any], ...] = ()
    #: The `id` of the model's external buffer that holds the weights; 0 where none does. The runtime
    #: doesn't count such a tensor as constant.
    external_buffer: int = 0
    #: What Prepare made of the tensor; all three stay at their defaults in a model as read.
    #: Of a size that is only known at run time.
    dynamic: bool = False
    #: In the persistent arena, as constants' DEQUANTIZE outputs are: neither constant nor ordinary.
    persistent: bool = False
    #: The values that Prepare computed, flattened; None where it computed none. Fewer than the tensor has
    #: elements where it computed them and we didn't keep them.
    computed_values: tuple[int | float | bool, ...] | None = None

    @property
    def holds_state(self) -> bool:
        """Whether it is, or refers to, what stays from one run to the next."""
        return self.variable or self.dtype in ("RESOURCE", "VARIANT")


class Operator(Struct, frozen=True, dict=True):
    """One operator in execution order.

    `name` is the schema's (`CONV_2D`, `CUSTOM`, `STABLEHLO_ADD`); `custom` is the custom code of a
    CUSTOM operator. `inputs`, `outputs` and `intermediates` are tensor indices of the operator's
    subgraph, `OMITTED` where the file leaves an operand out. `options` holds every field of the
    operator's options table by schema name, enum values as their schema names; all zeros where the
    table is absent, because that is what the runtime does.
    """

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]
    #: The schema table that `options` came from; None where the file has no options table.
    options_table: str | None = None
    custom: str | None = None
    #: A custom operator's own options, undecoded.
    custom_options: memoryview | None = None
    intermediates: tuple[int, ...] = ()

    @worked_out_once
    def key(self) -> str:
        """The operator's key in rules: its name, or `custom:CODE`."""
        return self.name if self.custom is None else f"custom:{self.custom}"

    def called_subgraphs(self) -> Iterator[int]:
        """Indices of the subgraphs that the operator may call, in the order of its options."""
        for name, value in self.options.items():
            if name.endswith(_SUBGRAPH_ENDINGS) or name in _SUBGRAPH_NAMES:
                yield from [value] if isinstance(value, int) else value or ()


class Subgraph(Struct, frozen=True, dict=True):
    index: int
    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def validation(self) -> bool:
        """True for a subgraph of validation data, to which no delegate is applied."""
        return self.name.startswith("VALIDATION:")

    @property
    def callees(self) -> list[int]:
        """Indices of the subgraphs that its operators may call, each once, in order."""
        called = (index for operator in self.operators for index in operator.called_subgraphs())
        return list(dict.fromkeys(called))

    @worked_out_once
    def remembered(self) -> dict[Any, Any]:
        """What was found out about it once for all, by whoever asked."""
        return {}

    @worked_out_once
    def kinds(self) -> frozenset[str]:
        """The keys of its operators in rules."""
        return frozenset([operator.key for operator in self.operators])

    @worked_out_once
    def input_set(self) -> frozenset[int]:
        """The subgraph's inputs, to ask whether a tensor is among them."""
        return frozenset(self.inputs)

    @worked_out_once
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The subgraph's inputs as tensors."""
        return tuple([self.tensors[index] for index in self.inputs])

    @worked_out_once
    def output_set(self) -> frozenset[int]:
        """The subgraph's outputs, to ask whether a tensor is among them."""
        return frozenset(self.outputs)

    @worked_out_once
    def producers(self) -> dict[int, list[int]]:
        """Tensor index -> indices of the operators that write it, in execution order."""
        writers: dict[int, list[int]] = {}
        for operator in self.operators:
            for tensor in operator.outputs:
                if tensor != OMITTED:
                    writers.setdefault(tensor, []).append(operator.index)
        return writers

    @worked_out_once
    def awaited(self) -> tuple[int, ...]:
        """For each operator, how many of its operands some operator writes."""
        written = self.producers
        return tuple([sum([tensor in written for tensor in operator.inputs]) for operator in self.operators])

    @worked_out_once
    def freed(self) -> tuple[list[int], ...] | None:
        """For each operator, who reads what it writes, once per operand; None where two write the same."""
        readers = self.consumers
        if any([len(writers) > 1 for writers in self.producers.values()]):  # noqa: C419 - quicker
            return None
        return tuple(
            [
                [reader for tensor in operator.outputs for reader in readers.get(tensor, ())]
                for operator in self.operators
            ]
        )

    @worked_out_once
    def in_order(self) -> bool:
        """Whether no operator waits for a later one: all of them together can be scheduled."""
        readers = self.consumers
        return all(
            writers[0] < readers[tensor][0] for tensor, writers in self.producers.items() if tensor in readers
        )

    @worked_out_once
    def consumers(self) -> dict[int, list[int]]:
        """Tensor index -> indices of the operators that read it, once per operand, in order."""
        readers: dict[int, list[int]] = {}
        for operator in self.operators:
            for tensor in operator.inputs:
                if tensor != OMITTED:
                    readers.setdefault(tensor, []).append(operator.index)
        return readers

    @worked_out_once
    def shown(self) -> frozenset[int]:
        """Operators whose results an output comes from, or that keep them: others compute for nobody."""
        states = {tensor.index for tensor in self.tensors if tensor.holds_state}
        kept = (
            o.index
            for o in self.operators
            if not o.outputs or (states and not states.isdisjoint((*o.inputs, *o.outputs)))
        )
        left = [*kept, *(writer for tensor in self.outputs for writer in self.producers.get(tensor, ()))]
        shown: set[int] = set()
        while left:
            if (index := left.pop()) not in shown:
                shown.add(index)
                operator = self.operators[index]
                # Whatever is subtracted from itself leaves nothing.
                if operator.name in _CANCELLING and len(set(operator.inputs)) == 1:
                    continue
                for tensor in operator.inputs:
                    left += self.producers.get(tensor, ())
        return frozenset(shown)

    @worked_out_once
    def computed_from_shapes(self) -> frozenset[int]:
        """Tensors that hang on nothing but the sizes of others: SHAPE's, and what is computed from them."""
        tensors: set[int] = set()
        for operator in self.operators:
            if operator.name in ("SHAPE", "RANK"):
                tensors.update(operator.outputs)
            elif tensors and operator.name not in _UNFORESEEABLE:
                read = [t for t in operator.inputs if t != OMITTED and not self.tensors[t].constant]
                if read and tensors.issuperset(read):
                    tensors.update(operator.outputs)
        return frozenset(tensors)

    @worked_out_once
    def computed_dtypes(self) -> tuple[str, ...]:
        """Element types of what operators compute, what they take out of constants left aside."""
        written = (
            self.tensors[tensor].dtype
            for operator in self.operators
            if operator.inputs
            and operator.inputs[0] != OMITTED
            and not self.tensors[operator.inputs[0]].constant
            for tensor in operator.outputs
            if tensor != OMITTED
        )
        return tuple(dict.fromkeys(written))

    @worked_out_once
    def custom_codes(self) -> tuple[str, ...]:
        """The codes of the custom operators, each once."""
        codes = (operator.custom for operator in self.operators if operator.custom is not None)
        return tuple(dict.fromkeys(codes))


class OperatorCode(Struct, frozen=True):
    """An entry of the model's operator table; the interpreter wants every one registered, used or not."""

    name: str
    version: int
    custom: str | None = None


class Signature(Struct, frozen=True):
    """A named entry point: names of inputs and outputs -> tensor indices of one subgraph."""

    key: str
    subgraph: int
    inputs: Mapping[str, int]
    outputs: Mapping[str, int]


class ExternalBuffer(Struct, frozen=True):
    """Weights in a file of their own, called `group`."""

    id: int
    group: str
    offset: int
    length: int
    packing: str


class Model(Struct, frozen=True, dict=True):
    path: str
    #: Size of the file in bytes.
    size: int
    schema_version: int
    description: str
    subgraphs: tuple[Subgraph, ...]
    operator_codes: tuple[OperatorCode, ...] = ()
    signatures: tuple[Signature, ...] = ()
    #: Metadata entries by name, undecoded.
    metadata: Mapping[str, memoryview] = {}
    #: Subgraph index -> (earlier operator, later operator) edges that the model's
    #: `model_control_dependencies` metadata asks for; None where the model has no such metadata.
    control_dependencies: Mapping[int, tuple[tuple[int, int], ...]] | None = None
    external_buffers: tuple[ExternalBuffer, ...] = ()
    #: The file's identifier; empty where it isn't TFL3, a file that the runtime refuses.
    identifier: str = "TFL3"
    #: What the file cannot be blamed for but the reader had to put up with, one line each.
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        operators = sum(len(subgraph.operators) for subgraph in self.subgraphs)
        return f"<Model {self.path!r}: {operators} operators, {self.size} bytes>"


class PrepareIssue(Struct, frozen=True):
    """The reason for which the interpreter stopped preparing a subgraph, or refused the model."""

    #: "dynamic": a size is only known at run time; "failure": the CPU refuses the operator.
    kind: str
    rule: str
    message: str
    fix: str
    source: str
    operator: int | None = None
    tensor: int | None = None
    expected: str | None = None
    actual: str | None = None
    #: Of those that keep the interpreter from being built: whose operator or tensor it is.
    subgraph: int | None = None
    #: Of failures: "fails", an error; or "crash", the CPU's own code ends the process.
    severity: str = "fails"


class Prepared(Struct, frozen=True):
    """A model as the interpreter has it when a delegate is asked: shapes and types propagated.

    Operators from a stop on keep the file's shapes and types.
    """

    model: Model
    subgraphs: tuple[Subgraph, ...]
    #: Subgraph index -> why preparing it stopped; subgraphs prepared to the end have no entry.
    stops: Mapping[int, PrepareIssue] = {}
    #: Why the interpreter could not even be built.
    refused: PrepareIssue | None = None
    #: Subgraph index -> operators that may have side effects, which keep their order; where there are any.
    side_effects: Mapping[int, tuple[int, ...]] = {}

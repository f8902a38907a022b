"""What an expression is evaluated against: one operator with its operands in place.

Operators that have what a condition hangs on in common are asked once for all, so it says how far it looks:
at no more than traits, as most do, or further. One that looks at shapes sets the context's `shaped`, one that
looks at operators next to it in its partition `nearby`, one that looks at traits of the graph `graphwide`,
one that looks at anything else its `beyond`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from analyzer.model.graph import OMITTED, Operator, Subgraph, Tensor

#: Words of the vocabulary that hang on traits alone. Others of them say by themselves how far they looked.
OF_TENSORS = frozenset({"dtype", "rank", "constant", "variable", "dynamic", "persistent"}) | {
    "known",
    "quantized",
    "per_channel",
    "blockwise",
    "scale_count",
    "zero_point_count",
    "leaves_partition",
    "readers",
    "sole_reader",
    "writer",
    "from_shape",
    "value",
    "values",
    "known_value",
    "known_values",
    "words",
    "readable",
    "moderate",
    "sparse",
    "enters_partition",
}
#: Words that hang on these and on shapes; which operands are one tensor belongs to shapes too.
OF_SHAPES = frozenset({"shape", "elements", "signature", "axis"})
OF_OPERATORS = frozenset({"op", "custom", "version", "inputs", "outputs", "operands", "has_options"})
#: What a finding is about: the same of all operators of which it is found by their traits.
OF_FINDINGS = frozenset({"operand", "raised_by"})
#: Words that hang on the traits of a graph.
OF_GRAPHS = frozenset({"graph_customs", "graph_dtypes"})
#: Options that are traits; lists differ by operator.
SCALARS = frozenset({str, int, bool, float, type(None)})
#: More operators that read a tensor aren't told apart.
FEW_READERS = 4
#: What has more operands isn't like many others.
MOST_OPERANDS = 32
#: Whole numbers that are known belong to shapes where they are so few, as axes and sizes are; in bytes too.
_FEW_NUMBERS = 8
_FEW_BYTES = {"INT32": 4 * _FEW_NUMBERS, "INT64": 8 * _FEW_NUMBERS}
#: Numbers that reach no further are moderate.
_MODERATE = 32768
#: The last bytes of moderate float32 numbers: the sign and all of the exponent but a bit.
_LAST_BYTES = bytes(byte for byte in range(256) if byte & 0x7F <= 0x46)
EIGHT_BITS = {"INT8": (-128, 127), "UINT8": (0, 255)}
#: What an operator has in common with others before that is looked up.
UNKNOWN: Any = object()
#: No partition, and nothing in common there.
_NOWHERE = (None, None)


class Undefined(Exception):
    """A rule touched something that isn't there; its text says what."""


class Context:
    """One operator with its operands in place: what an expression is evaluated against.

    `read_through` maps a tensor index to the tensor that operators see in its place: a delegate that reads a
    float16 constant through its DEQUANTIZE sees the constant. `partition` holds the operators, by index, that
    the delegate takes together with this one; until they are chosen (None) that is the whole subgraph.
    """

    __slots__ = (
        "alone",
        "beyond",
        "consumers_accepted",
        "graphwide",
        "inputs",
        "intermediates",
        "nearby",
        "neighbours",
        "operand",
        "operands",
        "operator",
        "outputs",
        "partition",
        "placed",
        "raised_by",
        "read_through",
        "shaped",
        "shapes",
        "steps",
        "subgraph",
        "surrounded",
        "told",
        "variables",
    )

    #: What a finding is about, and why the operator has its version: only set while a fix is chosen.
    operand: Tensor | None
    raised_by: str
    #: What is left to loops within loops.
    steps: int
    inputs: list[Tensor | None]
    outputs: list[Tensor | None]
    intermediates: list[Tensor | None]
    #: Inputs and outputs that are present.
    operands: list[Tensor]
    #: What is found out of it for `analyzer/rules/judging/traits.py`: its traits alone and its shapes, then
    #: the partition that it was in last, with its traits, its surroundings and what its neighbours see there.
    alone: Hashable
    shapes: Hashable
    placed: tuple[frozenset[int] | None, Hashable]
    surrounded: tuple[frozenset[int] | None, Hashable]
    told: tuple[frozenset[int] | None, Any]
    #: Set by a condition that looks at shapes, at what is next to it, at traits of the graph, and at more
    #: than all this.
    shaped: bool
    nearby: bool
    graphwide: bool
    beyond: bool

    def __init__(
        self,
        subgraph: Subgraph,
        operator: Operator,
        read_through: Mapping[int, Tensor] | None = None,
        partition: frozenset[int] | None = None,
    ) -> None:
        self.subgraph = subgraph
        self.operator = operator
        self.read_through = read_through
        self.partition = partition
        #: By index, other operators as this one sees them; None where they aren't kept.
        self.neighbours: dict[int, Context] | None = None
        if read_through:
            # At once: what is read through grows, but this operator doesn't see what comes later.
            self.inputs = [
                read_through.get(i, tensor)
                for i, tensor in zip(operator.inputs, _tensors(subgraph, operator.inputs), strict=True)
            ]
        self.variables: list[Any] = []
        self.alone = self.shapes = UNKNOWN
        self.placed = self.surrounded = self.told = _NOWHERE
        #: Whoever knows better, because the operators behind have been judged, says so.
        self.consumers_accepted = True

    def _place(self, partition: frozenset[int] | None, neighbours: dict[int, Context] | None) -> None:
        self.partition, self.neighbours = partition, neighbours

    def look_anew(self) -> None:
        """Forget how far conditions looked."""
        self.shaped = self.nearby = self.graphwide = self.beyond = False

    @property
    def looked_further(self) -> bool:
        """Whether a condition looked at more than the operator's own traits, shapes and surroundings."""
        return self.graphwide or self.beyond

    def __getattr__(self, name: str) -> Any:
        """What is worked out when it is first asked for: of most neighbours only the name is."""
        if name not in _WORKED_OUT:
            raise AttributeError(name)
        found = _WORKED_OUT[name](self)
        setattr(self, name, found)
        return found


@contextmanager
def taken_together(contexts: Sequence[Context], operators: Sequence[int]) -> Iterator[None]:
    """Operators, by index, as a partition for so long: they see who is in it, and each other.

    Afterwards nothing of it is left: others are asked about the same operators.
    """
    taken = _one_of_equals(contexts, frozenset(operators))
    neighbours = {index: contexts[index] for index in operators}
    placed = tuple(neighbours.values())
    try:
        for context in placed:
            context._place(taken, neighbours)
        yield
    finally:
        for context in placed:
            context._place(None, None)
        neighbours.clear()


def _one_of_equals(contexts: Sequence[Context], taken: frozenset[int]) -> frozenset[int]:
    """The partition as it was called before: delegates often take the same operators together."""
    same: frozenset[int] = contexts[0].subgraph.remembered.setdefault(taken, taken)
    return same


def _tensors(subgraph: Subgraph, indices: Sequence[int]) -> list[Tensor | None]:
    tensors = subgraph.tensors
    return [None if i == OMITTED else tensors[i] for i in indices]


def mark_of(word: str) -> str | None:
    """What a condition sets that asks a tensor for a word; None where that hangs on its traits."""
    return None if word in OF_TENSORS else "shaped" if word in OF_SHAPES else "beyond"


def of_graph(subgraph: Subgraph) -> Hashable:
    """The traits of a graph: what its operators have in common that advice hangs on."""
    known: Hashable = subgraph.__dict__.get("traits")
    if known is None:
        sized = bool(subgraph.computed_from_shapes)
        known = subgraph.__dict__["traits"] = subgraph.custom_codes, subgraph.computed_dtypes, sized
    return known


def is_trait(option: Any) -> bool:
    """Whether an option's value belongs to the traits of its operator."""
    return option.__class__ in SCALARS


def has_few_numbers(tensor: Tensor) -> bool:
    """True where all that is known of a tensor's numbers is few whole ones, which belong to its shape."""
    most = _FEW_BYTES.get(tensor.dtype, -1)
    return len(tensor.data or ()) <= most and len(tensor.computed_values or ()) <= _FEW_NUMBERS


def scale(tensor: Tensor) -> float:
    """The runtime's single scale, which is filled where there is exactly one, and one zero point; else 0."""
    table = tensor.quantization
    if table is None or table.scale_count != 1 or table.zero_point_count != 1:
        return 0.0
    return table.scale_data[0]


def zero_point(tensor: Tensor) -> int:
    """The runtime's single zero point, likewise."""
    table = tensor.quantization
    if table is None or table.scale_count != 1 or table.zero_point_count != 1:
        return 0
    return table.zero_point_data[0]


def is_moderate(tensor: Tensor) -> bool:
    """True where no number of a float32 constant, or an 8-bit tensor, reaches 32768; False of any other."""
    if tensor.dtype in EIGHT_BITS:
        low, high = EIGHT_BITS[tensor.dtype]
        zero = zero_point(tensor)
        return scale(tensor) * max(abs(low - zero), abs(high - zero)) < _MODERATE
    if tensor.data is None or not tensor.constant or tensor.dtype != "FLOAT32":
        return False
    # Their last bytes tell.
    return not bytes(tensor.data)[3::4].translate(None, _LAST_BYTES)


_WORKED_OUT: Mapping[str, Callable[[Context], Any]] = {
    "inputs": lambda c: _tensors(c.subgraph, c.operator.inputs),
    "outputs": lambda c: _tensors(c.subgraph, c.operator.outputs),
    "intermediates": lambda c: _tensors(c.subgraph, c.operator.intermediates),
    "operands": lambda c: [tensor for tensor in (*c.inputs, *c.outputs) if tensor is not None],
    "nearby": lambda c: False,
}

"""What an expression is evaluated against: one operator with its operands in place.

Its traits are what most conditions hang on, and the shapes of its operands: operators that have them in
common are asked once for all. A condition that looks at shapes sets the context's `shaped`, one that looks at
operators next to it in its partition `nearby`, one that looks at traits of the graph `graphwide`, one that
looks at anything else its `beyond`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from operator import is_
from typing import Any

from analyzer.memo import Memo
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
}
#: Words that hang on these and on shapes.
OF_SHAPES = frozenset({"shape", "elements"})
OF_OPERATORS = frozenset({"op", "custom", "version", "inputs", "outputs", "operands", "has_options"})
#: What a finding is about: the same of all operators of which it is found by their traits.
OF_FINDINGS = frozenset({"operand", "raised_by"})
#: Words that hang on the traits of a graph.
OF_GRAPHS = frozenset({"graph_customs", "graph_dtypes"})
_ONE = (1,)
#: Options that are traits; lists differ by operator.
_SCALARS = frozenset({str, int, bool, float, type(None)})
#: More operators that read a tensor aren't told apart.
FEW_READERS = 4
#: What has more operands isn't like many others.
_MOST_OPERANDS = 32
#: Likewise what has an operand of more dimensions, as to shapes.
_MOST_DIMENSIONS = 8
#: What an operator has in common with others before that is looked up.
_UNKNOWN: Any = object()
#: No partition, and nothing in common there.
_NOWHERE = (None, None)
#: Traits or shapes -> their number, which is looked up sooner; no other ever has it.
_NUMBERS: Memo[Hashable, int] = Memo(50_000)
_UNUSED = count(1)
#: By shape, what of it is a trait.
_FORMS: Memo[tuple[int, ...], tuple[int, bool, bool]] = Memo(10_000)
#: By the identity of options, which are read once for all that are equal: these, and their traits' number.
_OPTIONS: Memo[int, tuple[Mapping[str, Any], int]] = Memo(10_000)


def _number(traits: Hashable) -> int:
    return _NUMBERS.get(traits) or _NUMBERS.keep(traits, next(_UNUSED))


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
        "surroundings",
        "told",
        "traits",
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
    #: What most conditions hang on alone; None of an operator that is like no other.
    alone: Hashable
    #: The same with its place in the partition.
    traits: Hashable
    #: The shapes of inputs and outputs; None of an operator that is like no other.
    shapes: Hashable
    #: The same with all that is next to it in its partition.
    surroundings: Hashable
    #: The partition that it was in last, and its traits and surroundings there.
    placed: tuple[frozenset[int] | None, Hashable]
    surrounded: tuple[frozenset[int] | None, Hashable]
    #: That partition, and what those next to it see of it there.
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
        self.alone = _UNKNOWN
        self.placed = self.surrounded = self.told = _NOWHERE
        #: Whoever knows better, because the operators behind have been judged, says so.
        self.consumers_accepted = True

    def _place(self, partition: frozenset[int] | None, neighbours: dict[int, Context] | None) -> None:
        self.partition, self.neighbours = partition, neighbours
        self.traits = self.surroundings = None
        del self.traits, self.surroundings  # they are others there

    def _as_neighbour(self, partition: frozenset[int]) -> tuple[int | None, Sequence[int]]:
        """What tells it apart from others, and its operands; None where it is like no other."""
        if self.told[0] is not partition:
            alike = self.traits is not None and self.shapes is not None
            number = _number((self.operator.key, self.traits, self.shapes)) if alike else None
            self.told = partition, (number, _seen(self))
        return self.told[1]

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
    return option.__class__ in _SCALARS


def _of_operator(context: Context) -> Hashable:
    """What operators of one name have in common that conditions on traits don't tell apart; None: nothing."""
    operator, subgraph = context.operator, context.subgraph
    # Looked up here, because coming upon each by itself takes far longer.
    if not context.read_through:
        context.inputs = _tensors(subgraph, operator.inputs)
    context.outputs = _tensors(subgraph, operator.outputs)
    tensors = (*context.inputs, *context.outputs)
    # A tensor that Prepare changes is another one.
    seen: tuple[Sequence[Tensor | None], Hashable] | None = operator.__dict__.get("seen")
    if seen is not None and all(map(is_, seen[0], tensors)):
        return seen[1]
    if len(tensors) > _MOST_OPERANDS:
        return None
    of_tensors = [None if t is None else t.__dict__.get("traits") or _of_tensor(t) for t in tensors]
    options = operator.__dict__.get("traits") or _of_options(operator)
    traits = _number((len(operator.inputs), options, *of_tensors))
    operator.__dict__["seen"] = tensors, traits
    return traits


def _in_place(context: Context) -> Hashable:
    """The traits of an operator with its place in the partition."""
    alone, partition = context.alone, context.partition
    if alone is _UNKNOWN:
        alone = context.alone = _of_operator(context)
    if alone is None or partition is None:
        return alone
    if context.placed[0] is not partition:
        context.placed = partition, _number((alone, _of_place(context, partition)))
    return context.placed[1]


def _surroundings(context: Context) -> Hashable:
    """The shapes of an operator, and what is next to it in the partition."""
    partition = context.partition
    if partition is None:
        return None
    if context.surrounded[0] is not partition:
        context.surrounded = partition, _around(context, partition)
    return context.surrounded[1]


def _around(context: Context, partition: frozenset[int]) -> Hashable:
    """The shapes, and of each operand who writes it and who reads it in the partition.

    Of these operators their traits and shapes, and which of their operands are this operator's too.
    """
    operands = _seen(context)
    own = dict(zip(operands, count()))
    around: list[Hashable] = [context.shapes, *map(own.__getitem__, operands)]
    next_to: list[int] = []
    for tensor in own:
        known = len(next_to)
        for index in context.subgraph.producers.get(tensor, ()):
            if index in partition:
                next_to.append(index)
                break
        written = len(next_to)
        next_to += [index for index in context.subgraph.consumers.get(tensor, ()) if index in partition]
        if len(next_to) - written > FEW_READERS:
            return None
        around += written - known, len(next_to) - written
    kept = context.neighbours or {}
    for index in next_to:
        if index == context.operator.index:
            around.append(None)
            continue
        number, theirs = kept[index]._as_neighbour(partition) if index in kept else (None, ())
        if number is None:
            return None
        around.append(number)
        around += map(own.get, theirs)
    return None if context.shapes is None else tuple(around)


def _seen(context: Context) -> list[int]:
    """The indices of inputs and outputs as they are seen."""
    return [OMITTED if tensor is None else tensor.index for tensor in (*context.inputs, *context.outputs)]


def _shapes(context: Context) -> Hashable:
    shapes = [None if tensor is None else tensor.shape for tensor in (*context.inputs, *context.outputs)]
    for shape in shapes:
        if shape and len(shape) > _MOST_DIMENSIONS:
            return None
    return _number(tuple(shapes))


def _of_place(context: Context, partition: frozenset[int]) -> Hashable:
    """Of each output, who reads it: how many in the partition, and whether anybody else."""
    subgraph = context.subgraph
    consumers, given = subgraph.consumers, subgraph.output_set
    places = []
    for tensor in context.operator.outputs:
        readers = consumers.get(tensor, ())
        if len(readers) == 1:  # as most have
            inside = int(readers[0] in partition)
            places.append(inside * 2 + (tensor in given or not inside))
            continue
        inside = len({index for index in readers if index in partition})
        leaves = tensor in given or not partition.issuperset(readers)
        places.append(min(inside, FEW_READERS) * 2 + leaves)
    return tuple(places)


def _of_options(operator: Operator) -> Hashable:
    options = operator.options
    known = _OPTIONS.get(id(options))
    if known is None or known[0] is not options:
        scalars = [value if value.__class__ in _SCALARS else "list" for value in options.values()]
        known = options, _number((operator.options_table, *scalars))
        if "list" not in scalars:
            # With the options that the key names by identity, but no view of a file.
            _OPTIONS.keep(id(options), known)
    traits = operator.__dict__["traits"] = operator.version, known[1]
    return traits


def _of_tensor(tensor: Tensor) -> int:
    table, shape = tensor.quantization, tensor.shape
    traits = (
        tensor.dtype,
        _FORMS.get(shape) or _FORMS.keep(shape, _form(shape)),
        tensor.constant,
        tensor.variable,
        tensor.dynamic,
        tensor.persistent,
        tensor.computed_values is None,
        None if table is None else (min(table.scale_count, 2), min(table.zero_point_count, 2), table.details),
    )
    number = tensor.__dict__["traits"] = _number(traits)  # other operands are it too
    return number


def _form(shape: tuple[int, ...]) -> tuple[int, bool, bool]:
    """What is asked most of shapes: their rank, whether there is a batch, and whether there is anything."""
    return len(shape), shape[:1] == _ONE, not shape or min(shape) > 0


_WORKED_OUT: Mapping[str, Callable[[Context], Any]] = {
    "inputs": lambda c: _tensors(c.subgraph, c.operator.inputs),
    "outputs": lambda c: _tensors(c.subgraph, c.operator.outputs),
    "intermediates": lambda c: _tensors(c.subgraph, c.operator.intermediates),
    "operands": lambda c: [tensor for tensor in (*c.inputs, *c.outputs) if tensor is not None],
    "traits": _in_place,
    "shapes": _shapes,
    "surroundings": _surroundings,
    "nearby": lambda c: False,
}

"""Random graphs of up to 90 operators, at the limits of what delegates keep of their partitions."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tests.sweeps.chains.graphs import FLOAT, HALF, INT8, Graph, Value
from tests.sweeps.chains.plans import KINDS

_STYLES = (HALF, HALF, FLOAT, INT8)
#: Kept by most delegates, with what is made of four dimensions; of 8 bits, what the CPU computes in them.
_KEPT = (
    *("ADD:constant", "MUL:constant", "ADD:two", "MUL:two", "RELU", "RELU6", "LOGISTIC", "CONV_2D:1"),
    *("DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "SPLIT", "RESHAPE"),
)
#: Refused by one delegate or another: where partitions end.
_ENDS = ("ROUND", "CEIL", "SIGN", "LOG_SOFTMAX", "LOG", "ABS", "NEG", "SQUARE", "ELU", "SIN")
_ENDS_IN_EIGHT_BITS = ("ELU", "ABS", "HARD_SWISH", "LEAKY_RELU")
_MOST, _MOST_ELEMENTS = 90, 600
#: How far the operators of one step may go beyond what was asked for.
_ROOM = 4


class Coarse(Random):
    """Numbers of few values: weights that can be packed small."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2 + self.choice((-0.5, 0.0, 0.5)) * (b - a)

    def randbytes(self, n: int) -> bytes:
        return bytes(self.choice((1, 5, 250)) for _ in range(n))


def network(seed: int) -> bytes:
    """Stretches of operators of one length, most of them, so that which is largest is a tie."""
    random = Random(seed)
    graph = Graph(random.choice(_STYLES), seed)
    graph.random = Coarse(seed)
    first = graph.input((1, random.choice((4, 6)), random.choice((4, 8)), random.choice((4, 8))))
    ends = _ENDS if graph.real else _ENDS_IN_EIGHT_BITS
    wanted, length = random.choice((12, 30, 60, _MOST)), random.choice((1, 1, 2, 3, 5))
    values, outputs = [first], list[Value]()
    while len(graph.operators) < wanted - _ROOM:
        for _ in range(length if random.random() < 0.8 else random.randint(1, 6)):
            if len(graph.operators) < wanted - _ROOM:
                values += _step(random, graph, values)
        values.append(graph.emit(random.choice(ends), [values[-1]], values[-1].shape))
        if random.random() < 0.1:
            # Nobody reads this one, and it isn't given out.
            graph.emit("RELU", [values[-1]], values[-1].shape)
        if random.random() < 0.1:
            outputs.append(values[-1])
    return graph.finish([first], list(dict.fromkeys((*outputs, values[-1]))))


def _step(random: Random, graph: Graph, values: Sequence[Value]) -> list[Value]:
    last = values[-1]
    beside = [value for value in values[-6:] if value.shape == last.shape]
    made = KINDS[random.choice(_KEPT)](graph, last, random.choice(beside), random.randrange(96))
    small = [value for value in made or () if _fits(value)]
    return small if small and len(small) == len(made or ()) else []


def _fits(value: Value) -> bool:
    count = 1
    for size in value.shape:
        count *= size
    return value.rank == 4 and 0 < count <= _MOST_ELEMENTS and min(value.shape[1:3]) > 1

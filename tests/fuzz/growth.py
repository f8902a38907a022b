"""`python -m tests.fuzz.growth [KIND ...]`: with which power of one dimension the time of an audit grows.

Each kind of graph is doubled a few times in one dimension, audited for all delegates, told in every format.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from types import FrameType

from tests.benchmarks.growth import SHAPES, by_name
from tests.building import chain, model, operator, subgraph, tensor
from tests.fuzz.targets import audit

#: Sizes of a dimension that is a number of operators, and how often it is doubled.
_OPERATORS, _DOUBLED = 200, 3
#: Powers beyond this are told.
_ALLOWED = 1.2


def operands(count: int) -> bytes:
    """One operator of many operands."""
    names = [f"x{i}" for i in range(count)]
    return model(
        [*(tensor(name, [1, 8]) for name in names), tensor("y", [count, 8])],
        [operator("CONCATENATION", names, ["y"], {"axis": 0})],
    )


def results(count: int) -> bytes:
    """One operator of many results."""
    names = [f"y{i}" for i in range(count)]
    tensors = [tensor("axis", [], "INT32", data=bytes(4)), tensor("x", [count, 8])]
    tensors += [tensor(name, [1, 8]) for name in names]
    return model(tensors, [operator("SPLIT", ["axis", "x"], names, {"num_splits": count})])


def rank(count: int) -> bytes:
    """Tensors of many dimensions."""
    return chain("RELU", "ABS", shape=[1] * count)


def channels(count: int) -> bytes:
    """Weights quantized by the channel."""
    weights = tensor(
        "w", [count, 1, 1, 4], "INT8", data=bytes(4 * count), scale=[0.5] * count, zero_point=[0] * count
    )
    tensors = [tensor("x", [1, 8, 8, 4]), weights, tensor("y", [1, 8, 8, count])]
    return model(tensors, [operator("CONV_2D", ["x", "w"], ["y"], {"stride_w": 1, "stride_h": 1})])


def spare_tensors(count: int) -> bytes:
    """Tensors that no operator reads."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8]), *(tensor(f"t{i}", [1]) for i in range(count))]
    return model(tensors, [operator("RELU", ["x"], ["y"])], inputs=["x"], outputs=["y"])


def subgraphs(count: int) -> bytes:
    """Subgraphs that nobody calls."""
    parts = [
        subgraph([tensor("x", [1, 8]), tensor("y", [1, 8])], [operator("RELU", ["x"], ["y"])])
        for _ in range(count)
    ]
    return model(subgraphs=parts)


def operator_codes(count: int) -> bytes:
    """Custom operators, each with a name of its own."""
    tensors = [tensor(f"t{i}", [1, 8]) for i in range(count + 1)]
    operators = [operator(f"Custom{i}", [f"t{i}"], [f"t{i + 1}"]) for i in range(count)]
    return model(tensors, operators, inputs=["t0"])


def metadata(count: int) -> bytes:
    """Entries of metadata."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    entries = {f"entry{i}": b"a" * 16 for i in range(count)}
    return model(tensors, [operator("RELU", ["x"], ["y"])], metadata=entries)


def signatures(count: int) -> bytes:
    """Signatures of one subgraph."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    ends = {"inputs": [{"name": "x", "tensor_index": 0}], "outputs": [{"name": "y", "tensor_index": 1}]}
    defined = [{"signature_key": f"s{i}", "subgraph_index": 0, **ends} for i in range(count)]
    return model(tensors, [operator("RELU", ["x"], ["y"])], signature_defs=defined)


def name_length(count: int) -> bytes:
    """Long names of tensors."""
    names = [letter * 20 * count for letter in "abcdefgh"]
    operators = [operator("NEG", [first], [then]) for first, then in pairwise(names)]
    return model([tensor(name, [1, 8]) for name in names], operators, inputs=[names[0]])


def custom_options(count: int) -> bytes:
    """Options of a custom operator, as long as can be."""
    tensors = [tensor("x", [1, 8]), tensor("y", [1, 8])]
    return model(tensors, [operator("Mine", ["x"], ["y"], custom_options=b"\1\4\1" * 20 * count)])


def one_tensor(count: int) -> bytes:
    """Operators of which each reads and writes the one tensor that there is."""
    operators = [operator("DEQUANTIZE", ["x"], ["x"]) for _ in range(count)]
    return model([tensor("x", [1, 8], "FLOAT16")], operators, inputs=["x"], outputs=["x"])


def crashing(count: int) -> bytes:
    """Variables, at each of which some delegate crashes since it has no input."""
    results = [f"u{i}" for i in range(count)]
    tensors = [tensor("x", [1, 8]), *(tensor(name, [], "RESOURCE") for name in results)]
    operators = [operator("VAR_HANDLE", [], [name], {"shared_name": name}) for name in results]
    return model(tensors, operators, inputs=["x"], outputs=["x"])


#: Kinds of graphs by the dimension that is doubled, and where that begins.
KINDS: dict[str, tuple[Callable[[int], bytes], int]] = {
    name: (made, _OPERATORS) for name, made in (SHAPES | by_name(one_tensor, crashing, subgraphs)).items()
}
KINDS |= {
    name: (made, 1000)
    for name, made in by_name(
        operands, results, rank, channels, spare_tensors, metadata, signatures, name_length, custom_options
    ).items()
}
KINDS |= {"operator-codes": (operator_codes, _OPERATORS // 2)}


def seconds(data: bytes) -> float:
    """Processor time of an audit and of all its formats."""
    began = time.process_time()
    audit.run(data)
    return time.process_time() - began


def calls(data: bytes) -> float:
    """Functions that are called, which no other work on the machine has a say in."""
    called = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        audit.run(data)
    finally:
        sys.setprofile(before)
    return called


def power(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The exponent by what doublings add: what is constant doesn't count."""
    added = [later - sooner for sooner, later in pairwise(times)]
    if min(added) <= 0 or times[-1] < 2 * times[0]:
        return 0.0
    return math.log2(added[-1] / added[0]) / (len(added) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.growth", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the sizes to begin with")
    parser.add_argument("--calls", action="store_true", help="count calls of functions instead of seconds")
    asked = parser.parse_args()
    measure, unit = (calls, "calls") if asked.calls else (seconds, "s")
    for kind in asked.kinds:
        made, first = KINDS[kind]
        sizes = [int(first * asked.scale) << doubled for doubled in range(_DOUBLED + 1)]
        audit.run(made(max(2, sizes[0] // 4)))
        measured = [measure(made(size)) for size in sizes]
        fitted = power(sizes, measured)
        told = ", ".join(f"{each:.2f}" if measure is seconds else f"{each:,.0f}" for each in measured)
        mark = " <- look" if fitted > _ALLOWED else ""
        print(f"{kind:24} {sizes[0]:>6} to {sizes[-1]:>6}: {told} {unit}: n^{fitted:.2f}{mark}", flush=True)


if __name__ == "__main__":
    main()

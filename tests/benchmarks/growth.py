"""How the CPU time of an audit grows with its graph: the exponent for each shape that a graph can have.

usage: python -m tests.benchmarks.growth [--small N] [--large N] [SHAPE ...]
"""

from __future__ import annotations

import argparse
import gc
import math
import tempfile
import time
from collections.abc import Callable
from typing import TypeVar

from analyzer.model_auditor import ModelAuditor, Task
from analyzer.report import render
from analyzer.report.document import audit_document, convert
from analyzer.sources import ModelSource
from tests.benchmarks.measuring import Row
from tests.building import Description, model, operator, subgraph, tensor

_SHAPE = [1, 8]
Made = TypeVar("Made", bound=Callable[..., bytes])
#: The exponent that no shape of graph should exceed.
ALLOWED = 1.1


def _floats(names: list[str]) -> list[Description]:
    return [tensor(name, _SHAPE) for name in names]


def chain(count: int) -> bytes:
    """One operator after the other."""
    names = [f"t{i}" for i in range(count + 1)]
    return model(
        _floats(names), [operator("RELU", [names[i]], [names[i + 1]]) for i in range(count)], inputs=["t0"]
    )


def every_tensor_an_output(count: int) -> bytes:
    """A chain whose every result the caller reads."""
    names = [f"t{i}" for i in range(count + 1)]
    operators = [operator("RELU", [names[i]], [names[i + 1]]) for i in range(count)]
    return model(_floats(names), operators, inputs=["t0"], outputs=names[1:])


def every_tensor_an_input(count: int) -> bytes:
    """Operators that have nothing to do with each other, each with an input of its own."""
    names = [f"t{i}" for i in range(count)]
    results = [f"u{i}" for i in range(count)]
    operators = [operator("RELU", [name], [result]) for name, result in zip(names, results, strict=True)]
    return model(_floats([*names, *results]), operators)


def fan_out(count: int) -> bytes:
    """One tensor that all operators read."""
    results = [f"u{i}" for i in range(count)]
    return model(_floats(["x", *results]), [operator("RELU", ["x"], [name]) for name in results])


def fan_in(count: int) -> bytes:
    """One operator that reads what all others write."""
    results = [f"u{i}" for i in range(count)]
    operators = [operator("RELU", ["x"], [name]) for name in results]
    joined = tensor("y", [count, 8])
    operators.append(operator("CONCATENATION", results, ["y"], {"axis": 0}))
    return model([*_floats(["x", *results]), joined], operators)


def split(count: int) -> bytes:
    """One operator that writes what each of the others reads."""
    parts, results = ([f"{side}{i}" for i in range(count)] for side in "tu")
    tensors = [tensor("x", [count, 8]), tensor("axis", [], "INT32", data=bytes(4))]
    operators = [operator("SPLIT", ["axis", "x"], parts, {"num_splits": count})]
    operators += [operator("RELU", [part], [name]) for part, name in zip(parts, results, strict=True)]
    return model([*tensors, *_floats([*parts, *results])], operators)


def rejoined(count: int) -> bytes:
    """One operator that writes very many tensors, and one that reads them all."""
    parts = [f"t{i}" for i in range(count)]
    tensors = [
        tensor("x", [count, 8]),
        tensor("axis", [], "INT32", data=bytes(4)),
        tensor("y", [count, 1, 8]),
    ]
    tensors += [tensor(part, [1, 8]) for part in parts]
    operators = [
        operator("SPLIT", ["axis", "x"], parts, {"num_splits": count}),
        operator("PACK", parts, ["y"], {"values_count": count, "axis": 0}),
    ]
    return model(tensors, operators, inputs=["x"])


def packed(count: int) -> bytes:
    """One operator that reads very many tensors, all inputs of the graph."""
    names = [f"x{i}" for i in range(count)]
    packing = operator("PACK", names, ["y"], {"values_count": count, "axis": 0})
    return model([*_floats(names), tensor("y", [count, *_SHAPE])], [packing])


def alternating(count: int) -> bytes:
    """A chain of which no delegate takes every second operator: as many partitions as can be."""
    names = [f"t{i}" for i in range(count + 1)]
    operators = [
        operator("RELU" if i % 2 else "MyOperator", [names[i]], [names[i + 1]]) for i in range(count)
    ]
    return model(_floats(names), operators, inputs=["t0"])


def alternating_sharing(count: int) -> bytes:
    """The same, with one operand that all operators of all partitions read."""
    names = [f"t{i}" for i in range(count + 1)]
    operators = [
        operator("ADD" if i % 2 else "MyOperator", [names[i], "x"], [names[i + 1]]) for i in range(count)
    ]
    return model(_floats([*names, "x"]), operators, inputs=["t0", "x"])


def refused(count: int) -> bytes:
    """Operators that no delegate takes, each for a finding of its own."""
    names = [f"t{i}" for i in range(count + 1)]
    tensors = [tensor(name, [1, 2, 2, 2, 2, 2]) for name in names]
    operators = [operator("RELU", [names[i]], [names[i + 1]]) for i in range(count)]
    return model(tensors, operators, inputs=["t0"])


def skips(count: int) -> bytes:
    """Two chains that meet at every step."""
    names = [f"t{i}" for i in range(count + 2)]
    operators = [operator("ADD", [names[i], names[i + 1]], [names[i + 2]]) for i in range(count)]
    return model(_floats(names), operators, inputs=["t0", "t1"])


def dequantize(count: int) -> bytes:
    """Float16 constants, each behind a DEQUANTIZE of its own."""
    half = count // 2
    steps = [f"t{i}" for i in range(half + 1)]
    tensors, operators = _floats(steps), []
    for i in range(half):
        tensors += [tensor(f"c{i}", _SHAPE, "FLOAT16", data=bytes(16)), tensor(f"d{i}", _SHAPE)]
        operators.append(operator("DEQUANTIZE", [f"c{i}"], [f"d{i}"]))
        operators.append(operator("ADD", [steps[i], f"d{i}"], [steps[i + 1]]))
    return model(tensors, operators, inputs=["t0"])


def shared_dequantize(count: int) -> bytes:
    """One float16 constant behind a DEQUANTIZE that all operators read."""
    steps = [f"t{i}" for i in range(count + 1)]
    tensors = [*_floats([*steps, "d"]), tensor("c", _SHAPE, "FLOAT16", data=bytes(16))]
    operators = [operator("DEQUANTIZE", ["c"], ["d"])]
    operators += [operator("ADD", [steps[i], "d"], [steps[i + 1]]) for i in range(count - 1)]
    return model(tensors, operators, inputs=["t0"])


def fan_of_dequantize(count: int) -> bytes:
    """One operator that reads many float16 constants, each through a DEQUANTIZE."""
    tensors, operators = [], []
    for i in range(count):
        tensors += [tensor(f"c{i}", _SHAPE, "FLOAT16", data=bytes(16)), tensor(f"d{i}", _SHAPE)]
        operators.append(operator("DEQUANTIZE", [f"c{i}"], [f"d{i}"]))
    operators.append(operator("CONCATENATION", [f"d{i}" for i in range(count)], ["y"], {"axis": 0}))
    return model([*tensors, tensor("y", [count, 8])], operators)


def while_bodies(count: int) -> bytes:
    """Loops one after the other, each with a condition and a body of its own."""
    loops = count // 3
    steps = [f"t{i}" for i in range(loops + 1)]
    graphs = [
        subgraph(
            _floats(steps),
            [
                operator(
                    "WHILE",
                    [steps[i]],
                    [steps[i + 1]],
                    {"cond_subgraph_index": 2 * i + 1, "body_subgraph_index": 2 * i + 2},
                )
                for i in range(loops)
            ],
            inputs=["t0"],
        )
    ]
    for i in range(loops):
        zero, least = tensor("z", [], data=bytes(4)), tensor("l", [], "BOOL")
        part = [*_floats(["x"]), tensor("axes", [2], "INT32", data=b"\0\0\0\0\1\0\0\0"), tensor("m", [])]
        condition = [operator("SUM", ["x", "axes"], ["m"]), operator("LESS", ["m", "z"], ["l"])]
        graphs.append(subgraph([*part, zero, least], condition, inputs=["x"], name=f"cond{i}"))
        graphs.append(
            subgraph(_floats(["x", "y"]), [operator("RELU", ["x"], ["y"])], inputs=["x"], name=f"body{i}")
        )
    return model(subgraphs=graphs)


def shared_body(count: int) -> bytes:
    """Loops over one condition and one body."""
    steps = [f"t{i}" for i in range(count + 1)]
    whole = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    loops = [operator("WHILE", [steps[i]], [steps[i + 1]], whole) for i in range(count)]
    condition = [tensor("x", _SHAPE), tensor("l", [], "BOOL", data=b"\1")]
    body = subgraph(_floats(["x", "y"]), [operator("RELU", ["x"], ["y"])], inputs=["x"], name="body")
    return model(
        subgraphs=[
            subgraph(_floats(steps), loops, inputs=["t0"]),
            subgraph(condition, [], inputs=["x"], outputs=["l"], name="cond"),
            body,
        ]
    )


def one_variable(count: int) -> bytes:
    """A variable that all operators write and read in turn."""
    results = [f"u{i}" for i in range(count // 2)]
    tensors = [*_floats(["x", *results]), tensor("v", [], "RESOURCE")]
    operators = [operator("VAR_HANDLE", [], ["v"], {"shared_name": "v"})]
    for name in results:
        operators.append(operator("ASSIGN_VARIABLE", ["v", "x"], []))
        operators.append(operator("READ_VARIABLE", ["v"], [name]))
    return model(tensors, operators, inputs=["x"])


def shared_scales(count: int) -> bytes:
    """Layers that share weights of as many scales as there are layers."""
    results = [f"u{i}" for i in range(count)]
    whole: Description = {"type": "INT8", "scale": [0.5]}
    tensors = [tensor(name, [1, count], **whole) for name in results]
    weights = tensor("w", [count, 1], "INT8", data=bytes(count), scale=[0.5] * count)
    bias = tensor("b", [count], "INT32", data=bytes(4 * count), scale=[0.25] * count)
    operators = [operator("FULLY_CONNECTED", ["x", "w", "b"], [name]) for name in results]
    return model([tensor("x", [1, 1], **whole), weights, bias, *tensors], operators, inputs=["x"])


def by_name(*made: Made) -> dict[str, Made]:
    """Functions that make models, by what a command calls them."""
    return {each.__name__.replace("_", "-"): each for each in made}


SHAPES: dict[str, Callable[[int], bytes]] = by_name(
    chain,
    every_tensor_an_output,
    every_tensor_an_input,
    fan_out,
    fan_in,
    packed,
    split,
    rejoined,
    alternating,
    alternating_sharing,
    refused,
    skips,
    dequantize,
    shared_dequantize,
    fan_of_dequantize,
    while_bodies,
    shared_body,
    one_variable,
    shared_scales,
)

#: Operators of shapes that would have more than 10,000 subgraphs, which no audit takes.
MOST = {"while-bodies": 14_000}


def seconds(content: bytes, runs: int) -> float:
    """CPU seconds from a file to its JSON under the usual delegates: the least of several runs."""
    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(content)
        file.flush()
        auditor = ModelAuditor(Task())
        measured = []
        for _ in range(runs):
            gc.collect()
            start = time.process_time()
            result = auditor.audit(ModelSource("model", file.name))
            if result.model.error is not None:
                raise SystemExit(f"{result.model.error.message}: ask for fewer with --large")
            render(convert.whole([result.model], audit_document.Policy()), "json")
            measured.append(time.process_time() - start)
    return min(measured)


def row(shape: str, small: int, large: int) -> Row:
    """CPU seconds at both sizes, or smaller ones alike, and the power of the size by which they differ."""
    most = min(large, MOST.get(shape, large))
    small, large = small * most // large, most
    few, many = seconds(SHAPES[shape](small), 2), seconds(SHAPES[shape](large), 2)
    power = math.log(many / few) / math.log(large / small)
    return Row(
        f"{small} to {large} operators, {shape}", f"{few:.2f} to {many:.2f} s: n^{power:.2f}", f"n^{ALLOWED}"
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("shapes", nargs="*", default=list(SHAPES), metavar="SHAPE", help=", ".join(SHAPES))
    asked.add_argument("--small", type=int, default=10_000)
    asked.add_argument("--large", type=int, default=50_000)
    wanted = asked.parse_args()
    gc.set_threshold(1_000_000, 20, 100)  # as the program has it
    for shape in wanted.shapes:
        print(row(shape, wanted.small, wanted.large), flush=True)


if __name__ == "__main__":
    main()

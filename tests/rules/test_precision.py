"""What half floats don't hold on a GPU, and what eight bits lose: hazards of the stage run."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, tensor

DELEGATES = ("gpu", "litert-gpu")
PACKS = Packs()
SHAPE = [1, 4, 4, 8]
REDUCED = [1, 1, 1, 8]
KEEP = {"keep_dims": True}
OPTIONS = {"SOFTMAX": {"beta": 1.0}}


def hazards(data: bytes, spec: str) -> set[str]:
    """The last parts of the names of hazards, of operators and of the graph."""
    [audit] = Auditor(PACKS, configure(PACKS, [spec])).audit(read_bytes(data, "m")).delegates
    assert audit.summary.selected.verdict == "full"
    findings = [finding for row in audit.operators for finding in row.findings]
    findings += [blocker.finding for blocker in audit.blockers]
    return {f.rule.rsplit("/", 1)[1] for f in findings if f.severity == "hazard"}


def float32(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def after_constant(op: str, value: float, *readers: str, shape: Sequence[int] = SHAPE) -> bytes:
    """An operator with a constant, and those that read its output one after the other."""
    names = ["x", *(f"t{i}" for i in range(len(readers) + 1))]
    tensors = [tensor(name, shape) for name in names] + [tensor("c", [1], data=float32(value))]
    operators = [operator(op, ["x", "c"], ["t0"])]
    operators += [
        operator(name, [f"t{i}"], [f"t{i + 1}"], OPTIONS.get(name, {})) for i, name in enumerate(readers)
    ]
    return model(tensors, operators, inputs=["x"], outputs=[names[-1]])


def reduced(op: str, *before: str, shape: Sequence[int]) -> bytes:
    """Operators of one input, and then a reduction over height and width."""
    names = ["x", *(f"t{i}" for i in range(len(before)))]
    tensors = [tensor(name, shape) for name in names]
    axes = struct.pack("<2i", 1, 2)
    tensors += [tensor("axes", [2], "INT32", data=axes), tensor("y", [shape[0], 1, 1, shape[3]])]
    operators = [operator(name, [names[i]], [names[i + 1]]) for i, name in enumerate(before)]
    return model(
        tensors, [*operators, operator(op, [names[-1], "axes"], ["y"], KEEP)], inputs=["x"], outputs=["y"]
    )


def variance(epsilon: float) -> bytes:
    """(E[x^2] - E[x]^2 + epsilon)^-0.5 over height and width."""
    full, small = ["x", "squares"], ["mean", "of-squares", "squared", "variance", "more", "y"]
    tensors = [tensor(name, SHAPE) for name in full] + [tensor(name, REDUCED) for name in small]
    tensors.append(tensor("axes", [2], "INT32", data=struct.pack("<2i", 1, 2)))
    tensors.append(tensor("epsilon", [1], data=float32(epsilon)))
    operators = [
        operator("SQUARE", ["x"], ["squares"]),
        operator("MEAN", ["x", "axes"], ["mean"], KEEP),
        operator("MEAN", ["squares", "axes"], ["of-squares"], KEEP),
        operator("SQUARE", ["mean"], ["squared"]),
        operator("SUB", ["of-squares", "squared"], ["variance"]),
        operator("ADD", ["variance", "epsilon"], ["more"]),
        operator("RSQRT", ["more"], ["y"]),
    ]
    return model(tensors, operators, inputs=["x"], outputs=["y"])


def convolutions(number: int) -> bytes:
    """8-bit convolutions of 1x1, one after the other."""
    tensors = [tensor(f"t{i}", SHAPE, "INT8", scale=[0.1]) for i in range(number + 1)]
    tensors.append(tensor("weights", [8, 1, 1, 8], "INT8", data=bytes(64), scale=[0.1]))
    tensors.append(tensor("bias", [8], "INT32", data=bytes(32), scale=[0.01]))
    options = {"padding": "SAME", "stride_w": 1, "stride_h": 1}
    options |= {"dilation_w_factor": 1, "dilation_h_factor": 1}
    operators: list[Description] = [
        operator("CONV_2D", [f"t{i}", "weights", "bias"], [f"t{i + 1}"], options, version=3)
        for i in range(number)
    ]
    return model(tensors, operators, inputs=["t0"], outputs=[f"t{number}"])


def eight_bit_output(scale: float) -> bytes:
    tensors = [tensor("x", SHAPE, "INT8", scale=[scale]), tensor("y", SHAPE, "INT8", scale=[scale])]
    return model(tensors, [operator("RELU", ["x"], ["y"], version=2)], inputs=["x"], outputs=["y"])


CASES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "a mask multiplied": (lambda: after_constant("MUL", -1e9, "SOFTMAX"), {"float16-constant"}),
    "a mask added": (lambda: after_constant("ADD", -1e9, "SOFTMAX"), set()),
    "a mask that leaves": (lambda: after_constant("ADD", -1e9), {"float16-constant"}),
    "the largest half float": (lambda: after_constant("MUL", 65504), set()),
    "infinite on the CPU too": (lambda: after_constant("MUL", float("inf")), set()),
    "an epsilon of BERT": (lambda: after_constant("ADD", 1e-12, "RSQRT"), {"float16-epsilon"}),
    "a floor": (lambda: after_constant("MAXIMUM", 1e-12, "SQRT"), {"float16-epsilon"}),
    "an epsilon of Keras": (lambda: after_constant("ADD", 1e-3, "RSQRT"), set()),
    "zero": (lambda: after_constant("ADD", 0.0, "RSQRT"), set()),
    "an epsilon that divides nothing": (lambda: after_constant("ADD", 1e-12, "RELU"), set()),
    "divided by next to nothing": (lambda: after_constant("DIV", 1e-9), {"float16-epsilon"}),
    "many squares": (lambda: reduced("SUM", "SQUARE", shape=[1, 257, 256, 4]), {"float16-sum"}),
    "fewer squares": (lambda: reduced("SUM", "SQUARE", shape=[1, 128, 256, 4]), set()),
    "many numbers of either sign": (lambda: reduced("SUM", "TANH", shape=[1, 257, 256, 4]), set()),
    "the mean of many squares": (lambda: reduced("MEAN", "SQUARE", shape=[1, 257, 256, 4]), set()),
    "a difference of squares": (lambda: variance(1e-5), {"float16-variance"}),
    "with room for it": (lambda: variance(1e-3), set()),
    "8 bits that reach far": (lambda: eight_bit_output(600.0), {"float16-range"}),
    "8 bits": (lambda: eight_bit_output(1.0), set()),
    "a deep 8-bit network": (lambda: convolutions(50), {"eight-bit-drift"}),
    "a shallow one": (lambda: convolutions(49), set()),
}


@pytest.mark.parametrize("delegate", DELEGATES)
@pytest.mark.parametrize("case", CASES)
def test_what_half_floats_and_eight_bits_lose(case: str, delegate: str) -> None:
    build, expected = CASES[case]
    assert {name for name in hazards(build(), delegate) if _asked(name)} == expected


@pytest.mark.parametrize("delegate", DELEGATES)
def test_an_app_that_computes_in_float32_is_told_nothing_of_it(delegate: str) -> None:
    data = after_constant("MUL", -1e9, "SOFTMAX")
    assert not any(map(_asked, hazards(data, f"{delegate}:precision=fp32")))


def _asked(name: str) -> bool:
    return name.startswith("float16-") or name == "eight-bit-drift"

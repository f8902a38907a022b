"""What changed between releases of a runtime, delegate by delegate: which of them take an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from analyzer.expressions.vocabulary import Context
from analyzer.model import read_bytes
from analyzer.rules.judging.judge import Judge, Verdict
from analyzer.rules.parameters import resolve
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, tensor

PACKS = Packs()
IMAGE = [1, 4, 4, 8]


def unary(name: str, **options: Any) -> Context:
    return context([tensor("x", IMAGE), tensor("y", IMAGE)], operator(name, ["x"], ["y"], options))


def binary(name: str, a: Sequence[int], b: Sequence[int], y: Sequence[int], **more: Any) -> Context:
    return context(
        [tensor("a", a), tensor("b", b), tensor("y", y)], operator(name, ["a", "b"], ["y"], **more)
    )


def with_numbers(
    name: str, *shapes: Sequence[int], y: Sequence[int] = IMAGE, x: Sequence[int] = IMAGE, **more: Any
) -> Context:
    """An operator whose operands after the first are constants of INT32 ones."""
    ones = bytes([1, 0, 0, 0]) * 64
    numbers = [tensor(f"n{i}", shape, "INT32", data=ones) for i, shape in enumerate(shapes)]
    operands = ["x", *(number["name"] for number in numbers)]
    return context([tensor("x", x), *numbers, tensor("y", y)], operator(name, operands, ["y"], **more))


def select(
    name: str = "SELECT_V2",
    *,
    by: str = "BOOL",
    dtype: str = "FLOAT32",
    shape: Sequence[int] = IMAGE,
    constant: bool = False,
    condition: Sequence[int] | None = None,
) -> Context:
    data = bytes(4 * 256) if constant else None
    tensors = [
        tensor("c", shape if condition is None else condition, by),
        tensor("a", shape, dtype, data=data),
        tensor("b", shape, dtype, data=data),
        tensor("y", shape, dtype),
    ]
    return context(tensors, operator(name, ["c", "a", "b"], ["y"]))


def dense(constant: bool) -> Context:
    data = bytes(32) if constant else None
    tensors = [tensor("x", [1, 8], data=data), tensor("w", [4, 8]), tensor("y", [1, 4])]
    return context(tensors, operator("FULLY_CONNECTED", ["x", "w"], ["y"]))


def depthwise(multiplier: int, channels: int) -> Context:
    made = channels * multiplier
    tensors = [
        tensor("x", [1, 8, 8, channels]),
        tensor("w", [1, 3, 3, made], data=bytes(36 * made)),
        tensor("b", [made], data=bytes(4 * made)),
        tensor("y", [1, 8, 8, made]),
    ]
    options = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    options["depth_multiplier"] = multiplier
    return context(tensors, operator("DEPTHWISE_CONV_2D", ["x", "w", "b"], ["y"], options))


def basic_lstm(units: int) -> Context:
    shapes = {"x": [1, 2], "h": [1, units], "s": [1, units], "H": [1, units], "S": [1, units]}
    shapes |= {"t": [1, 2 + units], "g": [1, 4 * units + 2]}
    tensors = [tensor(name, shape) for name, shape in shapes.items()]
    tensors += [tensor("w", [4], data=bytes(16)), tensor("b", [4], data=bytes(16))]
    options = {"kernel_type": "BASIC", "fused_activation_function": "TANH"}
    return context(tensors, operator("LSTM", ["x", "h", "w", "b", "s"], ["H", "S", "t", "g"], options))


def context(tensors: list[Description], *operators: Description) -> Context:
    """The last of the operators, in its surroundings."""
    subgraph = read_bytes(model(tensors, operators), "m.tflite").subgraphs[0]
    return Context(subgraph, subgraph.operators[-1])


def releases(delegate: str) -> list[str]:
    return [str(release) for release in PACKS.get(delegate).parameters["runtime"].values]


def verdict(delegate: str, given: Context, release: str) -> Verdict:
    pack = PACKS.get(delegate)
    return Judge(pack, resolve(pack, {"runtime": release})).verdict(given)


def taken(delegate: str, given: Context) -> list[str]:
    """The releases in which the delegate takes an operator."""
    return [release for release in releases(delegate) if verdict(delegate, given, release).supported]


def between(delegate: str, first: str, last: str = "") -> list[str]:
    known = releases(delegate)
    return known[known.index(first) : known.index(last) + 1 if last else None]


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        (unary("RELU6"), "tflite-2.12", ""),
        (unary("GELU"), "tflite-2.14", ""),
        (unary("SIGN"), "tflite-2.14", ""),
        (unary("RELU_0_TO_1"), "2.1", ""),
        (with_numbers("GATHER", [4]), "tflite-2.14", ""),
        (with_numbers("PADV2", [4, 2]), "tflite-2.14", ""),
        (with_numbers("PAD", [4, 2]), "tflite-2.12", ""),
        (
            context([tensor("x", [2, 8]), tensor("y", [8])], operator("UNPACK", ["x"], ["y"])),
            "tflite-2.14",
            "",
        ),
        (binary("ADD_N", IMAGE, IMAGE, IMAGE), "tflite-2.14", ""),
        # different ranks
        (binary("ADD", IMAGE, [1, 8], IMAGE), "tflite-2.12", ""),
        (binary("ADD", IMAGE, [4, 8], IMAGE), "tflite-2.12", "tflite-2.16"),
        (binary("MUL", IMAGE, [4, 8], IMAGE), "tflite-2.12", "tflite-2.16"),
        # both inputs broadcast
        (binary("MUL", [4, 1], [1, 8], [4, 8]), "1.1", ""),
        (binary("ADD", [4, 1], [1, 8], [4, 8]), "tflite-2.12", ""),
        # operator versions
        (with_numbers("TRANSPOSE", [4], version=2), "tflite-2.12", ""),
        (with_numbers("TRANSPOSE", [4], version=4), "tflite-2.14", ""),
        (with_numbers("STRIDED_SLICE", [4], [4], [4], version=4), "tflite-2.14", ""),
        # selection
        (select("SELECT"), "tflite-2.14", ""),
        (select(by="FLOAT32"), "tflite-2.12", ""),
        (select(by="BOOL"), "tflite-2.14", ""),
        (select(dtype="INT8"), "1.1", ""),
        (select(shape=[4, 8], by="FLOAT32"), "tflite-2.12", "2.1.5"),
        (select(condition=[3]), "tflite-2.14", "2.1.5"),
        # operands
        (dense(constant=False), "tflite-2.12", ""),
        (dense(constant=True), "tflite-2.12", "tflite-2.12"),
        (depthwise(2, 1), "tflite-2.12", ""),
        (depthwise(2, 8), "2.1", ""),
        (basic_lstm(4), "tflite-2.12", "2.1.5"),
    ],
)
def test_gpu(given: Context, first: str, last: str) -> None:
    assert taken("gpu", given) == between("gpu", first, last)


def test_gpu_had_the_dimensions_of_constants_the_wrong_way_round() -> None:
    given = select(shape=[4, 8], by="FLOAT32", constant=True)
    assert taken("gpu", given) == ["tflite-2.12", "tflite-2.14", *between("gpu", "2.1.6")]


def quantized_dense(scales: int) -> Context:
    tensors = [
        tensor("x", [1, 8], "INT8", scale=[0.5]),
        tensor("w", [4, 8], "INT8", data=bytes(32), scale=[0.5] * scales),
        tensor("b", [4], "INT32", data=bytes(16), scale=[0.25]),
        tensor("y", [1, 4], "INT8", scale=[0.5]),
    ]
    return context(tensors, operator("FULLY_CONNECTED", ["x", "w", "b"], ["y"]))


@pytest.mark.parametrize(("scales", "last"), [(1, ""), (4, "2.1")])
def test_hexagon_weights_per_channel(scales: int, last: str) -> None:
    assert taken("hexagon", quantized_dense(scales)) == between("hexagon", "1.1", last)


def test_hexagon_got_weights_per_channel_wrong_where_it_took_them() -> None:
    found = verdict("hexagon", quantized_dense(4), "2.0").findings
    assert [finding.rule for finding in found] == ["hexagon/fully-connected/first-scale"]


def test_coreml_refuses_five_dimensions_where_it_once_crashed() -> None:
    given = binary("ADD", [1, *IMAGE], [1, *IMAGE], [1, *IMAGE])
    crashing = [release for release in releases("coreml") if verdict("coreml", given, release).crashes]
    assert crashing == between("coreml", "1.1", "2.1.5")
    assert taken("coreml", given) == []


def half(name: str, **options: Any) -> Context:
    tensors = [tensor("x", IMAGE, "FLOAT16"), tensor("y", IMAGE, "FLOAT16")]
    return context(tensors, operator(name, ["x"], ["y"], options))


def convolution(*halves: str) -> Context:
    """A CONV_2D; those of its "w" and "b" that are named come out of a DEQUANTIZE of float16."""
    stored = [
        tensor("w", [4, 3, 3, 8], data=None if "w" in halves else bytes(4 * 288)),
        tensor("b", [4], data=None if "b" in halves else bytes(16)),
    ]
    shapes = {one["name"]: one["shape"] for one in stored}
    packed = [tensor(f"{name}16", shapes[name], "FLOAT16", data=bytes(2 * 288)) for name in halves]
    unpacking = [operator("DEQUANTIZE", [f"{name}16"], [name]) for name in halves]
    options = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    convolving = operator("CONV_2D", ["x", "w", "b"], ["y"], options)
    return context([tensor("x", IMAGE), *stored, *packed, tensor("y", [1, 4, 4, 4])], *unpacking, convolving)


def product(dtype: str, zero_point: int = 0) -> Context:
    shapes = {"x": [4, 8], "z": [8, 4], "y": [4, 4]}
    tensors = [
        tensor(name, shape, dtype, scale=[0.5], zero_point=[zero_point if name == "z" else 0])
        for name, shape in shapes.items()
    ]
    return context(tensors, operator("BATCH_MATMUL", ["x", "z"], ["y"]))


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        (unary("ABS"), "1.0", ""),
        (unary("SIN"), "1.3", ""),
        (unary("LOG"), "2.1.6", ""),
        (unary("GELU", approximate=True), "1.2", ""),
        (with_numbers("REDUCE_MAX", [1]), "1.3", ""),
        (with_numbers("STRIDED_SLICE", [4], [4], [4]), "1.1", ""),
        # float16
        (half("ABS"), "1.3", ""),
        (half("TANH"), "2.1.3", ""),
        (half("SOFTMAX", beta=1.0), "2.2", ""),
        (convolution(), "1.0", ""),
        (convolution("w", "b"), "1.0", ""),
        (convolution("b"), "1.0", "1.3"),
        # 8 bits
        (product("FLOAT32"), "1.0", ""),
        (product("INT8"), "2.0", ""),
        (product("INT8", zero_point=3), "2.0", "2.1"),
    ],
)
def test_xnnpack(given: Context, first: str, last: str) -> None:
    assert taken("xnnpack", given) == between("xnnpack", first, last)


def test_xnnpack_mixed_precision_was_refused_for_a_while() -> None:
    given = convolution("w")
    assert taken("xnnpack", given) == [*between("xnnpack", "1.0", "1.3"), *between("xnnpack", "2.2")]


def one_hot(shape: Sequence[int]) -> Context:
    numbers = [tensor("n", data=bytes(4), type="INT32"), *(tensor(v, data=bytes(4)) for v in ("on", "off"))]
    tensors = [tensor("x", shape, "INT32"), *numbers, tensor("y", [*shape, 4])]
    return context(tensors, operator("ONE_HOT", ["x", "n", "on", "off"], ["y"], {"axis": -1}))


@pytest.mark.parametrize(
    ("given", "first", "last"),
    [
        (unary("RELU6"), "2.1.3", ""),
        (unary("RELU_0_TO_1"), "2.1.3", "2.1.4"),
        (binary("ADD", IMAGE, IMAGE, IMAGE, version=2), "2.1.3", ""),
        (binary("ADD", IMAGE, IMAGE, IMAGE, version=3), "2.1.6", ""),
        (with_numbers("TRANSPOSE", [4], version=6), "2.1.6", ""),
        (one_hot([1, 8]), "2.1.3", ""),
        (one_hot([2, 8]), "2.2", ""),
    ],
)
def test_litert_gpu(given: Context, first: str, last: str) -> None:
    assert taken("litert-gpu", given) == between("litert-gpu", first, last)


@pytest.mark.parametrize("delegate", PACKS.names())
def test_the_newest_release_is_the_default(delegate: str) -> None:
    parameters = PACKS.get(delegate).parameters
    if "runtime" in parameters:
        assert parameters["runtime"].default == releases(delegate)[-1]

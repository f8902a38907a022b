"""What the classic GPU delegate makes of a model where OpenCL can't be opened, beside what works."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from analyzer.auditing.auditor import Auditor
from analyzer.auditing.configurations import configure
from analyzer.model import read_bytes
from analyzer.rules.registry import Packs
from tests.building import Description, model, operator, tensor

MAP = (1, 6, 6, 8)


PACKS = Packs()
JUDGES = {spec: configure(PACKS, [spec]) for spec in ("gpu", "gpu:opencl=false")}


def said(content: bytes, spec: str = "gpu:opencl=false") -> dict[str, str]:
    """What OpenGL alone does to the operators that the delegate takes: rule -> severity."""
    [audit] = Auditor(PACKS, JUDGES[spec]).audit(read_bytes(content, "test")).delegates
    return {
        f.rule.removeprefix("gpu/"): f.severity
        for o in audit.operators
        for f in o.findings
        if "opengl" in f.rule
    }


def constant(name: str, shape: tuple[int, ...], value: float = 1.5) -> Description:
    count = 1
    for size in shape:
        count *= size
    return tensor(name, shape, data=struct.pack(f"<{count}f", *[value] * count))


def numbers(name: str, *values: int, shape: tuple[int, ...] | None = None) -> Description:
    return tensor(name, shape or (len(values),), "INT32", data=struct.pack(f"<{len(values)}i", *values))


def one(name: str, tensors: list[Description], options: dict[str, Any] | None = None) -> bytes:
    """A model of one operator that reads all tensors but the last and writes that."""
    names = [found["name"] for found in tensors]
    return model(tensors, [operator(name, names[:-1], names[-1:], options or {})])


def pair(name: str, first: tuple[int, ...], second: tuple[int, ...], result: tuple[int, ...]) -> bytes:
    return one(name, [tensor("a", first), tensor("b", second), tensor("y", result)])


def beside(
    name: str, data: tuple[int, ...], other: tuple[int, ...], result: tuple[int, ...] | None = None
) -> bytes:
    return one(name, [tensor("x", data), constant("c", other), tensor("y", result or data)])


def mean(axes: tuple[int, ...], shape: tuple[int, ...], result: tuple[int, ...]) -> bytes:
    return one("MEAN", [tensor("x", shape), numbers("axes", *axes), tensor("y", result)], {"keep_dims": True})


def resize(name: str, before: int, after: int) -> bytes:
    tensors = [tensor("x", (1, before, before, 8)), numbers("size", after, after)]
    return one(name, [*tensors, tensor("y", (1, after, after, 8))])


def pad(fill: float, amount: int = 1, rank: int = 4) -> bytes:
    paddings = [0, 0, amount, amount, amount, amount, 0, 0] if rank == 4 else [0, 0, amount, amount, 0, 0]
    size = 6 + 2 * amount
    data, result = ((1, 6, 6, 8), (1, size, size, 8)) if rank == 4 else ((1, 6, 8), (1, size, 8))
    tensors = [tensor("x", data), numbers("p", *paddings, shape=(rank, 2)), constant("fill", (), fill)]
    return one("PADV2", [*tensors, tensor("y", result)])


def convolution(channels: int, filters: tuple[int, ...] = (8, 3, 3, 8), stored: bool = True) -> bytes:
    weights = constant("w", filters) if stored else tensor("w", filters)
    tensors = [tensor("x", (1, 6, 6, channels)), weights, constant("b", (8,)), tensor("y", MAP)]
    return one(
        "CONV_2D", tensors, {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
    )


def joined(
    pieces: list[Description], axis: int, result: tuple[int, ...], name: str = "CONCATENATION"
) -> bytes:
    options = {"axis": axis, "values_count": len(pieces)} if name == "PACK" else {"axis": axis}
    return one(name, [*pieces, tensor("y", result)], options)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # Batches: the first dimension of any rank.
        (pair("ADD", MAP, MAP, MAP), {}),
        (pair("ADD", (2, 6, 6, 8), (2, 6, 6, 8), (2, 6, 6, 8)), {"every-op/opengl-batch": "fails"}),
        (pair("ADD", (8,), (8,), (8,)), {"every-op/opengl-batch": "fails"}),
        (pair("ADD", (2, 4), (2, 4), (2, 4)), {"every-op/opengl-four-channels": "wrong"}),
        (
            one("RESHAPE", [tensor("x", (1, 8, 4)), numbers("s", 8, 4), tensor("y", (8, 4))]),
            {"every-op/opengl-batches": "fails", "every-op/opengl-four-channels": "wrong"},
        ),
        # Constants.
        (beside("SUB", MAP, ()), {}),
        (beside("SUB", MAP, (8,)), {}),
        (beside("SUB", MAP, (1, 1, 1, 8)), {}),
        (beside("SUB", MAP, MAP), {"sub/opengl-constant": "fails"}),
        (beside("MAXIMUM", MAP, (1, 6, 6, 1)), {"maximum/opengl-constant": "fails"}),
        (beside("ADD", MAP, MAP), {}),
        (beside("ADD", MAP, (1, 6, 1, 8)), {}),
        (beside("MUL", MAP, (1, 6, 6, 1)), {}),
        (beside("MUL", MAP, (1, 6, 1, 8)), {"mul/opengl-map": "wrong"}),
        (beside("ADD", (1, 6, 6, 1), (8,), MAP), {"add/opengl-larger": "wrong"}),
        (beside("MUL", (1, 6, 6, 1), (1,)), {}),
        # Two computed inputs.
        (pair("DIV", MAP, (1, 1, 1, 8), MAP), {}),
        (pair("DIV", (1, 1, 1, 8), MAP, MAP), {"div/opengl-pair": "crash"}),
        (pair("MINIMUM", MAP, (1, 6, 6, 1), MAP), {"minimum/opengl-pair": "crash"}),
        (pair("ADD", (1, 1, 1, 8), MAP, MAP), {}),
        (pair("ADD", MAP, (1, 6, 6, 1), MAP), {"add/opengl-sum": "fails"}),
        (pair("MUL", MAP, (1, 6, 6, 1), MAP), {}),
        (pair("MUL", (1, 1, 6, 8), MAP, MAP), {}),
        (pair("MUL", (1, 6, 6, 1), MAP, MAP), {"mul/opengl-product": "fails"}),
        # What has no kernel, or one for some.
        (mean((1, 2), MAP, (1, 1, 1, 8)), {}),
        (mean((-2, 1), MAP, (1, 1, 1, 8)), {}),
        (mean((2,), MAP, (1, 6, 1, 8)), {"mean/opengl": "fails"}),
        (mean((1, 2, 3), MAP, (1, 1, 1, 1)), {"mean/opengl": "fails"}),
        (mean((1,), (1, 6, 8), (1, 1, 8)), {"mean/opengl": "fails"}),
        (resize("RESIZE_BILINEAR", 6, 12), {}),
        (resize("RESIZE_BILINEAR", 6, 3), {"resize-bilinear/opengl-shrinks": "fails"}),
        (resize("RESIZE_NEAREST_NEIGHBOR", 6, 3), {"resize-nearest-neighbor/opengl-shrinks": "fails"}),
        (convolution(8), {}),
        (convolution(16), {"conv-2d/opengl-groups": "fails"}),
        (convolution(8, (8, 3, 3, 1)), {}),
        (
            convolution(8, stored=False),
            {
                "conv-2d/opengl-weights": "fails",
                "every-op/opengl-batch": "fails",
                "every-op/opengl-batches": "fails",
            },
        ),
        (one("FLOOR", [tensor("x", MAP), tensor("y", MAP)]), {}),
        (one("SIGN", [tensor("x", MAP), tensor("y", MAP)]), {"every-op/opengl": "fails"}),
        (beside("BATCH_MATMUL", (1, 6, 8), (8, 8)), {}),
        (pair("BATCH_MATMUL", (1, 6, 8), (1, 8, 8), (1, 6, 8)), {"batch-matmul/opengl": "fails"}),
        # Paddings.
        (pad(0), {}),
        (pad(1.5), {"padv2/opengl-fill": "wrong"}),
        (pad(1.5, amount=0), {}),
        (pad(0, rank=3), {"padv2/opengl-pad-rank": "fails"}),
        # Constants among the pieces.
        (joined([tensor("a", MAP), tensor("b", MAP)], 3, (1, 6, 6, 16)), {}),
        (joined([tensor("a", MAP), constant("c", MAP, 0)], 3, (1, 6, 6, 16)), {}),
        (
            joined([tensor("a", MAP), constant("c", MAP)], 3, (1, 6, 6, 16)),
            {"concatenation/opengl-constant": "fails"},
        ),
        (
            joined([tensor("a", (1, 6)), constant("c", (1, 6))], 1, (1, 2, 6), "PACK"),
            {"pack/opengl-constant": "fails"},
        ),
    ],
)
def test_one_operator(content: bytes, expected: dict[str, str]) -> None:
    assert said(content) == expected


def behind(
    writer: Callable[[], tuple[list[Description], Description]], reader: str, given: bool = True
) -> bytes:
    """An operator that writes `t`, read by another; `t` is given out too, or not."""
    tensors, first = writer()
    second = operator(reader, ["t"], ["y"], {"beta": 1.0} if reader == "SOFTMAX" else {})
    shape = next(found["shape"] for found in tensors if found["name"] == "t")
    return model([*tensors, tensor("y", shape)], [first, second], outputs=["t", "y"] if given else ["y"])


def filtered(
    size: int, width: int = 6, activation: str = "NONE"
) -> Callable[[], tuple[list[Description], Description]]:
    options = {
        "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1,
        "fused_activation_function": activation,
    }  # fmt: skip
    shape = (1, 6, width, 8)
    tensors = [tensor("x", shape), constant("w", (8, size, size, 8)), constant("b", (8,)), tensor("t", shape)]
    return lambda: (tensors, operator("CONV_2D", ["x", "w", "b"], ["t"], options))


def averaged() -> tuple[list[Description], Description]:
    tensors = [tensor("x", MAP), numbers("axes", 1, 2), tensor("t", (1, 1, 1, 8))]
    return tensors, operator("MEAN", ["x", "axes"], ["t"], {"keep_dims": True})


@pytest.mark.parametrize(
    ("content", "lost"),
    [
        (behind(filtered(3), "TANH"), True),
        (behind(filtered(3), "TANH", given=False), False),
        (behind(filtered(3), "SOFTMAX"), False),
        # A 1x1 filter computes two pixels at a time where it can, and lets what follows into its own loop.
        (behind(filtered(1), "TANH"), True),
        (behind(filtered(1, width=7), "TANH"), True),
        (behind(averaged, "TANH"), False),
    ],
)
def test_an_output_that_is_read_inside_is_lost_where_kernels_are_joined(content: bytes, lost: bool) -> None:
    assert said(content) == ({"every-op/opengl-output": "wrong"} if lost else {})


@pytest.mark.parametrize(
    ("name", "shape", "constant_shape", "activation", "lost"),
    [
        ("SUB", MAP, (8,), "NONE", True),
        ("ADD", MAP, MAP, "NONE", False),
        ("ADD", MAP, MAP, "RELU", False),
        ("ADD", (1, 6, 7, 8), (1, 6, 7, 8), "NONE", True),
    ],
)
def test_a_constant_map_behind_a_pointwise_filter_is_computed_apart(
    name: str, shape: tuple[int, ...], constant_shape: tuple[int, ...], activation: str, lost: bool
) -> None:
    tensors, first = filtered(1, shape[2], activation)()
    second = operator(name, ["t", "c"], ["y"])
    content = model(
        [*tensors, constant("c", constant_shape), tensor("y", shape)], [first, second], outputs=["t", "y"]
    )
    assert ("every-op/opengl-output" in said(content)) is lost


def residual(other: str) -> bytes:
    tensors = [tensor(name, MAP) for name in ("x", "z", "t", "y")]
    operators = [operator("TANH", ["x"], ["t"]), operator("SUB", ["t", other], ["y"])]
    return model(tensors, operators, inputs=["x", "z"], outputs=["t", "y"])


def test_operators_that_read_one_tensor_are_not_joined() -> None:
    assert said(residual("z")) == {"every-op/opengl-output": "wrong"}
    assert said(residual("x")) == {}


@pytest.mark.parametrize(
    ("before", "expected"),
    [("RELU", {"div/opengl-broadcast": "wrong"}), ("SOFTMAX", {}), (None, {})],
)
def test_a_broadcast_mixes_up_what_is_joined_with_it(before: str | None, expected: dict[str, str]) -> None:
    tensors = [tensor("x", MAP), tensor("t", MAP), tensor("s", (1, 1, 1, 8)), tensor("y", MAP)]
    operators = (
        [operator(before, ["x"], ["t"], {"beta": 1.0} if before == "SOFTMAX" else {})] if before else []
    )
    content = model(
        tensors, [*operators, operator("DIV", ["t", "s"], ["y"])], inputs=["x", "t", "s"][not before :]
    )
    assert said(content) == expected


def test_building_stops_before_a_crash_where_an_earlier_operator_has_no_kernel() -> None:
    tensors = [tensor("x", MAP), numbers("axes", 3), tensor("m", (1, 6, 6, 1)), tensor("y", MAP)]
    operators = [
        operator("MEAN", ["x", "axes"], ["m"], {"keep_dims": True}),
        operator("SUB", ["x", "m"], ["y"]),
    ]
    assert said(model(tensors, operators)) == {"mean/opengl": "fails"}


def test_outputs_that_nothing_reads_have_no_memory() -> None:
    tensors = [tensor(name, MAP) for name in ("x", "t", "y")]
    operators = [operator("TANH", ["x"], ["t"]), operator("COS", ["x"], ["y"])]
    assert said(model(tensors, operators, outputs=["y"])) == {"every-op/opengl-unread": "fails"}
    assert said(model(tensors, operators)) == {}


def test_one_tensor_concatenated() -> None:
    tensors = [tensor(name, MAP) for name in ("x", "t", "y", "z")]
    reading = operator("CONCATENATION", ["t"], ["y"], {"axis": 3})
    written = [operator("TANH", ["x"], ["t"]), reading]
    twice = [*written, operator("COS", ["t"], ["z"])]
    assert said(model(tensors[1:3], [reading])) == {"concatenation/opengl-single": "fails"}
    assert said(model(tensors[:3], written)) == {}
    assert said(model(tensors, twice)) == {"concatenation/opengl-single": "fails"}


def test_nothing_of_it_is_said_where_opencl_does_the_work() -> None:
    for content in (beside("SUB", MAP, MAP), mean((3,), MAP, (1, 6, 6, 1)), behind(averaged, "TANH")):
        assert said(content, "gpu") == {}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (one("FLOOR", [tensor("x", MAP), tensor("y", MAP)]), {}),
        (one("FLOOR", [tensor("x", (8,)), tensor("y", (8,))]), {"every-op/opengl-batch": "fails"}),
        (pair("FLOOR_DIV", MAP, (1, 6, 6, 1), MAP), {"floor-div/opengl-pair": "crash"}),
        (beside("FLOOR_MOD", MAP, MAP), {"floor-mod/opengl-constant": "fails"}),
    ],
)
def test_opengl_gets_what_opencl_has_no_kernel_for(content: bytes, expected: dict[str, str]) -> None:
    assert said(content, "gpu") == expected


@pytest.mark.parametrize(("other", "verdict"), [("TANH", "full"), ("SIGN", "fails")])
def test_opengl_gets_the_whole_partition(other: str, verdict: str) -> None:
    tensors = [tensor(name, MAP) for name in ("x", "t", "y")]
    content = model(tensors, [operator("FLOOR", ["x"], ["t"]), operator(other, ["t"], ["y"])])
    [audit] = Auditor(PACKS, JUDGES["gpu"]).audit(read_bytes(content, "test")).delegates
    assert audit.summary.verdict == verdict

"""Models that are worth delegating, or not quite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analyzer.api import Model, read
from tests.building import Description, operator, tensor
from tests.building import model as build_model

_CONV = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}


def layers(
    folder: Path,
    names: Sequence[str],
    *,
    size: int = 64,
    channels: int = 32,
    outputs: Sequence[str] = (),
    quantized: bool = False,
) -> Model:
    """Operators of these names, one after the other, on pictures; each CONV_2D is worth 38 M MACs."""
    shape = [1, size, size, channels]
    dtype, scaled = "FLOAT32", Description()
    if quantized:
        dtype, scaled = "INT8", Description(scale=[0.5], zero_point=[0])
    weights = bytes(9 * channels * channels * (1 if quantized else 4))
    bias = "INT32" if quantized else "FLOAT32"
    tensors: list[Description] = [tensor("t0", shape, dtype, **scaled)]
    operators: list[Description] = []
    for number, name in enumerate(names):
        before, after = f"t{number}", f"t{number + 1}"
        tensors.append(tensor(after, shape, dtype, **scaled))
        if name != "CONV_2D":
            operators.append(operator(name, [before], [after]))
            continue
        by_scale = Description(scale=[0.25]) if quantized else Description()
        tensors.append(tensor(f"w{number}", [channels, 3, 3, channels], dtype, data=weights, **scaled))
        tensors.append(tensor(f"b{number}", [channels], bias, data=bytes(4 * channels), **by_scale))
        operators.append(
            operator(
                name, [before, f"w{number}", f"b{number}"], [after], _CONV, version=3 if quantized else 1
            )
        )
    file = folder / "layers.tflite"
    file.write_bytes(build_model(tensors, operators, inputs=["t0"], outputs=[*outputs, f"t{len(names)}"]))
    return read(file)

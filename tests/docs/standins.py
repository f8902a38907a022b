"""A folder of stand-ins for the files that the README's examples name, small enough to run in no time."""

from __future__ import annotations

import sys
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.building import model, operator, tensor
from tests.cli.running import run
from tests.evaluation.classifiers import save
from tests.execution.phones import Phone
from tests.packs import tiny

#: Images are bright or dark; pixels go from 0 to 1.
CLASSES = ("bright", "dark")
SIZE = 8
#: What each class makes of an image's mean red, green and blue.
WEIGHTS = np.array([[4, 4, 4], [-4, -4, -4]], np.float32)
BIAS = np.array([-6, 6], np.float32)

#: What a phone says of the classifier.
LOG = """\
I tflite  : Created TensorFlow Lite delegate for GPU.
I tflite  : Replacing 3 out of 3 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 1 partitions.
I tflite  : Created 1 GPU delegate kernels.
"""


#: What benchmark_model says of operators, and what AI Hub does.
PROFILE = """Operator-wise Profiling Info for Regular Benchmark Runs:
============================== Run Order ==============================
node type, first, avg_ms, %, cdf%, mem KB, times called, name
CONV_2D, 0.021, 0.020, 50%, 50%, 0, 1, [conv]:0
MEAN, 0.021, 0.020, 50%, 100%, 0, 1, [mean]:1
"""
HUB = (
    '{"execution_detail": [{"name": "conv", "type": "Conv2D", "compute_unit": "NPU", "execution_time": 20}]}'
)


def furnish(folder: Path) -> None:
    """Write all that needs nothing but what the tests need."""
    for name in ("model.tflite", "float.tflite", "models/a.tflite", "models/b/c.tflite"):
        _write(folder / name, classifier())
    for name in ("int8.tflite", "model-int8.tflite"):
        _write(folder / name, quantized())
    for name in ("npu.toml", "ci/npu.toml"):
        _write(folder / name, tiny().encode())
    for name in ("zoo", "before", "after"):
        run("audit", folder / "models", "-q", "-o", folder / f"{name}.sqlite")
    with zipfile.ZipFile(folder / "app.apk", "w") as archive:
        archive.writestr("assets/model.tflite", classifier())
    (folder / "phone.log").write_text(LOG, encoding="utf-8")
    (folder / "profile.txt").write_text(PROFILE, encoding="utf-8")
    (folder / "aihub.json").write_text(HUB, encoding="utf-8")
    _write(folder / "ci/baseline.json", b'{"schema": 1, "tool": "0", "models": {}}')
    save(folder / "test.npz", *samples())
    _images(folder / "images")


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def classifier() -> bytes:
    """Tells bright images from dark ones."""
    return _network((1, 1, 1), {"data": WEIGHTS.tobytes()}, {"data": BIAS.tobytes()})


def quantized() -> bytes:
    """The same in int8."""
    pixel, weight = 1 / 255, 4 / 127
    bias = np.rint(BIAS / (pixel * weight)).astype(np.int32)
    return _network(
        (2, 4, 2),
        _int8(weight, data=np.rint(WEIGHTS / weight).astype(np.int8).tobytes()),
        {"type": "INT32", "data": bias.tobytes(), "scale": [pixel * weight]},
        _int8(pixel, -128),
        _int8(6 / 127),
        _int8(1 / 256, -128),
    )


def _int8(step: float, zero_point: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "INT8", "scale": [step], "zero_point": [zero_point], **fields}


def _network(
    versions: Sequence[int],
    weights: Mapping[str, Any],
    bias: Mapping[str, Any],
    pixels: Mapping[str, Any] = {},
    scores: Mapping[str, Any] = {},
    chances: Mapping[str, Any] = {},
) -> bytes:
    """The mean of an image's pixels, a score for each class, its chance."""
    mean, connect, softmax = versions
    return model(
        [
            tensor("input", [1, SIZE, SIZE, 3], **pixels),
            tensor("axes", [2], "INT32", data=np.array([1, 2], np.int32).tobytes()),
            tensor("means", [1, 1, 1, 3], **pixels),
            tensor("weights", WEIGHTS.shape, **weights),
            tensor("bias", [2], **bias),
            tensor("scores", [1, 2], **scores),
            tensor("chances", [1, 2], **chances),
        ],
        [
            operator("MEAN", ["input", "axes"], ["means"], {"keep_dims": True}, version=mean),
            operator("FULLY_CONNECTED", ["means", "weights", "bias"], ["scores"], version=connect),
            operator("SOFTMAX", ["scores"], ["chances"], {"beta": 1.0}, version=softmax),
        ],
    )


def samples(of_each: int = 6) -> tuple[Any, Any]:
    """Images of each class with its number."""
    labels = np.repeat([0, 1], of_each)
    noise = np.random.default_rng(0).uniform(0, 0.4, (len(labels), SIZE, SIZE, 3))
    return np.where(labels[:, None, None, None], noise, 1 - noise).astype(np.float32), labels


def _images(folder: Path) -> None:
    from PIL import Image

    for number, (pixels, label) in enumerate(zip(*samples(3), strict=True)):
        file = folder / CLASSES[label] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(file)


def keras(file: Path) -> None:
    """The classifier as Keras writes it."""
    import keras as k

    network = k.Sequential(
        [
            k.Input((SIZE, SIZE, 3)),
            k.layers.GlobalAveragePooling2D(),
            k.layers.Dense(len(CLASSES), "softmax"),
        ]
    )
    network.set_weights([WEIGHTS.T, BIAS])
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        network.save(file)


def phone(folder: Path, tool: Path) -> Phone:
    """A phone, whose delegates take what the packs say of the classifier, and the tool that runs there."""
    made = Phone(folder, serial="SERIAL")
    kernels = {"use_gpu": "TfLiteGpuDelegateV2", "use_nnapi": "TfLiteNnapiDelegate"}
    plan = {flag: {"name": name, "kernel": name, "replaced": [0, 1, 2]} for flag, name in kernels.items()}
    made.plan(plan | {"use_hexagon": {"name": "TfLiteHexagonDelegate", "replaced": []}})
    # The stand-in finds its plan beside itself.
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} {made.tool} "$@"\n')
    return made
